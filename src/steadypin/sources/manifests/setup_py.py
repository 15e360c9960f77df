"""setup.py, read as text. What only running it would tell is a problem, never a guess."""

from __future__ import annotations

import ast

from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.draft import RUNTIME, Draft, Where
from steadypin.sources.manifests.ini import without_comment
from steadypin.sources.manifests.pysource import (
    Evaluator,
    Text,
    Unknowable,
    assignments,
    called_name,
    parse_python,
    place_of,
    shown,
)
from steadypin.values import dataclass

_LISTS = {
    "install_requires": RUNTIME,
    "setup_requires": Where(kind="build"),
    "tests_require": Where(extra="tests"),
}


def read_setup_py(data: bytes, path: str) -> SourceFile:
    """One setup.py. Raises SourceError where it is not Python 3."""
    tree = parse_python(data, path)
    nodes = list(ast.walk(tree))
    setup = _Setup(draft=Draft(path), evaluator=Evaluator(assignments(nodes)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and called_name(node) == "setup"]
    for call in calls[:20]:
        setup.read(call)
    return setup.draft.finish("setup.py", project_name=setup.name, requires_python=setup.requires_python)


@dataclass(slots=True, kw_only=True)
class _Setup:
    """The calls of `setup()`."""

    draft: Draft
    evaluator: Evaluator
    name: str | None = None
    requires_python: str | None = None

    def read(self, call: ast.Call) -> None:
        for word in call.keywords:
            if word.arg is None:
                self._expanded(word.value)
            else:
                self._keyword(word.arg, word.value)

    def _expanded(self, node: ast.expr) -> None:
        """`setup(**arguments)`: word by word, so that one that cannot be known hides no other."""
        words = self.evaluator.names.get(node.id) if isinstance(node, ast.Name) else node
        if not isinstance(words, ast.Dict):
            self._report("setup(**…)", node)
            return
        for key, value in zip(words.keys, words.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._keyword(key.value, value)

    def _keyword(self, name: str, node: ast.expr) -> None:
        if name in _LISTS or name in ("extras_require", "name", "python_requires"):
            self._known(name, self._value(node, name), node)

    def _value(self, node: ast.expr, name: str) -> object:
        try:
            return self.evaluator.value(node)
        except Unknowable as unknowable:
            if name != "name":
                self._report(name, unknowable.node)
            return None

    def _report(self, name: str, node: ast.AST) -> None:
        message = f"{name} is known only when setup.py runs: {shown(node)}"
        self.draft.problem(message, place_of(node, self.draft.path), unknown=True)
        for file in _opened_files(node):
            self.draft.include("setup.py", file, place_of(node, self.draft.path))

    def _known(self, name: str, value: object, node: ast.AST) -> None:
        if name in _LISTS:
            self._list(value, _LISTS[name], node)
        elif name == "extras_require" and isinstance(value, dict):
            for extra, texts in value.items():
                self._extra(extra.value, texts, node)
        elif name == "name" and isinstance(value, Text):
            self.name = value.value
        elif name == "python_requires" and isinstance(value, Text):
            self.requires_python = value.value

    def _extra(self, key: str, texts: object, node: ast.AST) -> None:
        """An extra; setuptools' old `name:marker` keys carry a condition."""
        extra, _, marker = key.partition(":")
        where = Where(extra=parse.normalise(extra)) if extra else RUNTIME
        self._list(texts, where, node, marker=marker)

    def _list(self, value: object, where: Where, node: ast.AST, *, marker: str = "") -> None:
        """A list of requirements, or one text with a requirement a line."""
        if isinstance(value, Text):
            value = [Text(line, value.node) for line in value.value.splitlines()]
        for text in value if isinstance(value, list) else ():
            if not isinstance(text, Text):
                self.draft.problem("expected requirements as texts", place_of(node, self.draft.path))
            elif bare := without_comment(text.value):
                self.draft.add(f"{bare}; {marker}" if marker else bare, place_of(text.node, self.draft.path), where)


def _opened_files(node: ast.AST) -> list[str]:
    """Names of requirements files that an expression mentions."""
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return [text for text in texts if text.endswith((".txt", ".in"))]
