"""Start-up, the audit offline and the audit on the live index, beside pip and uv, in one run.

    python -m bench.audit [--turns 7] [--sizes 30,150,500,2000]

The environment of 150 is real: it is installed with uv (old releases, so that there is something to say). Those of 30, 500 and
2,000 are made from its metadata under new names, and the index answers of the real names are stored for them in the cache.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.installed import build
from bench.measure import BIN, side_by_side, table
from steadypin.index.condensed import decode, encode
from steadypin.index.places import BUCKET
from steadypin.index.routing import route
from steadypin.model.parse import normalise
from steadypin.transport.cache import Cache

NAMES = Path(__file__).with_name("index_names.txt").read_text("utf-8").split()
OLD = "2024-06-01"
STEADYPIN, UV = str(BIN / "steadypin"), str(BIN / "uv")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def real_environment(root: Path) -> Path:
    """A venv with about 150 real packages as of 2024, and pip."""
    environment = root / "real"
    subprocess.run([UV, "venv", "-q", "--seed", "--python", sys.executable, str(environment)], check=True)
    command = [
        UV,
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--exclude-newer",
        OLD,
        "--python",
        str(environment),
    ]
    subprocess.run([*command, *NAMES], check=True)
    return environment


def site_of(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def fill(cache: Path, environment: Path) -> None:
    """Store the real names' answers for the made-up ones (`name_3` is as `name`)."""
    store = Cache(cache)
    for index in route().indexes:
        for info in site_of(environment).glob("*.dist-info"):
            made = info.name.split("-")[0]
            stem, _, number = made.rpartition("_")
            if not number.isdigit():
                continue
            entry = store.read(BUCKET, f"{index}/{normalise(stem)}/")
            project = decode(entry.body) if entry else None
            if entry and project:
                renamed = encode(replace(project, name=normalise(made)))
                store.write(BUCKET, f"{index}/{normalise(made)}/", replace(entry, body=renamed))


def start_up(turns: int) -> None:
    commands = {
        "steadypin --version": [STEADYPIN, "--version"],
        "steadypin --help": [STEADYPIN, "--help"],
        "pip --version": [*PIP, "--version"],
    }
    table("start-up", side_by_side(commands, turns=turns), ours="pip --version")


def offline(root: Path, cache: Path, real: Path, size: int, turns: int) -> None:
    environment = build(root, size, site_of(real))
    fill(cache, environment)
    project = root / "empty"
    project.mkdir(exist_ok=True)
    ours = [
        STEADYPIN,
        "audit",
        str(project),
        "--python",
        str(environment),
        "--offline",
        "--cache-dir",
        str(cache),
        "--format",
        "json",
    ]
    commands = {"steadypin audit --offline": ours}
    if size <= 500:
        commands["pip list"] = [*PIP, "--python", str(environment), "list"]
        commands["uv pip list"] = [UV, "pip", "list", "--python", str(environment)]
    table(f"offline, warm cache, {size} distributions", side_by_side(commands, turns=turns), ours="steadypin audit --offline")


def live(root: Path, cache: Path, real: Path, turns: int) -> None:
    project = root / "empty"
    project.mkdir(exist_ok=True)
    ours = [STEADYPIN, "audit", str(project), "--python", str(real), "--cache-dir", str(cache), "--format", "json"]
    commands = {
        "steadypin audit --refresh": [*ours, "--refresh"],
        "steadypin audit, fresh cache": ours,
        "uv pip list --outdated": [UV, "pip", "list", "--outdated", "--no-cache", "--python", str(real)],
        "pip list --outdated": [*PIP, "--python", str(real), "list", "--outdated"],
    }
    title = f"live index, {len(list(site_of(real).glob('*.dist-info')))} distributions"
    table(title, side_by_side(commands, turns=turns, cwd=project), ours="steadypin audit --refresh")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--sizes", default="30,150,500,2000")
    options = parser.parse_args()
    start_up(options.turns)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        real = real_environment(root)
        live(root, root / "cache", real, options.turns)
        for size in map(int, options.sizes.split(",")):
            offline(root, root / "cache", real, size, options.turns)


if __name__ == "__main__":
    main()
