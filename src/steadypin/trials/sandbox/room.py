"""Room on the disk: folders that suites have written in are removed for good, and a full disk is called by its name."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from steadypin.errors import OutputError
from steadypin.process import NO_ROOM, free_room

NEARLY_FULL = 256 * 1024**2
"""Free bytes below which a word about a full disk is believed."""

FEW_FILES = 5000
"""The same for files that may still be made."""

_FULL = ("no space left on device", "disk quota exceeded", "not enough space on the disk", "database or disk is full")


def remove(folder: Path) -> bool:
    """Remove a tree, also one whose folders allow nothing; True where nothing is left of it."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        _open_up(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def vacate(folder: Path) -> None:
    """Nothing stands there afterwards; what cannot be removed is put aside, for whoever removes the folder above."""
    number = 0
    while not remove(folder):
        number += 1
        aside = folder.with_name(f"{folder.name}.{number}")
        if not os.path.lexists(aside):
            folder.rename(aside)


def _open_up(folder: Path) -> None:
    """Rights to write for the owner, from the top down."""
    make_writable(folder)
    for here, folders, files in os.walk(folder):
        for name in [*folders, *(files if os.name == "nt" else ())]:
            make_writable(Path(here) / name)


def make_writable(path: Path) -> None:
    try:
        known = path.lstat()
        if not stat.S_ISLNK(known.st_mode):
            path.chmod(known.st_mode | (0o700 if stat.S_ISDIR(known.st_mode) else 0o600))
    except OSError:
        return


def free(folder: Path) -> int:
    """Bytes that may still be written below a folder that may not be there yet."""
    here = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        return free_room(here)
    except OSError:
        return NEARLY_FULL


def says_full(text: str) -> bool:
    """Whether a program says that a disk is full."""
    words = " ".join(text.lower().split())  # uv breaks its lines
    return any(full in words for full in _FULL)


def is_full(folder: Path, said: str = "") -> bool:
    """Whether there is no room below a folder: none at all, or tests say so and there is little."""
    return free(folder) < NO_ROOM or (says_full(said) and _is_tight(folder))


def _is_tight(folder: Path) -> bool:
    if free(folder) < NEARLY_FULL:
        return True
    if os.name == "nt":
        return False
    found = os.statvfs(next(place for place in (folder, *folder.absolute().parents) if place.exists()))
    return found.f_files > 0 and found.f_favail < FEW_FILES


def no_room(folder: Path, why: str = "no space left", said: str = "") -> OutputError:
    """The error that names the place: this one, unless there is room and a program `said` where there is none."""
    if said and free(folder) >= NO_ROOM:
        return OutputError(
            f"an environment cannot be made: {said[-500:]}", hint="make room there, then run the same with --resume"
        )
    return OutputError(
        f"{folder}: {why} ({free(folder) / 1024**2:.0f} MiB free): scratch environments and logs are written there",
        hint="make room or choose another place with --cache-dir, then run the same with --resume: what is known is kept",
    )
