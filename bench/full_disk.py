"""An upgrade on disks of many sizes, each too small at another moment, and `--resume` after room was made.

    python -m bench.full_disk [--place project|cache|trials|temporary] [--sizes 16,64,256] [--inodes 40,80]

Linux, root. Sizes are in KiB. What must be: success, or an error (exit 2) that says which place is full; every file
the old one or the new one; and in the end, with room, the lock of an upgrade that nothing has disturbed, no known run repeated.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.kills import PACKAGES, Project
from tests.support.index_server import TestIndex

PLACES = ("project", "cache", "trials", "temporary")
SIZES = {
    "project": (16, 20, 24, 28, 32, 40, 64),
    "cache": (16, 32, 64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 1024, 1536, 2048, 4096),
    "trials": (16, 32, 48, 64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 512, 1024),
    "temporary": (4, 8, 12, 16, 24, 32, 64, 256),
}
INODES = {
    "project": (5, 6, 7, 8),
    "cache": (20, 60, 100, 140, 180, 220, 260, 400),
    "trials": (10, 20, 40, 60, 80, 120),
    "temporary": (2, 3, 4, 5, 6, 8, 12),
}


def folder_of(place: str, project: Project) -> Path:
    home = project.folder / "home"
    return {
        "project": project.root,
        "cache": home / ".cache",
        "trials": home / ".cache" / "steadypin" / "trials",
        "temporary": project.folder / "tmp",
    }[place]


def mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)


@contextmanager
def small(place: str, project: Project, options: str) -> Iterator[Path]:
    """The place of a project on a file system of its own, with what was there before."""
    folder = folder_of(place, project)
    folder.mkdir(parents=True, exist_ok=True)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    mount(folder, options)
    for name, data in before.items():
        (folder / name).write_bytes(data)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def upgrade(project: Project) -> tuple[int, str]:
    process = project.start(TMPDIR=str(project.folder / "tmp"))
    said = process.communicate(timeout=120)[1].decode("utf-8", "replace")
    return process.returncode, said


def try_one(place: str, options: str, project: Project, calm: Project) -> str:
    """What came of it, in one line; "WRONG" starts it where something is."""
    with small(place, project, options) as folder:
        code, said = upgrade(project)
        last = [line for line in said.splitlines() if line.startswith(("error:", "internal error:"))][-1:]
        wrong = [
            name for name, data in project.files().items() if data not in (project.contents.get(name), calm.files().get(name))
        ]
        if wrong:
            return f"WRONG {wrong} half-written: {last}"
        told = "o space left" in " ".join(said.replace("\\x0a", " ").split())
        if code not in (0, 1, 2) or (code == 2 and not told):
            return f"WRONG exit {code}: {said[-600:]}"
        if code < 2:
            same = project.files() == calm.files()
            return f"exit {code}" if same else f"WRONG exit {code} and not what it shall be: {said[-300:]}"
        subprocess.run(["mount", "-o", "remount,size=64m,nr_inodes=100000", str(folder)], check=True)
        again, said = upgrade(project)
        if project.files() != calm.files():
            return f"WRONG after room was made: exit {again}: {said[-600:]}"
        over = sum((project.recorded() - calm.recorded()).values())
        repeated = sum((project.executions() - calm.executions()).values())
        if over or repeated > 1:
            return f"WRONG {over} runs recorded twice, {repeated} made twice"
        return f"exit {code}, then {again}: {''.join(last)[:150]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", choices=PLACES, action="append")
    parser.add_argument("--sizes", default="")
    parser.add_argument("--inodes", default="")
    asked = parser.parse_args()
    if "STEADYPIN_SMALL" not in os.environ:
        words = ["unshare", "-m", "--propagation", "private", sys.executable, "-m", "bench.full_disk", *sys.argv[1:]]
        return subprocess.run(words, env={**os.environ, "STEADYPIN_SMALL": "1"}, check=False).returncode
    bad = number = 0
    with tempfile.TemporaryDirectory() as folder, TestIndex(PACKAGES) as index:
        calm = Project(folder=Path(folder) / "calm", index=index.url)
        (calm.folder / "tmp").mkdir()
        upgrade(calm)
        for place in asked.place or PLACES:
            sizes = [f"size={size}k" for size in map(int, filter(None, asked.sizes.split(",")))]
            inodes = [f"nr_inodes={count}" for count in map(int, filter(None, asked.inodes.split(",")))]
            chosen = sizes + inodes or [
                *(f"size={size}k" for size in SIZES[place]),
                *(f"nr_inodes={count}" for count in INODES[place]),
            ]
            for options in chosen:
                number += 1
                project = Project(folder=Path(folder) / str(number), index=index.url)
                (project.folder / "tmp").mkdir()
                said = try_one(place, options, project, calm)
                bad += said.startswith("WRONG")
                print(f"{place:<10}{options:<16}{said}", flush=True)
    print(f"{number} disks, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
