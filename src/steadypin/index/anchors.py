"""Anchors and meta elements of an HTML page, and nothing else of it."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[dict[str, str | None]] = []
        self.meta: dict[str, str] = {}
        self.base: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.anchors.append(dict(attrs))
        elif tag == "meta":
            found = dict(attrs)
            if found.get("name"):
                self.meta[str(found["name"]).lower()] = found.get("content") or ""
        elif tag == "base" and self.base is None:
            self.base = dict(attrs).get("href")


def read_anchors(text: str) -> tuple[list[dict[str, str | None]], dict[str, str], str | None]:
    """(attributes of each anchor, content of each meta element by name, href of the base element). Never raises."""
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError, RecursionError):  # what html.parser itself trips over; what was read before stays
        pass
    return reader.anchors, reader.meta, reader.base
