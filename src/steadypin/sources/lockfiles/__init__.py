"""Readers of lock files, one format per module. Adding one: a module with a `Reader`, and its line in `READERS`.

Importing this costs nothing heavy: YAML and `packaging.pylock` are loaded when a file needs them.
"""

from __future__ import annotations

from steadypin.sources.lockfiles import conda_lock, environment, pdm, pipfile, pixi, poetry, pylock, requirements, uv
from steadypin.sources.lockfiles.reader import Reader

READERS: tuple[Reader, ...] = (
    requirements.CONSTRAINTS,
    requirements.REQUIREMENTS,
    pylock.READER,
    uv.READER,
    poetry.READER,
    pdm.READER,
    pipfile.READER,
    conda_lock.READER,
    pixi.READER,
    environment.READER,
)
"""The first that matches a file's name reads it."""

__all__ = ["READERS", "Reader"]
