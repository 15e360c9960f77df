"""TOML files: parsed by the standard reader, with the lines of their entries found by one scan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadypin import toml
from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.sources.lockfiles.document import Document, LineCounter, Table, decode, line_of
from steadypin.text import printable

_PARTS = 100
_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^']*')"
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_PARTS - 1}}}")
_INLINE = re.compile(r"^[ \t]*\{[ \t]*(name)[ \t]*=", re.MULTILINE)
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def load(data: bytes, path: str) -> Document:
    """The parsed file. Raises SourceError with line and column."""
    text = decode(data, path)
    _refuse_long_keys(text, path)
    try:
        content = toml.loads(text)
    except toml.TOMLDecodeError as error:
        raise _broken(str(error), text, path) from None
    except RecursionError:
        raise SourceError(
            "nested too deeply to be read", location=Location(path=path), hint="no tool writes such a file"
        ) from None
    except ValueError as error:  # a number of more digits than int() takes, an impossible date
        raise _broken(str(error), text, path) from None
    return Document(path=path, text=text, root=Table(content))


def _refuse_long_keys(text: str, path: str) -> None:
    """Raise SourceError for a dotted key of many parts: the parser keeps every prefix of it, which fills any memory."""
    start = 0
    for line in text.split("\n"):
        if line.count(".") >= _PARTS and _LONG_KEY.search(line):
            raise SourceError(
                f"a key of {_PARTS} parts or more",
                location=Location(path=path, line=line_of(text, start)),
                hint="no tool writes such a file",
            )
        start += len(line) + 1


def _broken(message: str, text: str, path: str) -> SourceError:
    found = _PLACE.search(message)
    line, column = (int(found[1]), int(found[2])) if found else (len(text.splitlines()), None)
    reason = message[: found.start()].rstrip() if found else message
    return SourceError(
        f"not valid TOML: {printable(reason)}",
        location=Location(path=path, line=line, column=column),
        hint="the file is cut off or was edited by hand: write it again with its tool",
    )


def places(text: str, name: str, count: int) -> Sequence[tuple[int, int] | tuple[None, None]]:
    """Line and column of the `name = …` of each `[[name]]` table, or of each inline table of a list, in order.

    Where the scan does not find as many tables as the parser did (a header inside a multi-line string), nothing
    is known and nothing is claimed.
    """
    header = rf"\[\[[ \t]*\"?{re.escape(name)}\"?[ \t]*\]\]"
    pattern = re.compile(rf"^[ \t]*(?:(?P<head>{header})|(?P<name>name)[ \t]*=|\[)", re.MULTILINE)
    lines = LineCounter(text)
    found: list[tuple[int, int]] = []
    waiting = False
    for match in pattern.finditer(text):
        if match["head"]:
            found.append(lines.at(match.start("head")))
            waiting = True
        elif match["name"] and waiting:
            found[-1] = lines.at(match.start("name"))
            waiting = False
        elif not match["name"]:
            waiting = False
    if len(found) == count:
        return found
    lines = LineCounter(text)
    inline = [lines.at(match.start(1)) for match in _INLINE.finditer(text)]
    return inline if len(inline) == count else [(None, None)] * count
