"""The headers of METADATA and PKG-INFO (core metadata 1.0 to 2.5), without an email parser.

Only what the ledgers need is kept. The bytes may be anything: undecodable ones are replaced, a missing blank line is the end
of the file, an unknown header is skipped.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8

from steadypin.values import dataclass

_WANTED = re.compile(
    r"\n(name|version|requires-dist|requires-python|provides-extra)[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE
)
_FOLD = re.compile(r"\s*\n[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What one metadata file says. `complete` is False where the file was cut before the headers ended."""

    name: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    extras: tuple[str, ...] = ()
    complete: bool = True


def end_of_headers(content: bytes) -> int:
    """Where the blank line after the headers is, -1 where there is none."""
    unix = content.find(b"\n\n")
    windows = content.find(b"\n\r\n", 0, unix if unix >= 0 else None)
    return windows if windows >= 0 else unix


def parse_headers(content: bytes) -> Headers:
    """The headers of a metadata file; never raises."""
    end = end_of_headers(content)
    text = _decode(content if end < 0 else content[:end])
    found: dict[str, list[str]] = {"name": [], "version": [], "requires-dist": [], "requires-python": [], "provides-extra": []}
    for key, value in _WANTED.findall("\n" + text):
        if "\n" in value:
            value = _FOLD.sub(" ", value)
        found[key.lower()].append(value.strip())
    return Headers(
        name=(found["name"] or [""])[0],
        version=(found["version"] or [""])[0],
        requires=tuple(value for value in found["requires-dist"] if value),
        requires_python=(found["requires-python"] or [""])[0] or None,
        extras=tuple(value for value in found["provides-extra"] if value),
        complete=end >= 0,
    )


def _decode(head: bytes) -> str:
    """UTF-8 as the specification wants it, else Latin-1 as old tools wrote it; line ends are made one kind."""
    try:
        text = head.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return text.replace("\r\n", "\n") if "\r" in text else text
