"""A history for people: one line an audit, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from steadypin.codec import SCHEMA_VERSION
from steadypin.model.history import HistoryPoint
from steadypin.reporters.layout import Cell, Column, count, table
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_COLUMNS = ("packages", "drifted", "unsafe", "outdated", "held", "libyears", "findings", "failing", "gaps")


def document(points: Sequence[HistoryPoint]) -> dict[str, Any]:
    """`steadypin history show --format json`."""
    return {"schema_version": SCHEMA_VERSION, "audits": [asdict(point) for point in points]}


def text(points: Sequence[HistoryPoint], how: Presentation) -> str:
    """A table, and what changed from the first to the last; no line is wider than the presentation."""
    if not points:
        return "no audit was kept yet: steadypin history add audit.json\n"
    columns = [Column(title="audit", least=16, most=30), *(Column(title=name, least=6, most=10) for name in _COLUMNS)]
    rows = [[Cell(text=_title(point)), *(Cell(text=_number(point, name)) for name in _COLUMNS)] for point in points]
    lines = table(columns, rows, width=how.width, color=how.color, ascii=how.ascii)
    if len(points) > 1:
        moved = [f"{name} {change}" for name in _COLUMNS if (change := _change(points[0], points[-1], name))]
        lines += ["", f"{count(len(points), 'audit')}; since the first: {', '.join(moved) or 'nothing changed'}"]
    return "\n".join(line[: how.width] for line in lines) + "\n"


def _title(point: HistoryPoint) -> str:
    return shown(f"{point.taken_at[:16].replace('T', ' ')} {point.label}".rstrip())


def _number(point: HistoryPoint, name: str) -> str:
    value = getattr(point, name)
    return "?" if value is None else f"{value:g}"


def _change(first: HistoryPoint, last: HistoryPoint, name: str) -> str:
    before, after = getattr(first, name), getattr(last, name)
    if before is None or after is None or before == after:
        return ""
    return f"{after - before:+g}"
