"""JSON files: parsed by the standard reader, with the places of their first two levels and the keys that stand twice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location, Problem
from steadypin.sources.lockfiles.document import Document, LineCounter, Table, decode, kind_of, quoted
from steadypin.text import printable

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(?P<key>\s*:)?|[{}\[\]]', re.DOTALL)
_LONGEST_NUMBER = 300
_TOLD = 1000

Place = tuple[int, int]


def load(data: bytes, path: str) -> Document:
    """The parsed file; its top level is an object. Raises SourceError with line and column.

    Keys that stand twice are problems: objects are merged, of other values the last one counts, as for every JSON reader.
    """
    text = decode(data, path)
    twice: list[str] = []
    try:
        content = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, twice),
            parse_int=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise SourceError(
            f"not valid JSON: {error.msg}",
            location=Location(path=path, line=error.lineno, column=error.colno),
            hint="the file is cut off or was edited by hand: write it again with its tool",
        ) from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply to be read" if isinstance(error, RecursionError) else f"not valid JSON: {error}"
        raise SourceError(printable(reason), location=Location(path=path), hint="no tool writes such a file") from None
    if not isinstance(content, Mapping):
        raise SourceError(
            f"expected an object at the top level, found {kind_of(content)}",
            location=Location(path=path, line=1),
            hint="is this the right file?",
        )
    return Document(path=path, text=text, root=Table(content), problems=_duplicates(text, path, twice))


def _object(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    content = {}
    for key, value in pairs:
        known = content.get(key)
        if key in content:
            twice.append(key)
        content[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return content


def _number(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_NUMBER else text


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def places(text: str) -> list[tuple[tuple[str, ...], Place]]:
    """The key paths of the first two levels of a valid JSON text, each with line and column, in order."""
    found: list[tuple[tuple[str, ...], Place]] = []
    lines = LineCounter(text)
    depth, section = 0, ""
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
        elif match["key"] is not None and depth in (1, 2):
            key = json.loads(piece[: piece.rindex('"') + 1])
            section = key if depth == 1 else section
            found.append(((key,) if depth == 1 else (section, key), lines.at(match.start())))
    return found


def _duplicates(text: str, path: str, twice: list[str]) -> tuple[Problem, ...]:
    """A problem per key that stands twice; with its place where it is on one of the first two levels."""
    if not twice:
        return ()
    seen: dict[tuple[str, ...], Place] = {}
    problems: list[Problem] = []
    located = set()
    for key_path, (line, column) in places(text):
        if key_path in seen:
            shown = printable(".".join(key_path), 120)
            message = f"{shown} stands twice; first in line {seen[key_path][0]}"
            problems.append(Problem(message=message, location=Location(path=path, line=line, column=column, key=shown)))
            located.add(key_path[-1])
        seen.setdefault(key_path, (line, column))
        if len(problems) > _TOLD:
            return tuple(problems)
    for key in sorted(set(twice) - located):
        problems.append(Problem(message=f"the key {quoted(key)} stands twice", location=Location(path=path)))
    return tuple(problems)
