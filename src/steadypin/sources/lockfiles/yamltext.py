"""YAML files: built from parser events, so that nothing is constructed, expanded or guessed.

Scalars stay the text that stands in the file (25.10 is a version, not a number), plain `null` and nothing are None. Tags that
construct objects are refused. Aliases are shared, and refused where expanding them would make a small file huge. Depth is
bounded without recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location, Problem
from steadypin.sources.lockfiles.document import Document, Table, decode, kind_of, quoted
from steadypin.text import printable

DEEPEST = 60
NODES = 8_000_000
"""How many values a file may have; the largest locks of 50 MB have half of that."""
ALIASED = 200_000
"""How many nodes aliases may stand for in one file."""
_NULLS = {"", "~", "null", "Null", "NULL"}
_TAGS = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "map", "seq"}


class Mapping(dict[str, Any]):
    """A mapping that knows where it begins (line and column from 1)."""

    __slots__ = ("column", "line", "size")

    def __init__(self, line: int, column: int) -> None:
        super().__init__()
        self.line = line
        self.column = column
        self.size = 1


class Sequence(list[Any]):
    """A list that knows where its items begin (lines and columns from 1)."""

    __slots__ = ("places", "size")

    def __init__(self) -> None:
        super().__init__()
        self.places: list[tuple[int, int]] = []
        self.size = 1


def load(data: bytes, path: str) -> Document:
    """The parsed file; its top level is a mapping. Raises SourceError with line and column."""
    import yaml

    text = decode(data, path)
    builder = _Builder(path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        builder.take(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        reason = printable(error.problem or error.context or "cannot be parsed", 200)
        raise _broken(f"not valid YAML: {reason}", path, line, column) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _broken(f"not valid YAML: {printable(str(error), 200)}", path) from None
    if not isinstance(builder.root, Mapping):
        raise _broken(f"expected a mapping at the top level, found {kind_of(builder.root)}", path, 1)
    return Document(path=path, text=text, root=Table(builder.root), problems=tuple(builder.problems))


def _broken(message: str, path: str, line: int | None = None, column: int | None = None) -> SourceError:
    return SourceError(
        message,
        location=Location(path=path, line=line, column=column),
        hint="the file is damaged or was edited by hand: write it again with its tool",
    )


class _Builder:
    """Events into mappings, lists and texts, with a stack of its own."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.root: Any = None
        self.problems: list[Problem] = []
        self._stack: list[Mapping | Sequence] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, Any] = {}
        self._open: list[str | None] = []
        self._aliased = 0
        self._documents = 0

    def take(self, events: Iterator[Any]) -> None:
        """Build from all events."""
        takers = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._mapping,
            "SequenceStartEvent": self._sequence,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }
        for count, event in enumerate(events):
            if count > NODES:
                raise self._error(f"more than {NODES} values", event)
            taker = takers.get(type(event).__name__)
            if taker is not None:
                taker(event)

    def _error(self, message: str, event: Any) -> SourceError:
        mark = event.start_mark
        return _broken(message, self.path, mark.line + 1, mark.column + 1)

    def _check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is None or tag == "!" or (tag.startswith(_TAGS) and tag[len(_TAGS) :] in _PLAIN_TAGS):
            return
        raise self._error(f"the tag {quoted(tag, 100)} is refused: it would construct an object", event)

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            self._check_tag(event)
        value = None if not event.style and event.value in _NULLS else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        self._put(value, event, 1)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._error("a second document begins here; only one is expected", event)

    def _mapping(self, event: Any) -> None:
        mark = event.start_mark
        self._begin(Mapping(mark.line + 1, mark.column + 1), event)

    def _sequence(self, event: Any) -> None:
        self._begin(Sequence(), event)

    def _begin(self, node: Mapping | Sequence, event: Any) -> None:
        self._check_tag(event)
        if len(self._stack) >= DEEPEST:
            raise self._error(f"nested more than {DEEPEST} levels deep", event)
        if self._stack and isinstance(self._stack[-1], Mapping) and self._keys[-1] is None:
            raise self._error("a key that is not a text", event)
        self._attach(node, event)
        self._stack.append(node)
        self._keys.append(None)
        self._open.append(event.anchor)

    def _end(self, event: Any) -> None:
        node = self._stack.pop()
        if isinstance(node, Mapping) and "<<" in node:
            _merge(node)
        self._keys.pop()
        anchor = self._open.pop()
        if anchor is not None:
            self._anchors[anchor] = node
        if self._stack:
            self._stack[-1].size += node.size

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._error(f"the alias {quoted(event.anchor, 60)} has no finished anchor", event)
        value = self._anchors[event.anchor]
        size = getattr(value, "size", 1)
        self._aliased += size
        if self._aliased > ALIASED:
            raise self._error(f"aliases stand for more than {ALIASED} nodes", event)
        self._put(value, event, size)

    def _put(self, value: Any, event: Any, size: int) -> None:
        """A finished value: a key, or the value of a key, an item or the top."""
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1]
        if isinstance(parent, Mapping) and self._keys[-1] is None:
            if value is not None and not isinstance(value, str):
                raise self._error("a key that is not a text", event)
            self._keys[-1] = "null" if value is None else value
            return
        parent.size += size
        self._attach(value, event)

    def _attach(self, value: Any, event: Any) -> None:
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1]
        if isinstance(parent, Sequence):
            mark = event.start_mark
            parent.places.append((mark.line + 1, mark.column + 1))
            parent.append(value)
            return
        key = self._keys[-1]
        assert key is not None
        self._keys[-1] = None
        if key in parent:
            place = Location(path=self.path, line=event.start_mark.line + 1, key=printable(key, 80))
            self.problems.append(Problem(message=f"the key {quoted(key)} stands twice", location=place))
        parent[key] = value


def _merge(node: Mapping) -> None:
    """Fill in what the merge key `<<` names: a mapping or a list of them; the node's own keys win."""
    value = node.pop("<<")
    for other in value if isinstance(value, Sequence) else [value]:
        if isinstance(other, Mapping):
            for name, content in other.items():
                node.setdefault(name, content)


def place(table: Table) -> tuple[int | None, int | None]:
    """Line and column of a table that this module read."""
    content = table.content
    return (content.line, content.column) if isinstance(content, Mapping) else (None, None)


def items(table: Table, name: str) -> Iterator[tuple[Any, int | None, int | None]]:
    """The items of a list with their places; nothing where there is none."""
    value = table.content.get(name)
    if isinstance(value, Sequence):
        for item, (line, column) in zip(value, value.places, strict=True):
            yield item, line, column
