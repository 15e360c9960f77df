"""Remove what trials left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

from steadypin.config import Settings
from steadypin.pipeline.environment import cache_dir
from steadypin.trials.sandbox.lab import leftovers


def clean(settings: Settings, *, journals: bool, everything: bool) -> tuple[tuple[Path, ...], int]:
    """(folders removed, bytes freed): scratch folders of dead processes of every project; with `journals` also what is
    remembered of this project, with `everything` of all.
    """
    from steadypin.pipeline.upgrade import project_folder

    root = cache_dir(settings) / "trials"
    projects = sorted(root.iterdir()) if root.is_dir() else []
    gone = [left for project in projects if project.is_dir() for left in leftovers(project)]
    if everything:
        gone += projects
    elif journals:
        own = project_folder(settings)
        gone += [own / name for name in ("journal.jsonl", "logs") if (own / name).exists()]
    freed = sum(map(_size, gone))
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True) if folder.is_dir() else folder.unlink(missing_ok=True)
    return tuple(gone), freed


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.lstat().st_size for file in files if file.is_file() and not file.is_symlink())
