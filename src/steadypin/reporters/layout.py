"""Columns of text for people: widths, cuts and colours, without a terminal at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from steadypin.values import dataclass

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}


def styled(text: str, style: str, *, color: bool) -> str:
    """The text in a style of `STYLES` (several joined by spaces), or as it is."""
    if not color or not style or not text:
        return text
    return f"\x1b[{';'.join(STYLES[name] for name in style.split())}m{text}\x1b[0m"


def width_of(text: str) -> int:
    """How many columns a printable text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, width: int, *, ellipsis: str = "…") -> str:
    """The text in at most `width` columns."""
    if width_of(text) <= width:
        return text
    kept, used = [], len(ellipsis)
    for char in text:
        used += width_of(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + (ellipsis if width >= len(ellipsis) else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its title, and how far it may be narrowed where the terminal is narrow."""

    title: str
    least: int = 6
    most: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text and its style."""

    text: str
    style: str = ""


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, width: int, color: bool, ascii: bool) -> list[str]:
    """Lines, none wider than `width`; the widest column that may still give gives first."""
    widths = [
        min(column.most, max([width_of(column.title), *(width_of(row[i].text) for row in rows)]))
        for i, column in enumerate(columns)
    ]
    gap, ellipsis = 2, "~" if ascii else "…"
    while sum(widths) + gap * (len(widths) - 1) > width:
        able = [i for i, column in enumerate(columns) if widths[i] > column.least]
        if not able:
            break
        widths[max(able, key=lambda i: widths[i] - columns[i].least)] -= 1
    head = [Cell(text=column.title, style="bold") for column in columns]
    return [_line(row, widths, gap, width, color, ellipsis) for row in (head, *rows)]


def _line(row: Sequence[Cell], widths: Sequence[int], gap: int, width: int, color: bool, ellipsis: str) -> str:
    parts, used = [], 0
    for cell, space in zip(row, widths, strict=True):
        if used >= width:
            break
        space = min(space, width - used)
        text = cut(cell.text, space, ellipsis=ellipsis)
        padding = " " * (space - width_of(text) + gap)
        parts.append(styled(text, cell.style, color=color) + padding)
        used += space + gap
    return "".join(parts).rstrip()


def paragraph(text: str, *, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """The text in lines of at most `width` columns; `hanging` is what all but the first are further in."""
    width = max(20, width)
    if text and len(indent) + len(text) <= width and text == " ".join(text.split()):
        return [indent + text]
    import textwrap

    return textwrap.wrap(text, width=width, initial_indent=indent, subsequent_indent=indent + hanging, break_on_hyphens=False)


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def names(items: Iterable[str], *, most: int = 5) -> str:
    """Some names, and how many more there are."""
    items = list(items)
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")
