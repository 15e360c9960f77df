"""OSV records (schema 1.7) into advisories, parsed at the door.

A record comes from anybody. What is wrong in a place that matching does not need is left out and noted; what makes the record
unusable raises `RecordError` with its key path. Nothing in here is larger than the bounds below.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

from steadypin.advisories.severity import rate
from steadypin.advisories.versions import canonical
from steadypin.model import parse
from steadypin.model.advisory import Advisory, Affected, AffectedRange
from steadypin.text import printable
from steadypin.values import dataclass

ECOSYSTEM = "PyPI"
RECORD_LIMIT = 8 * 1024 * 1024
"""Bytes of one record as a file."""
ITEM_LIMIT = 20_000
"""Versions, ranges and entries of one record together."""
EVENT_LIMIT = 1000
"""Events of one record: each may be a cure, and is then tried against all others."""
ALIAS_LIMIT = 200
REFERENCE_LIMIT = 10
SUMMARY_LIMIT = 200
VERSION_LIMIT = 200

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+~-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d{1,30})?(?:[Zz]|([+-]\d\d):?(\d\d))")
_INTRODUCTION = re.compile(r"\S+(?: \S+){0,3} is an? [^,;:]{0,120}$")
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_PURL = "pkg:pypi/"
_NO_VALUE = ("", "null", "~")


class RecordError(ValueError):
    """A record that cannot be used; the text starts with the key path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A parsed record. `advisory.affected` holds PyPI entries only (none: the record is about other ecosystems).

    `notes` say which parts were left out, each with its key path.
    """

    advisory: Advisory
    notes: tuple[str, ...] = ()


def parse_json(content: bytes) -> Record:
    """The record of a JSON document. Raises RecordError."""
    _check_size(content)
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON: {printable(str(error), 120)}") from None
    return parse_record(plain)


def parse_yaml(content: bytes) -> Record:
    """The record of a YAML document, its scalars as texts (so that a version 1.10 stays one). Raises RecordError."""
    import yaml

    _check_size(content)
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        plain = yaml.load(content, Loader=loader)  # noqa: S506 - the base loader builds texts, lists and mappings only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecordError(f"not YAML: {printable(str(error), 120)}") from None
    return parse_record(plain)


def parse_record(plain: object) -> Record:
    """The record of decoded JSON. Raises RecordError with the key path of what makes it unusable."""
    record = _mapping(plain, "record")
    notes: list[str] = []
    vectors = _vectors(record, notes)
    score, severity = rate(vectors)
    advisory = Advisory(
        id=_id(record.get("id")),
        aliases=_aliases(record.get("aliases"), notes),
        summary=_summary(record),
        affected=_affected(record.get("affected"), notes),
        vectors=vectors,
        severity=severity,
        score=score,
        published=_date(record.get("published"), "published"),
        modified=_date(record.get("modified"), "modified"),
        withdrawn=_date(record.get("withdrawn"), "withdrawn"),
        references=_references(record.get("references")),
    )
    return Record(advisory=advisory, notes=tuple(notes))


def is_id(value: object) -> bool:
    """Whether it can be the id of a record: short, and harmless in a URL, a file or a terminal."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _check_size(content: bytes) -> None:
    if len(content) > RECORD_LIMIT:
        raise RecordError(f"larger than {RECORD_LIMIT} bytes")


def _id(value: object) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise RecordError(f"id: not an identifier: {_shown(value)}")
    return value


def _aliases(value: object, notes: list[str]) -> tuple[str, ...]:
    found = []
    for index, alias in enumerate(_list(value, "aliases")[:ALIAS_LIMIT]):
        if is_id(alias):
            found.append(alias)
        else:
            notes.append(f"aliases[{index}]: not an identifier: {_shown(alias)}")
    return tuple(dict.fromkeys(found))


def _summary(record: dict[str, Any]) -> str:
    """The summary, or the first sentence of the details: many records have no other."""
    summary, details = _first_line(record.get("summary")), _first_line(record.get("details"))
    return printable(summary or _first_sentence(details), SUMMARY_LIMIT)


def _first_sentence(text: str) -> str:
    """The first sentence; of two, where the first only tells what the project is."""
    sentence, end, rest = text.partition(". ")
    if end and _INTRODUCTION.match(sentence):
        second, end, _ = rest.partition(". ")
        sentence = f"{sentence}. {second}"
    return sentence + end.strip()


def _first_line(text: object) -> str:
    start = text[: 4 * SUMMARY_LIMIT].strip() if isinstance(text, str) else ""
    return start.splitlines()[0].strip() if start else ""


