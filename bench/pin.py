"""pin, audit --for-image and verify-image beside their peers, in one run.

    python -m bench.pin [--turns 5] [--gigabyte]

The environment is real: about 150 packages as of 2024, installed with uv. Everything is warm: each side has its own cache,
filled by a first run. `uv pip compile` is given what pin pins, and writes hashes too. --gigabyte reads an image tar of 1 GB
beside sha256sum.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from bench.audit import STEADYPIN, UV, real_environment, site_of
from bench.measure import once, side_by_side, table
from tests.support.images import docker_save, layer, layer_of

TARGET = "python=3.12,linux_x86_64,linux_aarch64,musllinux_x86_64"


def pins(root: Path, project: Path, real: Path, cache: Path, turns: int) -> Path:
    """`steadypin pin` beside `uv pip compile --generate-hashes` of the same pins."""
    lock = root / "locked.txt"
    pin = [STEADYPIN, "pin", str(project), "--python", str(real), "--as-is", "-o", str(lock), "--cache-dir", str(cache)]
    once(pin)
    bare = root / "requirements.in"
    bare.write_text("\n".join(re.findall(r"^\S+==\S+", lock.read_text("utf-8"), re.MULTILINE)) + "\n", encoding="utf-8")
    compile_ = [UV, "pip", "compile", "-q", str(bare), "-o", str(root / "uv.txt"), "--generate-hashes", "--no-deps"]
    commands = {"steadypin pin": pin, "uv pip compile --generate-hashes": [*compile_, "--python", sys.executable]}
    count = len(bare.read_text("utf-8").splitlines())
    table(f"a lock with hashes of {count} packages, warm", side_by_side(commands, turns=turns, cwd=root), ours="steadypin pin")
    return lock


def readiness(project: Path, real: Path, cache: Path, turns: int) -> None:
    audit = [STEADYPIN, "audit", str(project), "--python", str(real), "--format", "json", "--cache-dir", str(cache)]
    image = [*audit, "--for-image", "--base", "python:3.12-slim", "--target", TARGET]
    commands = {"audit --for-image, 3 targets": image, "audit": audit}
    table("readiness for an image, warm", side_by_side(commands, turns=turns), ours="audit --for-image, 3 targets")
    before = os.times()
    once(image)
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    print(f"  own processor time of audit --for-image: {spent:.2f} s")


def image(root: Path, real: Path, lock: Path, turns: int) -> None:
    """A tar of 1 GB, most of it in one file that says nothing of Python."""
    python = f"usr/local/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    base = layer({f"{python}/os.py": b"#\n", "usr/local/share/data.bin": os.urandom(1024 * 1024) * 900})
    tar = docker_save(root / "image.tar", [base, layer_of(site_of(real), f"{python}/site-packages")])
    print(f"\nimage of {tar.stat().st_size / 1e9:.2f} GB")
    commands = {
        "steadypin verify-image": [STEADYPIN, "verify-image", str(tar), "--lock", str(lock), "--format", "json"],
        "sha256sum": ["sha256sum", str(tar)],
    }
    table("an image against its lock", side_by_side(commands, turns=turns), ours="steadypin verify-image")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--gigabyte", action="store_true", help="also read an image tar of 1 GB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        project = root / "project"
        project.mkdir()
        real = real_environment(root)
        lock = pins(root, project, real, root / "cache", options.turns)
        readiness(project, real, root / "cache", options.turns)
        if options.gigabyte:
            image(root, real, lock, min(options.turns, 3))


if __name__ == "__main__":
    main()
