"""Read one file, alone, and where a target is given keep what applies to it."""

from __future__ import annotations

from pathlib import Path

from steadypin.comparison.applicable import Selection, applicable
from steadypin.model.locked import SourceFile
from steadypin.sources.reading import read_file
from steadypin.values import replace


def read(path: Path, *, format: str | None, target: str | None) -> SourceFile:
    """The file as its reader reads it. Raises SourceError, UsageError."""
    source = read_file(path, shown=path.as_posix(), format=format)
    if not target:
        return source
    from steadypin.sources.targets import parse_target

    every = applicable(source, parse_target(target), Selection()).every
    return replace(source, packages=every)
