"""What a uv.lock says that its project asked for, against what the project asks for now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from steadypin.model import parse
from steadypin.model.locked import Origin, SourceFile
from steadypin.sources.alternatives import Alternative, alike
from steadypin.text import printable

Place = tuple[str, str, str]
"""Where something is asked for: member (or "" for the workspace), table, name."""

Asked = Mapping[Place, frozenset[Alternative]]
_EXTRA = r"""\bextra\s*==\s*['"]([^'"]+)['"]"""
_WORKSPACE = {"constraints": "constraint", "overrides": "override"}
_UV_READS = ("project.", "dependency-groups.", "tool.uv.")
ELSEWHERE = "another source"
"""What is asked for where a path, a URL or the workspace decides and not a version."""
SHOWN = 5
"""How many differences a message lists."""


def asked_by_lock(lock: SourceFile, members: Mapping[str, SourceFile]) -> Asked:
    """From the lock's own record, for the members whose manifests are known."""
    known = {parse.normalise(name) for name in members}
    wishes: dict[Place, set[Alternative]] = defaultdict(set)
    for kind, text in lock.freshness:
        for place, wish in _recorded(kind, text):
            if place[0] in known or place[0] == "":
                wishes[place].add(wish)
    return {place: frozenset(found) for place, found in wishes.items()}


def _recorded(kind: str, text: str) -> Iterator[tuple[Place, Alternative]]:
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


def _wish(owner: str, table: str, text: str) -> Iterator[tuple[Place, Alternative]]:
    body, _, marker = text.partition(" ; ")
    name, at, source = body.partition(" @ ")
    parsed = parse.parts(name)
    if parsed is not None:
        commit = re.search(r"[?&](?:rev|tag|branch)=([^&#]*)", source)
        what = (f"git {commit[1]}" if commit else ELSEWHERE) if at else _bounds(parsed)
        yield (owner, table, parse.normalise(parsed.name)), (what, marker)


def _bounds(parsed: parse.Parts) -> str:
    extras = f"[{','.join(sorted(map(parse.normalise, parsed.extras)))}]" if parsed.extras else ""
    return extras + ",".join(sorted({*parsed.specifier.split(",")} - {""}))


def asked_by_manifests(lock: SourceFile, members: Mapping[str, SourceFile]) -> Asked:
    """From the manifests as they are. Constraints and overrides count where the workspace's root has them."""
    wishes: dict[Place, set[Alternative]] = defaultdict(set)
    folder = lock.path.rpartition("/")[0]
    for member, manifest in members.items():
        is_root = manifest.path.rpartition("/")[0] == folder
        sources = {p.location: p.origin for p in manifest.packages if p.origin and p.origin.kind != "index"}
        for entry in manifest.declared:
            if not entry.location.key.startswith(_UV_READS):
                continue
            place = _place(parse.normalise(member), entry.kind, entry.extra, entry.group, entry.name, is_root)
            parsed = parse.parts(entry.requirement)
            if place is not None and parsed is not None:
                wishes[place].add((_what(parsed, sources.get(entry.location)), parsed.marker or ""))
    return {place: frozenset(found) for place, found in wishes.items()}


def _what(parsed: parse.Parts, origin: Origin | None) -> str:
    commit = origin.revision if origin else None
    if parsed.url and parsed.url.startswith("git+"):
        commit = re.sub(r"^.*@(?=[^/@]*$)|^.*$", "", parsed.url.partition("#")[0])
    if commit:
        return f"git {commit}"
    return ELSEWHERE if parsed.url or origin else _bounds(parsed)


def _place(member: str, kind: str, extra: str | None, group: str | None, name: str, is_root: bool) -> Place | None:
    if kind == "requirement":
        return (member, f"extra:{extra}" if extra else f"group:{group}" if group else "", name)
    return ("", kind, name) if kind in _WORKSPACE.values() and is_root else None


def difference(
    before: Asked, now: Asked, *, requires_python: str | None = None, inheriting: frozenset[str] = frozenset()
) -> str:
    """The differences as words, "" where there are none. `requires_python` is that of the lock, which its markers leave out;
    `inheriting` are members whose sources may stand in the manifest of the workspace.
    """
    words = [f"{_shown(place)} was added" for place in now if place not in before]
    words += [f"{_shown(place)} is no longer asked for" for place in before if place not in now]
    for place, wishes in now.items():
        was = before.get(place, wishes)
        if _comparable(was, wishes, inheriting=place[0] in inheriting):
            words += _change(place, was, wishes, requires_python or "")
    words.sort()
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return printable("; ".join(words[:SHOWN])) + more


def _comparable(was: frozenset[Alternative], now: frozenset[Alternative], *, inheriting: bool) -> bool:
    """Where only some environments have a source, uv fills in what the others get; members inherit sources of the workspace."""
    sourced = [sum(what == ELSEWHERE or what.startswith("git ") for what, _ in side) for side in (was, now)]
    if all(sourced):
        return sourced == [len(was), len(now)]
    return not (inheriting and any(sourced))


def _change(place: Place, was: frozenset[Alternative], now: frozenset[Alternative], requires_python: str) -> Iterator[str]:
    old, new = ({what for what, _ in side} for side in (was, now))
    if old != new:
        yield f"{_shown(place)} changed from {_specifiers(old)} to {_specifiers(new)}"
    elif not alike(was, now, requires_python, place[1].removeprefix("extra:") if place[1].startswith("extra:") else ""):
        yield f"{_shown(place)} has another marker"


def _shown(place: Place) -> str:
    _, table, name = place
    return f"{name} ({table.replace(':', ' ')})" if table else name


def _specifiers(wishes: Iterable[str]) -> str:
    return " or ".join(sorted(wish or "any version" for wish in wishes))
