"""Whether a compiled requirements.txt still fits the files that it was compiled from."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

from steadypin.model.declared import DeclaredRequirement
from steadypin.model.locked import SourceFile
from steadypin.text import printable

_UNSAFE = frozenset({"pip", "setuptools", "distribute"})
"""What pip-compile leaves out unless told otherwise."""


def compiled_staleness(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    """Why a compiled file is stale: its input asks for what it does not pin, or no longer asks for what it pins."""
    sources = _sources(lock, files)
    if not sources:
        return None
    pinned = {package.name for package in lock.packages}
    wanted = [entry for source in sources for entry in source.declared if _always_wanted(entry, lock, source)]
    missing = sorted({entry.name for entry in wanted if entry.name not in pinned})
    gone = sorted(_no_longer_asked(lock, sources))
    words = [f"{name} is asked for and not pinned" for name in missing] + [f"{name} is no longer asked for" for name in gone]
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    shown = ", ".join(source.path for source in sources)
    return printable(f"{shown} was changed after this was compiled: {'; '.join(words[:5])}{more}") if words else None


def _always_wanted(entry: DeclaredRequirement, lock: SourceFile, source: SourceFile) -> bool:
    """Whether every compilation pins it: no marker that may not have held there, no extra that may not have been chosen."""
    if entry.name in _UNSAFE or entry.kind != "requirement" or ";" in entry.requirement or entry.extra is not None:
        return False
    return entry.group is None or source.format == "requirements"


def _sources(lock: SourceFile, files: Sequence[SourceFile]) -> list[SourceFile]:
    """The inputs: those that the header's command names, else the .in file of the same name."""
    folder = posixpath.dirname(lock.path)
    by_path = {file.path: file for file in files if file.path != lock.path}
    words = [word for word in (lock.generated_by or "").split() if not word.startswith("-")]
    named = [path for word in words for path in (posixpath.normpath(word), posixpath.join(folder, word)) if path in by_path]
    inputs = [by_path[path] for path in dict.fromkeys(named) if path.endswith((".in", ".toml", ".cfg", "setup.py"))]
    if inputs:
        return inputs
    sibling = by_path.get(lock.path.removesuffix(".txt") + ".in")
    return [sibling] if sibling else []


def _no_longer_asked(lock: SourceFile, sources: Sequence[SourceFile]) -> set[str]:
    """Packages that are pinned only because an input that we know asked for them, and does not any more."""
    asked = {posixpath.basename(source.path): {entry.name for entry in source.declared} for source in sources}
    gone = set()
    for package in lock.packages:
        inputs = [_input(via) for via in package.via]
        from_inputs = bool(inputs) and all(name in asked for name in inputs)
        if package.name and from_inputs and not any(package.name in asked[name or ""] for name in inputs):
            gone.add(package.name)
    return gone


def _input(via: str) -> str | None:
    """The file of a "via -r requirements.in" note; None for a package."""
    return posixpath.basename(via[3:].strip()) if via.startswith("-r ") else None
