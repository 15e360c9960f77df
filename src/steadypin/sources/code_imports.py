"""What a project's own code imports, by `ast`: nothing is imported or run."""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from steadypin.model.code import CodeImport, CodeUse
from steadypin.model.location import Location
from steadypin.model.standard_library import REMOVED_MODULES
from steadypin.values import dataclass, field

MOST_FILES = 20_000
LARGEST = 2 * 1024 * 1024
"""Bytes of the largest file that is parsed; code that people write is smaller."""

_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "site-packages", "build", "dist", ".git", ".hg", ".svn", ".tox", ".nox", ".eggs", "env"}
)
_TESTS = re.compile(r"(?:^|/)(?:tests?|testing|conftest\.py$|test_[^/]*\.py$|[^/]*_tests?\.py$)(?:/|$)?")
_STARTERS = re.compile(
    r"procfile.*|(?:.*\.)?dockerfile(?:\..*)?|containerfile(?:\..*)?|.*\.(?:sh|service|ini|conf)|(?:docker-)?compose.*\.ya?ml|makefile|fly\.toml",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{1,60}")
_DOTTED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\.[A-Za-z_][A-Za-z0-9_]*)*").fullmatch
_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def read_code(root: Path) -> CodeUse:
    """The imports of every Python file below `root`; environments, caches and files that do not parse are passed over."""
    reading = _Reading(root)
    for folder, names in _folders(root):
        for name in sorted(names):
            if name.endswith((".py", ".pyw")):
                reading.python(folder, name)
            elif _STARTERS.fullmatch(name):
                reading.starter(folder / name)
        if reading.files >= MOST_FILES:
            break
    return reading.result()


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for here, folders, files in os.walk(root):
        if "pyvenv.cfg" in files or "conda-meta" in folders:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        yield Path(here), files


@dataclass(slots=True)
class _Reading:
    root: Path
    files: int = 0
    mentions: set[str] = field(default_factory=set)
    found: dict[str, CodeImport] = field(default_factory=dict)

    def python(self, folder: Path, name: str) -> None:
        if self.files >= MOST_FILES:
            return
        self.files += 1
        path = folder / name
        tree = _parse(path)
        if tree is None:
            return
        shown = path.relative_to(self.root).as_posix()
        tests = bool(_TESTS.search(shown))
        optional = _guarded(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for module in _modules(node):
                    place = Location(path=shown, line=node.lineno)
                    self._add(CodeImport(name=module, location=place, tests=tests, optional=node in optional), folder)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := _mention(node.value)):
                self.mentions.add(match)

    def _add(self, found: CodeImport, folder: Path) -> None:
        if found.top in sys.stdlib_module_names and found.top not in REMOVED_MODULES:
            return
        if _is_own(found.top, folder, self.root):
            return
        known = self.found.get(found.name)
        if known is None:
            self.found[found.name] = found
            return
        first = known if (known.tests, known.optional) <= (found.tests, found.optional) else found
        self.found[found.name] = CodeImport(
            name=found.name,
            location=first.location,
            tests=known.tests and found.tests,
            optional=known.optional and found.optional,
        )

    def starter(self, path: Path) -> None:
        try:
            with path.open("rb") as stream:
                text = stream.read(256 * 1024).decode("utf-8", "replace")
        except OSError:
            return
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        self.mentions.update(word for line in lines for word in _WORD.findall(line[:2000]))

    def result(self) -> CodeUse:
        return CodeUse(
            imports=tuple(self.found[name] for name in sorted(self.found)),
            mentions=frozenset(self.mentions),
            files=self.files,
            truncated=self.files >= MOST_FILES,
        )


def _parse(path: Path) -> ast.Module | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        data = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's code
            return ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _modules(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif not node.level and node.module:
        yield from (node.module if alias.name == "*" else f"{node.module}.{alias.name}" for alias in node.names)


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """Import statements that may fail without harm."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_catches(handler) for handler in node.handlers):
            bodies = [*node.body, *(item for handler in node.handlers for item in handler.body)]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            bodies = node.body
        else:
            continue
        found.update(inner for body in bodies for inner in ast.walk(body) if isinstance(inner, (ast.Import, ast.ImportFrom)))
    return found


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _ERRORS for name in names)


def _is_own(name: str, folder: Path, root: Path) -> bool:
    """Whether a module stands beside the importing file, in a folder above it, or in the usual places of the root."""
    here = folder
    places = [root, root / "src", root / "lib"]
    while here != root and root in here.parents:
        places.append(here)
        here = here.parent
    return any((place / f"{name}.py").is_file() or _is_package(place / name) for place in places)


def _is_package(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "__init__.py").is_file() or next(folder.glob("*.py"), None) is not None)


def _mention(text: str) -> str | None:
    """The first part of a dotted text, or of `package://…`."""
    if not 2 <= len(text) <= 200:
        return None
    head = re.split(r"[+:]", text, maxsplit=1)[0]
    match = _DOTTED(head)
    return match[1] if match else None
