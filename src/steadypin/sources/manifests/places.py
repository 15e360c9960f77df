"""Where the values of a TOML document stand: the standard reader gives values only.

The document must already have been accepted by the standard reader, so this only has to keep up with it: one pass over
tokens, no recursion.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from steadypin import toml
from steadypin.model.location import Location
from steadypin.values import dataclass

_BARE = re.compile(r"[\w-]+")
Key = tuple[str | int, ...]
DEPTH = 6
"""Values inside more arrays and inline tables than this are not recorded: no manifest has them, and memory stays linear."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<long>\"\"\"(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}|'''(?:[^']|'(?!''))*'{3,5})
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    |(?P<mark>[\[\]{}=,.])
    |(?P<bare>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE,
)


class Places:
    """Line and column (from 1) of the values and tables of a TOML text, by key path."""

    def __init__(self, text: str, path: str) -> None:
        self._path = path
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._offsets = _Scan(text).run()

    def at(self, *key: str | int) -> Location:
        """The place of a key path, or of the nearest table around it."""
        known = key
        while known and known not in self._offsets:
            known = known[:-1]
        if not known:
            return Location(path=self._path, key=key_text(key))
        offset = self._offsets[known]
        line = bisect_right(self._lines, offset)
        return Location(path=self._path, line=line, column=offset - self._lines[line - 1] + 1, key=key_text(key))


def key_text(key: Key) -> str:
    """`("project", "dependencies", 3)` as `project.dependencies[3]`."""
    shown = ""
    for part in key:
        word = part if isinstance(part, int) or _BARE.fullmatch(part) else f'"{part}"'
        shown += f"[{part}]" if isinstance(part, int) else f".{word}" if shown else f"{word}"
    return shown


@dataclass(slots=True)
class _Frame:
    """An array or inline table that is open; `index` counts an array's items, `keys` is the key that it is the value of."""

    prefix: Key
    array: bool
    keys: list[str]
    index: int = 0


class _Scan:
    """One pass. `stack` holds open arrays and inline tables; outside of them `table` is the header that applies."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offsets: dict[Key, int] = {}
        self._arrays: dict[Key, int] = {}
        self._table: Key = ()
        self._stack: list[_Frame] = []
        self._keys: list[str] = []
        self._first: int | None = None
        self._expect_value = False

    def run(self) -> dict[Key, int]:
        position, end = 0, len(self._text)
        while position < end:
            match = _TOKEN.match(self._text, position)
            if match is None:  # cannot happen in a valid document; never loop for ever over one that is not
                position += 1
                continue
            position = self._token(match)
        return self._offsets

    def _token(self, match: re.Match[str]) -> int:
        kind, text = match.lastgroup, match[0]
        if kind == "newline" and not self._stack:
            self._keys, self._first, self._expect_value = [], None, False
        elif kind == "mark":
            return self._mark(text, match)
        elif kind in ("string", "long", "bare"):
            self._word(text, match.start())
        return match.end()

    def _word(self, text: str, start: int) -> None:
        if self._wants_value():
            self._value(start)
        elif not self._expect_value:
            if self._first is None:
                self._first = start
            self._keys.append(_unquoted(text))

    def _wants_value(self) -> bool:
        return self._expect_value or bool(self._stack and self._stack[-1].array)

    def _here(self) -> Key:
        if not self._stack:
            return (*self._table, *self._keys)
        top = self._stack[-1]
        return (*top.prefix, top.index) if top.array else (*top.prefix, *self._keys)

    def _value(self, start: int) -> None:
        if len(self._stack) <= DEPTH:
            self._offsets.setdefault(self._here(), start)

    def _mark(self, text: str, match: re.Match[str]) -> int:
        if text == "[" and not self._stack and not self._expect_value:
            return self._header(match.start())
        if text == "=":
            self._expect_value = True
        elif text in "[{":
            self._open(text, match.start())
        elif text in "]}":
            self._close()
        elif text == ",":
            self._comma()
        return match.end()

    def _open(self, text: str, start: int) -> None:
        self._value(start)
        self._stack.append(_Frame(prefix=self._here(), array=text == "[", keys=self._keys))
        self._keys, self._first, self._expect_value = [], None, False

    def _close(self) -> None:
        if self._stack:
            self._keys = self._stack.pop().keys
            self._expect_value = bool(self._keys)

    def _comma(self) -> None:
        if not self._stack:
            return
        top = self._stack[-1]
        if top.array:
            top.index += 1
        self._keys, self._first, self._expect_value = [], None, False

    def _header(self, start: int) -> int:
        array = self._text.startswith("[[", start)
        position, keys = start + (2 if array else 1), []
        while (match := _TOKEN.match(self._text, position)) and match[0] != "]":
            if match.lastgroup in ("string", "bare"):
                keys.append(_unquoted(match[0]))
            position = match.end()
        self._table = self._resolve(keys, array)
        self._offsets.setdefault(self._table, start)
        return position + (2 if array else 1)

    def _resolve(self, keys: list[str], array: bool) -> Key:
        """The full path of a header: a name of an array of tables stands for its latest element."""
        resolved: Key = ()
        for depth, key in enumerate(keys, 1):
            resolved = (*resolved, key)
            last = depth == len(keys)
            if last and array:
                self._arrays[resolved] = self._arrays.get(resolved, -1) + 1
            if resolved in self._arrays:
                resolved = (*resolved, self._arrays[resolved])
        return resolved


def _unquoted(text: str) -> str:
    if text[:1] == "'":
        return text[1:-1]
    if text[:1] != '"':
        return text
    try:
        return str(toml.loads(f"key = {text}")["key"])
    except toml.TOMLDecodeError:
        return text[1:-1]
