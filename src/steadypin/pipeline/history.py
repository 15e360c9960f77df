"""Audits over time: one line of JSON for each, in a file that a team may commit. Nothing is kept unless it is asked for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from steadypin import codec
from steadypin.errors import SourceError, StaleInput, UsageError
from steadypin.model.history import HistoryPoint
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.measures import measures, numbers, parse_moment
from steadypin.sources.reading import read_bytes
from steadypin.values import dataclass

_MOST = 1_000_000_000
_HINT = "write it with `steadypin audit -o audit.json`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The text of the file with the new line, and whether that line is new (an audit counts once)."""

    text: str
    point: HistoryPoint
    new: bool


def add(audit: Path, history: Path, *, label: str = "") -> Added:
    """The history with one more audit, given as its JSON report. Raises SourceError, StaleInput."""
    point = _of_document(_document(audit), str(audit), label)
    known = load(history) if history.exists() else ()
    new = all(old.taken_at != point.taken_at for old in known)
    points = sorted((*known, point) if new else known, key=lambda old: old.taken_at)
    return Added(text="".join(map(_line, points)), point=point, new=new)


def load(history: Path) -> tuple[HistoryPoint, ...]:
    """The points of a history file, the oldest first; a line that stands there twice (after a merge) counts once. Raises
    SourceError that names the line.
    """
    if not history.exists():
        raise UsageError(f"{history}: no such history", hint="begin one: steadypin history add audit.json")
    text = read_bytes(history, shown=str(history)).decode("utf-8", "replace")
    points: dict[str, HistoryPoint] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            point = _of_line(line, Location(path=str(history), line=number))
            points.setdefault(point.taken_at, point)
    return tuple(points[moment] for moment in sorted(points))


def point_of(report: Report) -> HistoryPoint:
    """The numbers of a report."""
    return _point(report.taken_at, numbers(measures(report)), len(report.findings), len(report.failing), len(report.gaps), "")


def with_today(points: tuple[HistoryPoint, ...], report: Report) -> tuple[HistoryPoint, ...]:
    """The points up to a report, and the report itself as the last."""
    return (*(point for point in points if point.taken_at < report.taken_at), point_of(report))


def _document(path: Path) -> dict[str, Any]:
    text = read_bytes(path, shown=str(path)).decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StaleInput(f"{path}: not JSON: {error}", hint=_HINT) from None
    if not isinstance(document, dict) or "findings" not in document or document.get("command") != "audit":
        raise StaleInput(f"{path}: not the JSON report of an audit", hint=_HINT)
    if document.get("schema_version") != codec.SCHEMA_VERSION or not isinstance(document.get("measures"), dict):
        raise StaleInput(f"{path}: written by another steadypin", hint=_HINT)
    return document


def _of_document(document: dict[str, Any], path: str, label: str) -> HistoryPoint:
    try:
        severities = [Severity.parse(str(finding["severity"])) for finding in document["findings"]]
        least = Severity.parse(str(document["fail_on"]))
        failing = sum(1 for severity in severities if severity >= least)
        known = {name: document["measures"].get(name) for name in _NAMES}
        point = _point(str(document["taken_at"]), known, len(severities), failing, len(document["gaps"]), label)
        return _sensible(codec.decode(codec.encode(point, kind="history"), HistoryPoint, kind="history", path=path))
    except (KeyError, TypeError, ValueError) as error:
        raise StaleInput(f"{path}: not the JSON report of an audit: {error!r}", hint=_HINT) from None


_NAMES = ("packages", "drifted", "unsafe", "outdated", "can_move", "held", "libyears", "releases_behind")


def _point(taken_at: str, known: Any, findings: int, failing: int, gaps: int, label: str) -> HistoryPoint:
    values = {name: known[name] for name in _NAMES}
    return HistoryPoint(taken_at=taken_at, findings=findings, failing=failing, gaps=gaps, label=label, **values)


def _line(point: HistoryPoint) -> str:
    plain = {"schema_version": codec.SCHEMA_VERSION, **asdict(point)}
    return codec.dumps(plain) + "\n"


def _of_line(line: str, location: Location) -> HistoryPoint:
    try:
        plain = json.loads(line)
        version = plain.pop("schema_version")
        wrapped = codec.dumps({"kind": "history", "schema_version": version, "value": plain})
        return _sensible(codec.decode(wrapped, HistoryPoint, kind="history", path=location.path))
    except StaleInput as error:
        raise SourceError(error.message, location=location, hint="take the line away, or write it again") from None
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        raise SourceError(
            "not a line of `steadypin history`", location=location, hint="take it away (a merge may have left its marks)"
        ) from None


def _sensible(point: HistoryPoint) -> HistoryPoint:
    """The point, with a time and with numbers that can be counts. Raises ValueError."""
    numbers_of = [value for value in asdict(point).values() if isinstance(value, (int, float))]
    if parse_moment(point.taken_at) is None or not all(0 <= number <= _MOST for number in numbers_of):
        raise ValueError("no time, or no counts")
    return point
