"""One cap of a manifest raised in its own text: only the specifier's letters change.

The file's own reader judges: a place counts as the right one when what is read from the changed file differs from what was read
before in that declaration alone, and in nothing but its specifier. So one way serves requirements files, TOML and setup.cfg,
whatever their quotes, comments, order and line ends; a cap that this cannot find is not raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from steadypin.locking.caps import raised
from steadypin.model import parse
from steadypin.model.declared import DeclaredRequirement
from steadypin.values import replace

Declared = tuple[DeclaredRequirement, ...]
Reading = Callable[[bytes], Declared]

FORMATS = ("requirements", "constraints", "pyproject", "pipfile-manifest", "setup.cfg", "uv.toml")
"""Manifests whose declarations stand in them as texts; others are programs, or belong to tools of their own."""

MOST_PLACES = 40
_SPECIFIER = r"\(?[<>=!~](?:[^;#\"'\r\n\\ \t]|[ \t]+(?=[^-;#\s]))*"
_QUOTED = re.compile(r"\"(?P<double>[^\"\\\n]*)\"|'(?P<single>[^'\n]*)'")


def with_cap(data: bytes, item: DeclaredRequirement, version: str, read: Reading) -> tuple[bytes, DeclaredRequirement] | None:
    """The file with the declaration's cap raised so that it lets `version` in, and the declaration as it is then.

    None where there is no safe way to do that.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    before = read(data)
    start = _start_of_line(text, item.location.line)
    for number, (at, end) in enumerate(_places(text, start, item)):
        new = raised(text[at:end], version) if number < MOST_PLACES else None
        if new is not None and new != text[at:end]:
            changed = (text[:at] + new + text[end:]).encode()
            if entry := _raised(before, read(changed), item, version):
                return changed, entry
    return None


def _start_of_line(text: str, line: int | None) -> int:
    at = 0
    for _ in range((line or 1) - 1):
        at = text.find("\n", at) + 1
        if at == 0:
            return 0
    return at


def _places(text: str, start: int, item: DeclaredRequirement) -> Iterator[tuple[int, int]]:
    """Where the specifier may stand, from the declaration's line on: behind its name, or between quotes of its own."""
    name = "[-_.]+".join(map(re.escape, item.name.split("-")))
    behind = re.compile(rf"(?<![\w.-]){name}(?![\w-])[ \t]*(?:\[[^\]\n]*\])?[ \t]*(?P<spec>{_SPECIFIER})", re.IGNORECASE)
    yield from (match.span("spec") for match in behind.finditer(text, start))
    for match in _QUOTED.finditer(text, start):
        yield match.span("double" if match["double"] is not None else "single")


def _raised(before: Declared, after: Declared, item: DeclaredRequirement, version: str) -> DeclaredRequirement | None:
    """The asked declaration, if exactly it has changed, in its specifier alone, and lets the version in."""
    if len(before) != len(after):
        return None
    changed = [(old, new) for old, new in zip(before, after, strict=True) if _bare(old) != _bare(new)]
    right = all(_is_the_same(old, item) and _lets_in(old, new, version) for old, new in changed)
    return changed[0][1] if changed and right else None


def _bare(item: DeclaredRequirement) -> DeclaredRequirement:
    return replace(item, location=replace(item.location, column=None))


def _is_the_same(one: DeclaredRequirement, other: DeclaredRequirement) -> bool:
    """Whether two declarations are one entry of the file: an entry can be read into several groups and extras."""
    one, other = _bare(one), _bare(other)
    return (one.name, one.requirement, one.location) == (other.name, other.requirement, other.location)


def _lets_in(old: DeclaredRequirement, new: DeclaredRequirement, version: str) -> bool:
    one, other = parse.requirement(old.requirement), parse.requirement(new.requirement)
    if one is None or other is None or not other.specifier.contains(version, prereleases=True):
        return False
    rest = _bare(replace(old, requirement=new.requirement, text=new.text)) == _bare(new)
    return rest and (one.url, one.extras, str(one.marker)) == (other.url, other.extras, str(other.marker))
