"""What is loaded when nothing has to be done yet; these two keep `steadypin --version` as fast as pip's."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "typer",
    "click",
    "rich",
    "requests",
    "urllib3",
    "yaml",
    "pathspec",
    "packaging",
    "sqlite3",
    "ssl",
    "asyncio",
    "jsonschema",
}
WORLD = {"os", "socket", "ssl", "subprocess", "time", "random", "tempfile", "shutil", "requests", "http"}
MODEL = sorted((Path(__file__).parents[2] / "src" / "steadypin" / "model").glob("*.py"))


def loaded_by(code: str) -> set[str]:
    """The top-level names of the modules that `code` loads in an interpreter of its own, beyond an idle one's."""
    report = (
        "import sys; before = set(sys.modules)\ntry:\n    {}\nfinally:\n    print(*set(sys.modules) - before, file=sys.stderr)"
    )
    finished = subprocess.run([sys.executable, "-c", report.format(code)], capture_output=True, text=True, check=False)
    assert finished.stderr and "Traceback" not in finished.stderr, finished.stderr
    return {name.partition(".")[0] for name in finished.stderr.split()}


def test_a_bare_version_loads_nothing_heavy() -> None:
    loaded = loaded_by("sys.argv = ['steadypin', '--version']; from steadypin.cli.entry import main; sys.exit(main())")
    assert "steadypin" in loaded
    assert loaded & HEAVY == set()


def imported_by(path: Path) -> set[str]:
    """The top-level names that a file's import statements name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names


@pytest.mark.parametrize("path", MODEL, ids=lambda path: path.stem)
def test_the_model_imports_nothing_that_can_touch_the_world(path: Path) -> None:
    assert imported_by(path) & WORLD == set()