def _vectors(record: dict[str, Any], notes: list[str]) -> tuple[tuple[str, str], ...]:
    """The severities of the record and of its PyPI entries (the schema allows either)."""
    holders: list[tuple[str, Any]] = [("severity", record.get("severity"))]
    entries = record.get("affected")
    for index, entry in enumerate(entries[:100] if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and _is_ours(entry):
            holders.append((f"affected[{index}].severity", entry.get("severity")))
    found: dict[tuple[str, str], None] = {}
    for path, holder in holders:
        for index, item in enumerate(holder[:20] if isinstance(holder, list) else ()):
            kind, vector = (item.get("type"), item.get("score")) if isinstance(item, dict) else (None, None)
            if isinstance(kind, str) and isinstance(vector, str) and len(vector) <= 500:
                found[(printable(kind, 40), printable(vector))] = None
            else:
                notes.append(f"{path}[{index}]: not a severity")
    return tuple(found)


def _is_ours(entry: dict[str, Any]) -> bool:
    """Whether an entry is about a PyPI package; where the ecosystem is left out, the package URL may say it."""
    package = entry.get("package")
    if not isinstance(package, dict):
        return False
    ecosystem = package.get("ecosystem")
    if isinstance(ecosystem, str):
        return ecosystem.partition(":")[0].lower() == ECOSYSTEM.lower()
    return ecosystem is None and str(package.get("purl")).startswith(_PURL)


def _name_of(package: dict[str, Any]) -> object:
    name, purl = package.get("name"), package.get("purl")
    if name is None and isinstance(purl, str) and purl.startswith(_PURL):
        return re.split("[@?#]", purl.removeprefix(_PURL), maxsplit=1)[0]
    return name


def _affected(value: object, notes: list[str]) -> tuple[Affected, ...]:
    found: list[Affected] = []
    items = events = 0
    for index, entry in enumerate(_list(value, "affected")):
        path = f"affected[{index}]"
        entry = _mapping(entry, path)
        items += 1
        if _is_ours(entry) and (name := _name_of(entry["package"])) is not None:
            ranges = _list(entry.get("ranges"), f"{path}.ranges")
            items += len(ranges) + len(_list(entry.get("versions"), f"{path}.versions"))
            events += sum(map(_event_count, ranges))
            _check_count(items, events, path)
            if affected := _entry(entry, name, path, notes):
                found.append(affected)
    _check_count(items, events, "affected")
    return tuple(found)


def _event_count(item: object) -> int:
    events = item.get("events") if isinstance(item, dict) and item.get("type") != "GIT" else None
    return len(events) if isinstance(events, list) else 0


def _check_count(items: int, events: int, path: str) -> None:
    if items > ITEM_LIMIT:
        raise RecordError(f"{path}: more than {ITEM_LIMIT} versions, ranges and entries in one record")
    if events > EVENT_LIMIT:
        raise RecordError(f"{path}: more than {EVENT_LIMIT} events in one record")


def _entry(entry: dict[str, Any], name: object, path: str, notes: list[str]) -> Affected | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        notes.append(f"{path}.package.name: not a project name: {_shown(name)}")
        return None
    ranges = _ranges(entry.get("ranges"), f"{path}.ranges", notes)
    versions = _versions(entry.get("versions"), f"{path}.versions", notes)
    return Affected(name=parse.normalise(name), ranges=ranges, versions=versions, git_only=not ranges and not versions)


def _ranges(value: object, path: str, notes: list[str]) -> tuple[AffectedRange, ...]:
    """Ranges over versions. SEMVER bounds are PEP 440 where they are plain releases; GIT ranges say nothing about a version."""
    found = []
    for index, item in enumerate(_list(value, path)):
        item = _mapping(item, f"{path}[{index}]")
        if item.get("type") in ("ECOSYSTEM", "SEMVER"):
            events = _events(item.get("events"), f"{path}[{index}].events", notes)
            found.append(AffectedRange(events=events))
    return tuple(found)


def _events(value: object, path: str, notes: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for index, item in enumerate(_list(value, path)):
        item = _mapping(item, f"{path}[{index}]")
        known = [(kind, item[kind]) for kind in _EVENTS if kind in item]
        if not known:
            notes.append(f"{path}[{index}]: no event that the schema knows")
        for kind, bound in known:
            # An event that cannot be read is kept as a bound that is no version: its range is then undecided, not smaller.
            found.append((kind, _text(bound) or "?"))
    return tuple(found)


def _versions(value: object, path: str, notes: list[str]) -> tuple[str, ...]:
    found = []
    for index, version in enumerate(_list(value, path)):
        text = _text(version)
        if text is None:
            notes.append(f"{path}[{index}]: not a version: {_shown(version)}")
        else:
            found.append(canonical(text))
    return tuple(dict.fromkeys(found))


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and 0 < len(value) <= VERSION_LIMIT else None


def _date(value: object, path: str) -> str | None:
    """An RFC 3339 time as UTC to the second, `2024-01-31T12:00:00Z`, so that times compare as texts."""
    if value is None or value in _NO_VALUE:
        return None
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        if match is None:
            raise ValueError
        day, time, hours, minutes = match.groups()
        moment = datetime.fromisoformat(f"{day}T{time}{hours or '+00'}:{minutes or '00'}").astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise RecordError(f"{path}: not a time (RFC 3339): {_shown(value)}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _references(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    urls = (item.get("url") for item in items[:200] if isinstance(item, dict))
    web = (url for url in urls if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 500)
    return tuple(dict.fromkeys(printable(url) for url in web))[:REFERENCE_LIMIT]


def _mapping(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordError(f"{path}: expected an object, found {_kind(value)}")
    return value


def _list(value: object, path: str) -> list[Any]:
    if value is None or (isinstance(value, str) and value in _NO_VALUE):
        return []
    if not isinstance(value, list):
        raise RecordError(f"{path}: expected a list, found {_kind(value)}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def _shown(value: object) -> str:
    return f"'{printable(value, 60)}'" if isinstance(value, str) else _kind(value)
