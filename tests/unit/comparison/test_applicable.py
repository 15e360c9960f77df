"""Which entries of a lock apply, and which a plain install brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypin.comparison.applicable import Selection, applicable, file_group
from steadypin.model.locked import LockedDependency, SourceFile
from tests.support.ledgers import LINUX_312, lock, pin


def names(file: SourceFile, **chosen: frozenset[str]) -> tuple[list[str | None], list[str | None]]:
    found = applicable(file, LINUX_312, Selection(**chosen))
    return [p.name for p in found.every], [p.name for p in found.expected]


def test_groups_other_than_the_main_one_may_be_there_and_need_not() -> None:
    file = lock(pin("flask", "3", groups=("main",)), pin("pytest", "8", groups=("dev",)), format="poetry")
    assert names(file) == (["flask", "pytest"], ["flask"])
    assert names(file, groups=frozenset({"dev"}))[1] == ["flask", "pytest"]


def test_pylock_markers_on_extras_and_groups() -> None:
    file = lock(
        pin("a", "1"),
        pin("b", "1", marker='"dev" in dependency_groups'),
        pin("c", "1", marker='"fast" in extras'),
        pin("d", "1", marker='sys_platform == "win32"'),
        format="pylock",
    )
    assert names(file) == (["a", "b", "c"], ["a"])
    assert names(file, groups=frozenset({"dev"}), extras=frozenset({"fast"}))[1] == ["a", "b", "c"]


def test_constraints_are_never_expected() -> None:
    assert names(lock(pin("a", "1"), format="constraints")) == (["a"], [])


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("requirements.txt", None),
        ("requirements-dev.txt", "dev"),
        ("requirements/test.txt", "test"),
        ("dev-requirements.txt", "dev"),
        ("requirements/base.txt", None),
        ("requirements/production.txt", None),
        ("developer.txt", None),
    ],
)
def test_a_file_name_can_speak_of_a_group(path: str, group: str | None) -> None:
    assert file_group(path) == group


def edge(name: str, **more: object) -> LockedDependency:
    return LockedDependency(name=name, **more)  # type: ignore[arg-type]


UV = SourceFile(
    path="uv.lock",
    format="uv",
    role="lock",
    roots=("app",),
    packages=(
        pin(
            "app", None, kind="virtual", dependencies=(edge("a"), edge("dev", under="group:dev"), edge("x", under="extra:fast"))
        ),
        pin("a", "1", dependencies=(edge("b", extras=("more",)), edge("w", marker="sys_platform == 'win32'"))),
        pin("b", "2", resolution_markers=("python_full_version < '3.10'",)),
        pin("b", "3", dependencies=(edge("c", under="extra:more"),), resolution_markers=("python_full_version >= '3.10'",)),
        pin("c", "1"),
        pin("dev", "1"),
        pin("w", "1"),
        pin("x", "1"),
    ),
)


def test_uv_locks_are_walked_from_the_roots_through_forks_extras_and_groups() -> None:
    every, expected = names(UV)
    assert every == ["a", "b", "c", "dev", "x"]
    assert expected == ["a", "b", "c"]
    assert names(UV, groups=frozenset({"dev"}), extras=frozenset({"fast"}))[1] == ["a", "b", "c", "dev", "x"]


def test_only_the_fork_of_the_target_counts() -> None:
    found = applicable(UV, LINUX_312, Selection()).expected
    assert [p.version for p in found if p.name == "b"] == ["3"]
    older = replace(
        LINUX_312,
        python="3.9.1",
        environment=(
            *((k, v) for k, v in LINUX_312.environment if "python_" not in k),
            ("python_full_version", "3.9.1"),
            ("python_version", "3.9"),
        ),
    )
    assert [p.version for p in applicable(UV, older, Selection()).expected if p.name == "b"] == ["2"]
