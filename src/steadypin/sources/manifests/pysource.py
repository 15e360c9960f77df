"""Python files as text: parsed by `ast`, never compiled, imported or run."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from collections.abc import Iterable
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.text import printable
from steadypin.values import dataclass, field

SIZE_LIMIT = 1024 * 1024
DEEPEST = 80
STEPS = 20_000
_CHANGING = ("append", "extend", "insert", "remove", "update", "pop", "clear", "setdefault")
_CHAINING = ("not", "if", "lambda", "await")
LONGEST_CHAIN = 1500
"""Operators in one statement: the parser of Python 3.10 overflows the C stack on chains of some thousands (`a + a + …`)."""


class Unknowable(Exception):
    """A value that only running the file would tell. `node` is the part of the expression that hides it."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__()
        self.node = node


def parse_python(data: bytes, path: str) -> ast.Module:
    """The syntax tree. Raises SourceError where it is not the syntax of today's Python, or is larger than any real one."""
    place = Location(path=path)
    if len(data) > SIZE_LIMIT or _nesting(data) > DEEPEST or (sys.version_info < (3, 11) and _chain(data) > LONGEST_CHAIN):
        raise SourceError("too large or nested too deeply to be read", location=place, hint="no real file of this kind is")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        raise SourceError(
            f"not Python 3: {printable(error.msg)}",
            location=Location(path=path, line=error.lineno or None, column=error.offset or None),
            hint="declare the requirements in pyproject.toml, which can be read without running anything",
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        reason = printable(str(error)) if isinstance(error, ValueError) else "nested too deeply"
        raise SourceError(f"not readable as Python: {reason}", location=place) from None


def _nesting(data: bytes) -> int:
    depth = deepest = 0
    for byte in data:
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b")]}":
            depth -= 1
    return deepest


def _chain(data: bytes) -> int:
    """The most operators, calls and subscripts in one statement."""
    longest = count = 0
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.NEWLINE:
                count = 0
            elif token.string in _CHAINING or (token.type == tokenize.OP and token.string not in ",:)]}"):
                count += 1
                longest = max(longest, count)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return longest  # the parser will say what is wrong
    return longest


def shown(node: ast.AST) -> str:
    """An expression as text, shortened."""
    try:
        return ast.unparse(node)[:80]
    except (RecursionError, ValueError):
        return "…"


def called_name(call: ast.Call) -> str:
    """The last part of what is called: "install" of `session.install(…)`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def place_of(node: ast.AST, path: str) -> Location:
    line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
    return Location(path=path, line=line, column=None if column is None else column + 1)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the file and where it stands."""

    value: str
    node: ast.AST


def assignments(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """What is assigned to plain names, once each; a name that is assigned again or changed in place is unknowable."""
    found: dict[str, ast.expr] = {}
    spoiled: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                _assign(target, node.value, found, spoiled)
        elif isinstance(node, (ast.AugAssign, ast.For)):
            spoiled |= _names_in(node.target)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            spoiled |= _names_in(node.func.value)
    return {name: value for name, value in found.items() if name not in spoiled}


def _assign(target: ast.expr, value: ast.expr | None, found: dict[str, ast.expr], spoiled: set[str]) -> None:
    if isinstance(target, ast.Name) and target.id not in found and value is not None:
        found[target.id] = value
    else:
        spoiled |= _names_in(target)


def _names_in(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


@dataclass(slots=True)
class Evaluator:
    """Values of expressions that need no running: literals, names that are assigned once, and sums of them.

    Texts come back as `Text`, so that each keeps its place.
    """

    names: dict[str, ast.expr]
    steps: int = field(default=STEPS)

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """A `Text`, list, dict or None. Raises Unknowable."""
        self.steps -= 1
        if depth > DEEPEST or self.steps < 0:
            raise Unknowable(node)
        if isinstance(node, ast.Constant):
            return Text(node.value, node) if isinstance(node.value, str) else node.value
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self._list(node.elts, depth)
        if isinstance(node, ast.Dict):
            return self._dict(node, depth)
        if isinstance(node, ast.Name) and node.id in self.names:
            return self.value(self.names[node.id], depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(node, depth)
        if isinstance(node, ast.Call) and called_name(node) in ("list", "tuple", "sorted") and len(node.args) == 1:
            return self.value(node.args[0], depth + 1)
        if isinstance(node, ast.Call) and called_name(node) == "dict" and not node.args:
            return {Text(word.arg or "", node): self.value(word.value, depth + 1) for word in node.keywords}
        raise Unknowable(node)

    def _list(self, elements: list[ast.expr], depth: int) -> list[Any]:
        values: list[Any] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                spread = self.value(element.value, depth + 1)
                if not isinstance(spread, list):
                    raise Unknowable(element)
                values += spread
            else:
                values.append(self.value(element, depth + 1))
            self._count(values, element)
        return values

    def _count(self, values: list[Any], node: ast.AST) -> None:
        if len(values) > STEPS:
            raise Unknowable(node)

    def _dict(self, node: ast.Dict, depth: int) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                merged = self.value(value, depth + 1)
                if not isinstance(merged, dict):
                    raise Unknowable(value)
                values.update(merged)
                continue
            name = self.value(key, depth + 1)
            if not isinstance(name, Text):
                raise Unknowable(key)
            values[name] = self.value(value, depth + 1)
        return values

    def _sum(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
        if isinstance(left, list) and isinstance(right, list):
            self._count([*left, *right], node)
            return [*left, *right]
        if isinstance(left, Text) and isinstance(right, Text) and len(left.value) + len(right.value) < 10_000:
            return Text(left.value + right.value, left.node)
        raise Unknowable(node)
