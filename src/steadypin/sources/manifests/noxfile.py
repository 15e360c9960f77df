"""noxfile.py, read as text: what each session installs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.arguments import Argument, add_arguments
from steadypin.sources.manifests.draft import Draft, Where
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


def read_noxfile(data: bytes, path: str) -> SourceFile:
    """One noxfile.py. Raises SourceError where it is not Python 3."""
    tree = parse_python(data, path)
    file = _Noxfile(draft=Draft(path), names=assignments(tree.body))
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            file.session(statement)
    return file.draft.finish("nox")


@dataclass(slots=True, kw_only=True)
class _Noxfile:
    """The sessions: functions that call `session.install(…)`."""

    draft: Draft
    names: dict[str, ast.expr]

    def session(self, function: ast.FunctionDef) -> None:
        nodes = list(ast.walk(function))
        evaluator = Evaluator({**self.names, **assignments(nodes)})
        where = Where(kind="tool", group=f"nox:{function.name}")
        for node in nodes:
            if isinstance(node, ast.Call) and called_name(node) == "install" and isinstance(node.func, ast.Attribute):
                add_arguments(self.draft, list(self._arguments(node, evaluator)), where)

    def _arguments(self, call: ast.Call, evaluator: Evaluator) -> Iterator[Argument]:
        for node in call.args:
            inner = node.value if isinstance(node, ast.Starred) else node
            try:
                value = evaluator.value(inner)
            except Unknowable as unknowable:
                message = f"what is installed is known only when nox runs: {shown(unknowable.node)}"
                self.draft.problem(message, place_of(node, self.draft.path), unknown=True)
                continue
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, Text):
                    yield Argument(text=text.value, location=place_of(text.node, self.draft.path))
