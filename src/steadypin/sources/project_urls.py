"""The addresses that installed distributions name for themselves, from the headers of their METADATA (Core metadata)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from steadypin.model.installed import InstalledDistribution

_LIMIT = 256 * 1024
_MOST = 50


def read_project_urls(distributions: Iterable[InstalledDistribution]) -> dict[str, tuple[tuple[str, str], ...]]:
    """(label, URL) pairs as written, by normalised name. What cannot be read has none."""
    return {item.name: urls for item in distributions if (urls := _urls(Path(item.location.path)))}


def _urls(folder: Path) -> tuple[tuple[str, str], ...]:
    try:
        with (folder / "METADATA").open("rb") as stream:
            head = stream.read(_LIMIT).decode("utf-8", "replace").split("\n\n", 1)[0].split("\r\n\r\n", 1)[0]
        message = HeaderParser().parsestr(head, headersonly=True)
        return tuple(_pairs(message.get_all("Project-URL", []), message.get("Home-page")))
    except (OSError, ValueError, IndexError, RecursionError):
        return ()


def _pairs(values: Iterable[object], home: object) -> Iterator[tuple[str, str]]:
    """`Label, URL` values and the old Home-page field."""
    for value in list(values)[:_MOST]:
        label, _, url = str(value).partition(",")
        yield label.strip(), url.strip()
    if home is not None:
        yield "Homepage", str(home).strip()
