"""The requirements around one package: both directions, each name opened once."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.comparison import compare
from steadypin.comparison.tree import package_tree
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.model.locked import LockedDependency
from steadypin.model.tree import PackageTree, TreeNode
from steadypin.pipeline import tree as use_case
from steadypin.reporters import tree as reporter
from steadypin.reporters.reporter import Presentation
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project

STACK = facts(
    manifest(declared("app>=1"), declared("low<9", line=2, kind="constraint"), declared("tool", line=3, group="dev")),
    installed=(
        installed("app", "1.0", "mid[fast]>=2", "low<3", 'gone; python_version < "3"'),
        installed("mid", "2.0", "low>=1,<2", 'speed; extra == "fast"', 'slow; extra == "slow"'),
        installed("low", "1.5"),
        installed("speed", "1.0", "low"),
        installed("tool", "1.0"),
    ),
    projects=(project("low", "1.5", "2.0", "9.0"),),
)


def tree(name: str, **more: int) -> PackageTree:
    found = package_tree(STACK, compare(STACK), name, **more)
    assert found is not None
    return found


def shape(nodes: tuple[TreeNode, ...]) -> dict[str, object]:
    return {node.name: shape(node.children) if node.children else "again" if node.repeated else node.asks for node in nodes}


def test_down_with_extras_and_markers_as_they_apply() -> None:
    assert shape(tree("app").needs) == {"low": "<3", "mid": {"low": "<2,>=1", "speed": {"low": ""}}}


def test_up_to_the_projects_own_declarations() -> None:
    assert shape(tree("low").needed_by) == {
        "app": {"requirements.in:1": ">=1"},
        "mid": {"app": "again"},
        "requirements.in:2": "<9",
        "speed": {"mid": "again"},
    }


def test_who_refuses_the_latest_release_is_marked() -> None:
    refusing = {node.name: node.refuses for node in tree("low").needed_by}
    assert refusing == {"app": "9.0", "mid": "9.0", "requirements.in:2": "9.0", "speed": None}


def test_kinds_and_groups_are_named() -> None:
    assert {node.note for node in tree("low").needed_by} == {"", "constraint"}
    assert [node.note for node in tree("tool").needed_by] == ["group dev"]


def test_a_depth_cuts_and_says_so() -> None:
    node = next(node for node in tree("app", levels=1).needs if node.name == "mid")
    assert node.cut and not node.children


def test_circles_end() -> None:
    known = facts(installed=(installed("a", "1", "b"), installed("b", "1", "a")))
    found = package_tree(known, compare(known), "a")
    assert found is not None and shape(found.needs) == {"b": {"a": "again"}}


def test_a_chain_of_thousands_is_cut_not_crashed() -> None:
    known = facts(installed=tuple(installed(f"n{i}", "1", f"n{i + 1}") for i in range(3000)))
    found = package_tree(known, compare(known), "n0")
    assert found is not None and "…" in reporter.text(found, Presentation(width=400))


def test_without_an_environment_the_locks_have_the_edges() -> None:
    known = facts(
        manifest(declared("app")),
        lock(
            pin(
                "app",
                "1",
                dependencies=(
                    LockedDependency(name="Mid", extras=("fast",)),
                    LockedDependency(name="win", marker='sys_platform == "win32"'),
                ),
            ),
            pin(
                "mid",
                "2",
                dependencies=(
                    LockedDependency(name="speed", specifier=">=1", under="extra:fast"),
                    LockedDependency(name="slow", under="extra:slow"),
                ),
            ),
            pin("speed", "1"),
            pin("slow", "1"),
            pin("win", "1"),
            pin("other", "1", via=("speed", "-r requirements.in")),
        ),
    )
    found = package_tree(known, compare(known), "app")
    assert found is not None and found.source == "locks"
    assert shape(found.needs) == {"mid": {"speed": {"other": None}}}
    assert found.needs[0].children[0].note == "extra fast"


def test_a_name_that_is_not_there_is_asked_back() -> None:
    with pytest.raises(UsageError) as error:
        use_case.tree(STACK, Settings(root=Path()), "sped")
    assert error.value.hint == "did you mean speed?"


def test_hostile_names_are_harmless_and_json_is_redacted() -> None:
    name = "https://user:word@index.example/\x1b[31m\u202e"
    known = facts(installed=(installed(name, "1", "low"), installed("low", "1")))
    found = package_tree(known, compare(known), "low")
    assert found is not None
    text = reporter.text(found, Presentation(width=80, ascii=True))
    assert "word" not in text and "\x1b" not in text and "\u202e" not in text and text.isascii()
    assert "word" not in str(reporter.document(found))
