"""What changelogs say, harmless: a fold in Markdown, a few lines in a terminal, rows in JSON."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from steadypin.model.plan import Quote
from steadypin.reporters.markdown import code, escape
from steadypin.text import shown


def folded(name: str, quotes: Sequence[Quote], *, heavy_only: bool = False) -> Iterator[str]:
    """A `<details>` of one package: per version what is about removal, deprecation or breaking in bold, then the rest."""
    rows = [quote for quote in quotes if quote.heavy or not heavy_only]
    if not rows:
        return
    yield from ("<details>", f"<summary>Changelog of {html.escape(shown(name))}</summary>", "")
    for quote in rows:
        yield f"- {code(quote.version)}"
        yield from (f"  - **{_spans(text)}**" for text in quote.heavy)
        lines = () if heavy_only else quote.lines
        yield from (f"  - {_spans(text)}" for text in lines)
        left = quote.left_out + len(quote.lines) - len(lines)
        if left:
            yield f"  - and {left} more"
    yield from ("", "</details>", "")


def _spans(text: str) -> str:
    """An item with its code spans, where these are told apart by pairs of backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(code(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def said(quotes: Iterable[tuple[str, Quote]], *, most: int) -> Iterator[str]:
    """The first lines about culprits, what weighs most first; not yet escaped."""
    left = most
    for name, quote in quotes:
        for text in (*quote.heavy, *quote.lines)[:left]:
            yield f"{name} {quote.version}: {text}"
            left -= 1


def document(quote: Quote) -> dict[str, Any]:
    """One quote as JSON."""
    return {"version": quote.version, "heavy": list(quote.heavy), "lines": list(quote.lines), "left_out": quote.left_out}
