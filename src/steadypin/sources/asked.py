"""What a uv.lock says that its project asked for, against what the project asks for now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.text import printable

Place = tuple[str, str, str]
"""Where something is asked for: member (or "" for the workspace), table, name."""

Wish = frozenset[str] | None
"""The specifiers that are asked for; None where a source decides and not a version."""

Asked = Mapping[Place, frozenset[Wish]]
_EXTRA = r"""\bextra\s*==\s*['"]([^'"]+)['"]"""
_WORKSPACE = {"constraints": "constraint", "overrides": "override"}
_UV_READS = ("project.", "dependency-groups.", "tool.uv.")
SHOWN = 5
"""How many differences a message lists."""


def asked_by_lock(lock: SourceFile, members: Mapping[str, SourceFile]) -> Asked:
    """From the lock's own record, for the members whose manifests are known."""
    known = {parse.normalise(name) for name in members}
    wishes: dict[Place, set[Wish]] = defaultdict(set)
    for kind, text in lock.freshness:
        for place, wish in _recorded(kind, text):
            if place[0] in known or place[0] == "":
                wishes[place].add(wish)
    return {place: frozenset(found) for place, found in wishes.items()}


def _recorded(kind: str, text: str) -> Iterator[tuple[Place, Wish]]:
    if kind in _WORKSPACE:
        yield from _wish("", _WORKSPACE[kind], text)
    elif kind == "requires-dist":
        owner, _, requirement = text.partition(": ")
        extra = re.search(_EXTRA, requirement.partition(" ; ")[2])
        yield from _wish(owner, f"extra:{extra[1]}" if extra else "", requirement)
    elif kind == "requires-dev":
        owner, _, rest = text.partition(":")
        group, _, requirement = rest.partition(": ")
        yield from _wish(owner, f"group:{parse.normalise(group)}", requirement)


def _wish(owner: str, table: str, text: str) -> Iterator[tuple[Place, Wish]]:
    body = text.partition(" ; ")[0]
    name, at, _ = body.partition(" @ ")
    parsed = parse.parts(name)
    if parsed is not None:
        yield (owner, table, parse.normalise(parsed.name)), None if at else _bounds(parsed)


def _bounds(parsed: parse.Parts) -> frozenset[str]:
    return frozenset(parsed.specifier.split(",")) - {""}


def asked_by_manifests(lock: SourceFile, members: Mapping[str, SourceFile]) -> Asked:
    """From the manifests as they are. Constraints and overrides count where the workspace's root has them."""
    wishes: dict[Place, set[Wish]] = defaultdict(set)
    folder = lock.path.rpartition("/")[0]
    for member, manifest in members.items():
        is_root = manifest.path.rpartition("/")[0] == folder
        sourced = {package.location for package in manifest.packages if package.origin and package.origin.kind != "index"}
        for entry in manifest.declared:
            if not entry.location.key.startswith(_UV_READS):
                continue
            place = _place(parse.normalise(member), entry.kind, entry.extra, entry.group, entry.name, is_root)
            parsed = parse.parts(entry.requirement)
            if place is not None and parsed is not None:
                by_source = parsed.url is not None or entry.location in sourced
                wishes[place].add(None if by_source else _bounds(parsed))
    return {place: frozenset(found) for place, found in wishes.items()}


def _place(member: str, kind: str, extra: str | None, group: str | None, name: str, is_root: bool) -> Place | None:
    if kind == "requirement":
        return (member, f"extra:{extra}" if extra else f"group:{group}" if group else "", name)
    return ("", kind, name) if kind in _WORKSPACE.values() and is_root else None


def difference(before: Asked, now: Asked) -> str:
    """The differences as words, "" where there are none."""
    words = [f"{_shown(place)} was added" for place in now if place not in before]
    words += [f"{_shown(place)} is no longer asked for" for place in before if place not in now]
    for place, wishes in now.items():
        was = before.get(place)
        if was is not None and was != wishes and None not in was and None not in wishes:
            words.append(f"{_shown(place)} changed from {_specifiers(was)} to {_specifiers(wishes)}")
    words.sort()
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return printable("; ".join(words[:SHOWN])) + more


def _shown(place: Place) -> str:
    _, table, name = place
    return f"{name} ({table.replace(':', ' ')})" if table else name


def _specifiers(wishes: frozenset[Wish]) -> str:
    return " or ".join(sorted(",".join(sorted(wish)) or "any version" for wish in wishes if wish is not None))
