"""Who may import whom: the picture of DESIGN.md as a table. Lazy imports in functions count like all others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"
MODULES = {
    ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCES.joinpath("steadypin").rglob("*.py"))
}

# A room is a module or package directly under steadypin; trials is two, for it has judgement and edges under one roof.
TRIAL_EDGES = {"sandbox", "runner", "journal", "executors"}

# What everybody speaks ("" is steadypin itself: the version). The codec is among it: digests, caches and snapshots are all JSON.
LANGUAGE = {"", "model", "errors", "text", "toml", "durations", "codec", "values", "collector", "remembered"}
HANDS = LANGUAGE | {"process", "transport"}
PURE = {"comparison", "checks", "planning", "trials (pure)", "reporters"}
EDGES = {"sources", "transport", "index", "advisories", "resolution", "locking", "trials (edge)"}

MAY_IMPORT = {
    "": set(),
    "values": set(),
    "collector": set(),
    "remembered": set(),
    "model": {"values", "remembered"},
    "text": set(),
    "durations": {"errors"},
    "errors": {"model"},
    "toml": {"errors", "model"},
    "process": {"errors", "text", "values"},
    "codec": {"errors", "model", "text", "values"},
    "config": LANGUAGE,
    **dict.fromkeys(PURE, LANGUAGE),
    **dict.fromkeys(EDGES, HANDS),
    "pipeline": HANDS | PURE | EDGES | {"config"},
    "__main__": {"cli"},
    "pytest_plugin": LANGUAGE | {"cli", "pipeline"},
    "cli": LANGUAGE | {"pipeline", "config", "reporters"},
}


def room(module: str) -> str:
    first, _, rest = module.removeprefix("steadypin").removeprefix(".").partition(".")
    if first == "trials" and rest:
        return "trials (edge)" if rest.split(".")[0] in TRIAL_EDGES else "trials (pure)"
    return first


def imports(module: str) -> Iterator[tuple[int, str]]:
    """(line, imported module of ours) for each import statement, wherever it stands."""
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "steadypin")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{MODULES[module]}:{node.lineno}: a relative import; write it absolute"
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                if name.split(".")[0] == "steadypin":
                    yield node.lineno, name if name in MODULES else str(node.module)


def test_every_room_imports_only_what_its_line_in_the_table_allows() -> None:
    offending = [
        f"{MODULES[module].relative_to(SOURCES.parent).as_posix()}:{line}: {room(module)} may not import {imported}"
        for module in MODULES
        for line, imported in imports(module)
        if room(imported) != room(module) and room(imported) not in MAY_IMPORT[room(module)]
    ]
    assert not offending, "\n" + "\n".join(offending)


def test_every_room_stands_in_the_table() -> None:
    assert {room(module) for module in MODULES} - {"trials"} <= set(MAY_IMPORT)


def test_no_module_imports_in_a_circle() -> None:
    graph = {module: {imported for _, imported in imports(module)} - {module} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_values_come_from_one_place() -> None:
    """`steadypin.values` has the standard words, and starts ten times faster."""
    offending = [
        str(path.relative_to(SOURCES))
        for module, path in MODULES.items()
        if module != "steadypin.values" and "from dataclasses import dataclass" in path.read_text("utf-8")
    ]
    assert not offending, "import dataclass, field and replace from steadypin.values instead"
