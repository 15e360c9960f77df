"""The shape of a reader: one value per format, "is this mine?" and "here is what it says"."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from steadypin.model.locked import SourceFile
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One format.

    `patterns` are shell patterns with no wildcard but `*`; one without "/" is held against the file's name, one with "/"
    against the last folder and the name. `read` takes the bytes and the path to show and gives the file as it stands, alone:
    nothing else is opened, run or fetched. It raises SourceError, with the place, where the file is not what the format
    promises.
    """

    format: str
    patterns: tuple[str, ...]
    read: Callable[[bytes, str], SourceFile]

    def matches(self, name: str) -> bool:
        """Whether a file of this name (or path, with "/" or "\\\\") is this format's."""
        parts = name.replace("\\", "/").lower().rsplit("/", 2)
        tail = "/".join(parts[-2:])
        return any(_fits(tail if "/" in pattern else parts[-1], pattern) for pattern in self.patterns)


def _fits(name: str, pattern: str) -> bool:
    """A shell pattern whose only wildcard is `*`, without a regular expression to compile for each."""
    first, *others = pattern.split("*")
    if not others:
        return name == pattern
    *middle, last = others
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    rest = name[len(first) : len(name) - len(last)]
    for part in middle:
        at = rest.find(part)
        if at < 0:
            return False
        rest = rest[at + len(part) :]
    return True


def lazy(format: str, patterns: tuple[str, ...], module: str, function: str = "read") -> Reader:
    """A reader whose module is imported when it reads its first file: a project has two or three of two dozen formats."""

    def read(data: bytes, path: str) -> SourceFile:
        found: Callable[[bytes, str], SourceFile] = getattr(import_module(module), function)
        return found(data, path)

    return Reader(format=format, patterns=patterns, read=read)
