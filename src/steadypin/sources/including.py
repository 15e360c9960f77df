"""Where an include leads, and includes that go in circles."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from steadypin.model.location import Location, Problem
from steadypin.text import printable

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


class Refused(Exception):
    """An include that is not followed; the message says why."""


def included_path(root: Path, includer: str, written: str) -> str:
    """The included file's path relative to the root (POSIX). `includer` is relative to the root too. Raises Refused.

    pip resolves an include against the folder of the file that names it; absolute paths and `file:` URLs are taken as they are.
    """
    text = _local(written)
    path = _relative(os.path.normpath((root / includer).parent / text), root)
    full = root / path
    try:
        if not full.exists():
            raise Refused("there is no such file")
        _relative(os.path.realpath(full), root)
    except (OSError, ValueError):
        raise Refused("the name cannot be used") from None
    return path


def _local(written: str) -> str:
    """The path that an include means, if it means one on this disk."""
    if written.lower().startswith("file:"):
        return unquote(re.sub(r"^file:(?://(?:localhost)?(?=/))?", "", written, flags=re.IGNORECASE))
    if _REMOTE.match(written):
        raise Refused("on the network; not fetched")
    if _VARIABLE.search(written):
        raise Refused("depends on an environment variable; not followed")
    return written


def _relative(path: str, root: Path) -> str:
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError:
        raise Refused("outside of the project; not opened") from None


def include_cycles(edges: Mapping[str, Mapping[str, Location]]) -> Iterator[Problem]:
    """A problem for each include that leads back to a file which led to it: "requirements.txt > a.txt > b.txt > a.txt"."""
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        open_files: list[tuple[str, Iterator[tuple[str, Location]]]] = []
        if start not in done:
            _enter(start, edges, trail, open_files)
        while open_files:
            file, rest = open_files[-1]
            target, location = next(rest, ("", Location(path="")))
            if not target:
                open_files.pop()
                trail.pop()
                done.add(file)
            elif target in trail:
                shown = " > ".join([*trail[-20:], target])
                yield Problem(message=printable(f"requirements files include each other: {shown}"), location=location)
            elif target not in done:
                _enter(target, edges, trail, open_files)


def _enter(
    file: str,
    edges: Mapping[str, Mapping[str, Location]],
    trail: list[str],
    open_files: list[tuple[str, Iterator[tuple[str, Location]]]],
) -> None:
    trail.append(file)
    open_files.append((file, iter(edges.get(file, {}).items())))
