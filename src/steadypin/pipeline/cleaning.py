"""Remove what trials left behind."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from steadypin.config import Settings
from steadypin.pipeline.environment import cache_dir, project_folder
from steadypin.trials.sandbox.claims import is_worked_in, leftovers, remove_leftover
from steadypin.trials.sandbox.room import remove

FORGOTTEN = 24 * 3600.0
"""Seconds after which a temporary folder of ours belongs to nobody any more."""


def clean(settings: Settings, *, journals: bool, everything: bool) -> tuple[tuple[Path, ...], int]:
    """(what was removed, bytes freed): scratch folders of dead processes of every project, and temporary files of a day ago;
    with `journals` also what is remembered of this project, with `everything` of all in which nobody works.
    """
    root = cache_dir(settings) / "trials"
    projects = [project for project in sorted(root.iterdir()) if project.is_dir()] if root.is_dir() else []
    freed = 0
    gone: list[Path] = []
    for left in [left for project in projects for left in leftovers(project)]:
        size = _size(left)
        if remove_leftover(left):
            gone.append(left)
            freed += size
    forgotten = list(_forgotten())
    if everything:
        forgotten += [project for project in projects if not is_worked_in(project)]
    elif journals:
        own = project_folder(settings)
        forgotten += [own / name for name in ("journal.jsonl", "logs") if (own / name).exists()]
    for path in forgotten:
        size = _size(path)
        path.unlink() if path.is_file() else remove(path)
        gone.append(path)
        freed += size
    return tuple(gone), freed


def _forgotten() -> Iterator[Path]:
    """Temporary folders of commands that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("steadypin-*"):
        try:
            known = folder.lstat()
        except OSError:
            continue
        ours = os.name == "nt" or known.st_uid == os.getuid()
        if ours and folder.is_dir() and not folder.is_symlink() and time.time() - known.st_mtime > FORGOTTEN:
            yield folder


def _size(path: Path) -> int:
    total = path.lstat().st_size if path.is_file() else 0
    for here, _, files in os.walk(path):
        for name in files:
            try:
                total += (Path(here) / name).lstat().st_size
            except OSError:
                continue
    return total
