"""Scratch folders and who works in them: a folder belongs to a process for as long as that holds a lock beside it.

A lock, not a process number: numbers are given again, and mean nothing in another container that shares the cache.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from steadypin.trials.runner.command import end_processes_in
from steadypin.trials.sandbox.room import remove

_START, _END = "run-", ".lock"
_YOUNG = 60.0
"""Seconds in which a lock without a folder is one that is just being made."""

_held: dict[Path, int] = {}


def own_folder(scratch: Path) -> Path:
    """The name of a new folder for this process below `scratch`, after what dead processes left there has been removed.

    Names that go on from it with a dash are this process's as well. Raises OSError.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    for left in leftovers(scratch):
        remove_leftover(left)
    descriptor, name = tempfile.mkstemp(prefix=f"{_START}{os.getpid()}x", suffix=_END, dir=scratch)
    _is_taken(descriptor)
    lock = Path(name)
    folder = lock.with_name(lock.name.removesuffix(_END))
    _held[folder] = descriptor
    return folder


def release(folder: Path) -> None:
    """The folder has been removed, and its name is free."""
    descriptor = _held.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)
        _lock_of(folder).unlink(missing_ok=True)


def leftovers(scratch: Path) -> Iterator[Path]:
    """Folders of processes that are not alive any more, and locks that have lost their folder."""
    try:
        found = sorted(entry for entry in scratch.iterdir() if entry.name.startswith(_START))
    except OSError:
        return
    for entry in found:
        if entry.name.endswith(_END):
            if not _is_held(entry) and not _is_young(entry):
                yield entry
        elif not _is_held(_lock_of(entry)):
            yield entry


def is_worked_in(scratch: Path) -> bool:
    """Whether a process that is alive has a folder there."""
    return any(not entry.name.endswith(_END) and _is_held(_lock_of(entry)) for entry in scratch.glob(f"{_START}*"))


def remove_leftover(left: Path) -> bool:
    """End what still runs in it and remove it; True where nothing is left."""
    if left.name.endswith(_END):
        left.unlink(missing_ok=True)
        return True
    end_processes_in(left)
    gone = remove(left)
    _lock_of(left).unlink(missing_ok=True)
    return gone


def _lock_of(folder: Path) -> Path:
    return folder.with_name(_START + folder.name.removeprefix(_START).partition("-")[0] + _END)


def _is_young(lock: Path) -> bool:
    try:
        return time.time() - lock.stat().st_mtime < _YOUNG
    except OSError:
        return True


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        return _is_taken(descriptor)
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    """Try to lock an open file, until it is closed. Whether somebody else has; where nobody can lock, all seem to be held."""
    try:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return True
    return False
