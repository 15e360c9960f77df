"""Whether a lock is older than what it was made from, by the rule of each format, checked offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadypin.model.locked import SourceFile


def staleness(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    return None
