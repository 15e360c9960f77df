"""A difference as text, JSON and Markdown (the comment that a reviewer wants to see on a lock's pull request)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steadypin.codec import SCHEMA_VERSION, dumps, to_plain
from steadypin.model.difference import Change, Difference
from steadypin.reporters.layout import Cell, Column, count, paragraph, styled, table
from steadypin.reporters.markdown import code, escape, section
from steadypin.reporters.plain import redacted
from steadypin.reporters.reporter import Presentation, Reporter, by_name
from steadypin.text import shown

DIFFERENCE_REPORTERS: Mapping[str, Reporter[Difference]] = by_name(
    Reporter(name="terminal", suffixes=(".txt",), module=__name__, function="as_text"),
    Reporter(name="json", suffixes=(".json",), module=__name__, function="as_json"),
    Reporter(name="markdown", suffixes=(".md", ".markdown"), module=__name__, function="as_markdown"),
)
_STYLES = {"upgrade": "green", "downgrade": "red", "source": "yellow", "files": "red", "other": "yellow"}
_WORDS = {"source": "other source", "files": "other files", "other": "other"}
_COLUMNS = (
    Column(title="", least=1, most=1),
    Column(title="package", least=12, most=40),
    Column(title="before", least=7, most=44),
    Column(title="after", least=7, most=44),
    Column(title="move", least=10, most=20),
)


def as_json(difference: Difference, presentation: Presentation) -> str:
    """For machines."""
    del presentation
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "a": difference.a,
        "b": difference.b,
        "added": [to_plain(entry) for entry in difference.added],
        "removed": [to_plain(entry) for entry in difference.removed],
        "changed": [to_plain(entry) for entry in difference.changed],
        "unchanged": difference.unchanged,
        "notes": list(difference.notes),
    }
    return dumps(redacted(document)) + "\n"


def as_text(difference: Difference, presentation: Presentation) -> str:
    """For people."""
    rows = [_row("+", entry.name, "", entry.version, "added", "green") for entry in difference.added]
    rows += [_row("-", entry.name, entry.version, "", "removed", "red") for entry in difference.removed]
    rows += [_row("~", c.name, c.before, c.after, move(c), _STYLES[c.direction]) for c in difference.changed]
    rows.sort(key=lambda row: row[1].text)
    lines = [styled(shown(f"{difference.a} -> {difference.b}"), "bold", color=presentation.color)]
    if rows:
        lines += ["", *table(_COLUMNS, rows, width=presentation.width, color=presentation.color, ascii=presentation.ascii)]
    lines += ["", headline(difference)]
    for note in difference.notes:
        lines += paragraph(f"note: {shown(note)}", width=presentation.width)
    text = "\n".join(lines) + "\n"
    return text.encode("ascii", "replace").decode() if presentation.ascii else text


def _row(mark: str, name: str, before: str, after: str, what: str, style: str) -> list[Cell]:
    cells = [Cell(text=mark, style=style), Cell(text=shown(name)), Cell(text=shown(before)), Cell(text=shown(after))]
    return [*cells, Cell(text=what, style=style)]


def move(change: Change) -> str:
    """`major upgrade`, `patch downgrade`, `other source`."""
    size = f"{change.size} " if change.size != "none" else ""
    return _WORDS.get(change.direction) or f"{size}{change.direction}"


def headline(difference: Difference) -> str:
    """`2 added, 1 removed, 3 changed, 40 the same`."""
    if not difference.differs:
        return f"no difference in {count(difference.unchanged, 'package')}"
    parts = [(len(difference.added), "added"), (len(difference.removed), "removed"), (len(difference.changed), "changed")]
    return ", ".join([*(f"{number} {word}" for number, word in parts if number), f"{difference.unchanged} the same"])


def as_markdown(difference: Difference, presentation: Presentation) -> str:
    """For a pull request's comment."""
    del presentation
    lines = [f"### {code(difference.a)} → {code(difference.b)}", "", f"{headline(difference)}.", ""]
    lines += _table(difference)
    lines += [f"> {escape(note)}" for note in difference.notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(difference: Difference) -> Iterator[str]:
    rows = [(entry.name, "", entry.version, "added") for entry in difference.added]
    rows += [(entry.name, entry.version, "", "removed") for entry in difference.removed]
    rows += [(change.name, change.before, change.after, _loud(change)) for change in difference.changed]
    cells = ((code(name), code(before), code(after), what) for name, before, after, what in sorted(rows))
    yield from section("", ("package", "before", "after", "move"), cells)


def _loud(change: Change) -> str:
    """What a reviewer must not pass over is bold."""
    loud = change.direction != "upgrade" or change.size in ("major", "big")
    return f"**{move(change)}**" if loud else move(change)
