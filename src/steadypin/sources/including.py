"""Where an include leads, and includes that go in circles."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from steadypin.model.location import Location, Problem
from steadypin.text import printable

_REMOTE = r"[A-Za-z][A-Za-z0-9+.-]+:"
_VARIABLE = r"\$\{[A-Z0-9_]+\}"


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
        if not full.is_file():
            raise Refused("not a regular file; not opened" if full.exists() else "there is no such file")
        _relative(os.path.realpath(full), root)
    except (OSError, ValueError):
        raise Refused("the name cannot be used") from None
    return path


def _local(written: str) -> str:
    """The path that an include means, if it means one on this disk."""
    if written.lower().startswith("file:"):
        return unquote(re.sub(r"^file:(?://(?:localhost)?(?=/))?", "", written, flags=re.IGNORECASE))
    if re.match(_REMOTE, written):
        raise Refused("on the network; not fetched")
    if re.search(_VARIABLE, written):
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
        trail: dict[str, Iterator[tuple[str, Location]]] = {} if start in done else {start: iter(edges[start].items())}
        while trail:
            file, rest = next(reversed(trail.items()))
            target, location = next(rest, (None, None))
            if target is None or location is None:
                done.add(file)
                del trail[file]
            elif target in trail:
                shown = " > ".join([*list(trail)[-20:], target])
                yield Problem(message=printable(f"requirements files include each other: {shown}"), location=location)
            elif target not in done:
                trail[target] = iter(edges.get(target, {}).items())
