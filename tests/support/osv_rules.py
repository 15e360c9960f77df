"""The OSV schema's evaluation, once more: written from the text of the specification, for clarity and for nothing else.

It shares no code with the product, reads records as JSON, tries every fixed version one by one, and joins aliases by repeating
until nothing changes. `None` is "the record does not say".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from packaging.version import InvalidVersion, Version

Record = dict[str, Any]


def parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(record: Record, name: str) -> list[dict[str, Any]]:
    """The `affected` entries about a PyPI package."""
    found = []
    for entry in record.get("affected") or []:
        package = entry.get("package") or {}
        if str(package.get("ecosystem", "")).split(":")[0] == "PyPI" and normal(package.get("name", "")) == name:
            found.append(entry)
    return found


def is_vulnerable(record: Record, name: str, version: str) -> bool | None:
    """IsVulnerable: listed, or in one of the ranges."""
    said: list[bool | None] = []
    for entry in entries(record, name):
        said.append(any(equal(version, listed) for listed in entry.get("versions") or []))
        said += [in_range(version, item) for item in entry.get("ranges") or [] if item["type"] != "GIT"]
    return True if True in said else None if None in said else False


def equal(one: str, other: str) -> bool:
    return one == other or (parsed(one) is not None and parsed(one) == parsed(other))


def in_range(version: str, item: dict[str, Any]) -> bool | None:
    """IncludedInRanges of one range, after BeforeLimits."""
    at = parsed(version)
    events = [(kind, text) for event in item["events"] for kind, text in event.items()]
    if at is None or any(parsed(text) is None for kind, text in events if (kind, text) != ("limit", "*")):
        return None
    limits = [text for kind, text in events if kind == "limit"]
    if limits and not any(text == "*" or at < Version(text) for text in limits):
        return False
    vulnerable = False
    for kind, text in sorted((e for e in events if e[0] != "limit"), key=lambda event: (event[1] != "0", Version(event[1]))):
        from_zero = kind == "introduced" and text == "0"
        if kind == "introduced" and (from_zero or at >= Version(text)):
            vulnerable = True
        elif (kind == "fixed" and at >= Version(text)) or (kind == "last_affected" and at > Version(text)):
            vulnerable = False
    return vulnerable


def names(record: Record) -> set[str]:
    return {record["id"], *(record.get("aliases") or [])}


def flaws(records: Iterable[Record], name: str, version: str) -> list[tuple[set[str], set[str], list[str]]] | None:
    """(ids, record ids, fixed versions) of every flaw of a version; None where a record does not say."""
    live = [record for record in records if entries(record, name) and not record.get("withdrawn")]
    sets = [names(record) for record in live]
    while True:  # linked directly or in a chain
        pair = next(((a, b) for a in sets for b in sets if a is not b and a & b), None)
        if pair is None:
            break
        sets = [one for one in sets if one not in pair] + [pair[0] | pair[1]]
    found = []
    for linked in sets:
        group = [record for record in live if names(record) & linked]
        said = [is_vulnerable(record, name, version) for record in group]
        if None in said:
            return None
        hit = [record for record, answer in zip(group, said, strict=True) if answer]
        if hit:
            ids = set().union(*map(names, hit))
            found.append((ids, {record["id"] for record in hit}, fixes(hit, name, version)))
    return found


def fixes(hit: list[Record], name: str, version: str) -> list[str]:
    """Every fixed version above, at which none of the records applies, ascending."""
    bounds = [
        text
        for record in hit
        for entry in entries(record, name)
        for item in entry.get("ranges") or []
        for event in (item["events"] if item["type"] != "GIT" else ())
        for kind, text in event.items()
        if kind == "fixed" and Version(text) > Version(version)
    ]
    cured = {Version(text): text for text in reversed(bounds) if not any(is_vulnerable(record, name, text) for record in hit)}
    return [text for _, text in sorted(cured.items())]
