"""Bytes into checked tables: what every structured lock format shares.

A lock is written by a tool, so a wrong shape (a list where a table must be, a package without a name) means that the file is
not what it claims to be: `Table` raises `WrongShape` with the key path, and `shaped` turns it into a SourceError. What is
wrong inside a well-formed entry is a `Problem` of that entry and the rest of the file is read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location, Problem
from steadypin.text import printable
from steadypin.values import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?\r?$|^={7}\r?$", re.MULTILINE)
_OPENING = re.compile(r"^<{7}", re.MULTILINE)


class WrongShape(Exception):
    """A value that does not have the shape that its format promises. `key` is its key path."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.key = key
        self.reason = message


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of a parsed file, with typed access. Absent keys (and null) give None, () or an empty table."""

    content: Mapping[str, Any]
    key: str = ""

    def __contains__(self, name: str) -> bool:
        return self.content.get(name) is not None

    def __bool__(self) -> bool:
        return bool(self.content)

    def path(self, name: str) -> str:
        """The key path of an entry of this table."""
        return f"{self.key}.{name}" if self.key else name

    def text(self, name: str) -> str | None:
        """A string. Raises WrongShape for anything else."""
        value = self.content.get(name)
        if value is None or isinstance(value, str):
            return value
        raise WrongShape(self.path(name), f"expected a string, found {kind_of(value)}")

    def needed(self, name: str) -> str:
        """A string that must be there. Raises WrongShape."""
        value = self.text(name)
        if value is None:
            raise WrongShape(self.key, f"has no {name!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; a lone string counts as a list of one. Raises WrongShape."""
        value = self.content.get(name)
        if isinstance(value, str):
            return (value,)
        for index, item in enumerate(self._list(name)):
            if not isinstance(item, str):
                raise WrongShape(f"{self.path(name)}[{index}]", f"expected a string, found {kind_of(item)}")
        return tuple(value or ())

    def flag(self, name: str) -> bool:
        """A boolean; also the texts of YAML. Anything that is not true is False."""
        value = self.content.get(name)
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def number(self, name: str) -> int | None:
        """A whole number; also its text. Anything else is None: nothing depends on it."""
        value = self.content.get(name)
        if isinstance(value, bool):
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            return int(value)
        return value if isinstance(value, int) else None

    def table(self, name: str) -> Table:
        """A nested table. Raises WrongShape."""
        value = self.content.get(name)
        if value is None:
            return Table({}, self.path(name))
        if isinstance(value, Mapping):
            return Table(value, self.path(name))
        raise WrongShape(self.path(name), f"expected a table, found {kind_of(value)}")

    def tables(self, name: str) -> Iterator[Table]:
        """A list of tables. Raises WrongShape."""
        for index, item in enumerate(self._list(name)):
            key = f"{self.path(name)}[{index}]"
            if not isinstance(item, Mapping):
                raise WrongShape(key, f"expected a table, found {kind_of(item)}")
            yield Table(item, key)

    def _list(self, name: str) -> list[Any]:
        value = self.content.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise WrongShape(self.path(name), f"expected a list, found {kind_of(value)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file: its text, its top table, and what the parser let pass but a reader should know."""

    path: str
    text: str
    root: Table
    problems: tuple[Problem, ...] = ()


def quoted(text: str, limit: int = 80) -> str:
    """A hostile text between quotes, on one line."""
    return f"'{printable(text, limit)}'"


def kind_of(value: object) -> str:
    """The word for a value's type in a message."""
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list", type(None): "null"}
    return "a table" if isinstance(value, Mapping) else names.get(type(value), f"a {type(value).__name__}")


@contextmanager
def shaped(path: str) -> Iterator[None]:
    """Turn a WrongShape into the SourceError of the file."""
    try:
        yield
    except WrongShape as error:
        raise SourceError(
            printable(error.reason),
            location=Location(path=path, key=printable(error.key)),
            hint="the file is damaged or was edited by hand: write it again with its tool",
        ) from None


def decode(data: bytes, path: str) -> str:
    """The text of a file that must be Unicode: UTF-8, or UTF-16/32 with a byte order mark.

    Raises SourceError with the byte offset, for a file that is empty, or for one with the marks of a merge conflict.
    """
    text = unicode_text(data, path)
    if not text.strip():
        raise SourceError(
            "the file is empty", location=Location(path=path, line=1), hint="write it again with its tool, or delete it"
        )
    refuse_conflict(text, path)
    return text


def unicode_text(data: bytes, path: str) -> str:
    """The decoded text without a byte order mark. Raises SourceError with line and byte offset."""
    encoding, skip = next(((name, len(bom)) for bom, name in _BOMS if data.startswith(bom)), ("utf-8", 0))
    try:
        return data[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, skip + error.start) + 1
        raise SourceError(
            f"not valid {encoding.upper()} at byte offset {skip + error.start}: {error.reason}",
            location=Location(path=path, line=line),
            hint="save the file as UTF-8",
        ) from None


def conflict_line(text: str) -> int | None:
    """The line of the first mark of a merge conflict, if there is one."""
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return None
    found = _OPENING.search(text) or _CONFLICT.search(text)
    return None if found is None else line_of(text, found.start())


def refuse_conflict(text: str, path: str) -> None:
    """Raise SourceError where a merge conflict was left in the file."""
    line = conflict_line(text)
    if line is not None:
        raise SourceError(
            "a merge conflict was left in the file",
            location=Location(path=path, line=line, column=1),
            hint="resolve it, best by locking again with the tool that writes this file",
        )


def line_of(text: str, offset: int) -> int:
    """The line, from 1, of a character offset."""
    return text.count("\n", 0, offset) + 1


class LineCounter:
    """Lines of ascending offsets, in one pass over the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._line = 1
        self._start = 0

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1. Offsets must ascend."""
        ends = self._text.count("\n", self._offset, offset)
        if ends:
            self._line += ends
            self._start = self._text.rfind("\n", self._offset, offset) + 1
        self._offset = offset
        return self._line, offset - self._start + 1
