"""Which entries of a lock apply, and which a plain install brings."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from steadypin.comparison.applicable import Applicable, Selection, applicable, file_group
from steadypin.model.locked import LockedDependency, SourceFile
from tests.support.ledgers import LINUX_312, declared, lock, pin


def names(file: SourceFile, **chosen: frozenset[str]) -> tuple[list[str | None], list[str | None]]:
    found = applicable(file, LINUX_312, Selection(**chosen))
    return [p.name for p in found.every], [p.name for p in found.expected]


def test_groups_other_than_the_main_one_may_be_there_and_need_not() -> None:
    file = lock(pin("flask", "3", groups=("main",)), pin("pytest", "8", groups=("dev",)), format="poetry")
    assert names(file) == (["flask", "pytest"], ["flask"])
    assert names(file, groups=frozenset({"dev"}))[1] == ["flask", "pytest"]


def test_a_group_without_a_marker_of_its_own_brings_the_entry_always() -> None:
    only_old = pin("tomli", "2", groups=("main", "dev"), markers_by_group=(("main", 'python_version < "3.11"'),))
    file = lock(only_old, format="poetry", format_version="2.1")
    assert applicable(file, LINUX_312, Selection()) == Applicable(every=(only_old,), expected=())
    assert applicable(file, LINUX_312, Selection(groups=frozenset({"dev"}))).expected == (only_old,)
    nowhere = replace(only_old, groups=("main",))
    assert applicable(replace(file, packages=(nowhere,)), LINUX_312, Selection()).every == ()


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


APP = pin("app", None, kind="virtual", dependencies=(edge("torch", marker="extra == 'extra-3-app-cpu'"), edge("base")))


def test_uv_extras_that_exclude_each_other_are_told_apart_by_the_names_that_uv_gives_them() -> None:
    both = "extra == 'extra-3-app-cpu' or (extra == 'extra-3-app-gpu' and extra != 'extra-3-app-cpu')"
    app = replace(
        APP,
        dependencies=(
            edge("torch", under="extra:cpu", specifier="==2+cpu", marker="extra == 'extra-3-app-cpu'"),
            edge("torch", under="extra:gpu", specifier="==2+cu", marker="extra != 'extra-3-app-cpu'"),
            edge("base", marker=both),
        ),
    )
    file = replace(
        UV, project_name="app", packages=(app, pin("torch", "2+cpu"), pin("torch", "2+cu"), pin("base", "1")), roots=("app",)
    )

    def brought(*extras: str) -> list[tuple[str | None, str | None]]:
        found = applicable(file, LINUX_312, Selection(extras=frozenset(extras))).expected
        return [(package.name, package.version) for package in found]

    assert brought() == []
    assert brought("cpu") == [("base", "1"), ("torch", "2+cpu")]
    assert brought("gpu") == [("base", "1"), ("torch", "2+cu")]


def test_a_plain_install_of_a_workspace_is_that_of_its_root() -> None:
    member = pin("worker", None, kind="editable", dependencies=(edge("celery"),))
    root = pin("app", None, kind="editable", dependencies=(edge("flask"),))
    file = replace(UV, packages=(root, member, pin("flask", "3"), pin("celery", "5")), roots=("app", "worker"))
    assert names(replace(file, project_name="app")) == (["app", "celery", "flask", "worker"], ["flask"])
    assert names(file)[1] == ["celery", "flask"]


OLD_POETRY = lock(
    pin("httpx", "0.28", dependencies=(edge("anyio"), edge("h2", under="extra:http2", marker='extra == "http2"'))),
    pin("anyio", "4", dependencies=(edge("exceptiongroup", marker='python_version < "3.11"'),)),
    pin("exceptiongroup", "1"),
    pin("h2", "4"),
    pin("zipp", "3.21"),
    pin("zipp", "4.1"),
    pin("pywin32", "300"),
    pin("pytest", "8"),
    pin("orjson", "3", optional=True),
    pin("old", "1"),
    path="poetry.lock",
    format="poetry",
    format_version="2.0",
)
ASKED = (
    declared("httpx[http2]>=0.20"),
    declared("zipp<4; python_version < '3.11'"),
    declared("zipp>=4; python_version >= '3.11'"),
    declared("pywin32; sys_platform == 'win32'"),
    declared("pytest", group="dev"),
    declared("orjson", extra="fast"),
)


def old(selection: Selection) -> tuple[list[str], list[str]]:
    found = applicable(OLD_POETRY, LINUX_312, selection, declared=ASKED)
    return [f"{p.name} {p.version}" for p in found.every], [f"{p.name} {p.version}" for p in found.expected]


def test_an_older_poetry_lock_is_understood_through_its_manifest() -> None:
    plain = ["httpx 0.28", "anyio 4", "h2 4", "zipp 4.1"]
    assert old(Selection()) == ([*plain, "pytest 8", "orjson 3", "old 1"], plain)
    assert old(Selection(groups=frozenset({"dev"})))[1] == [*plain, "pytest 8"]
    assert old(Selection(extras=frozenset({"Fast"})))[1] == [*plain, "orjson 3"]


def test_without_a_manifest_an_older_poetry_lock_is_not_guessed_at() -> None:
    found = applicable(OLD_POETRY, LINUX_312, Selection())
    assert found.every == OLD_POETRY.packages
    assert "exceptiongroup" not in {package.name for package in found.expected}


def test_a_manifest_that_was_changed_after_the_lock_means_the_version_that_is_there() -> None:
    found = applicable(OLD_POETRY, LINUX_312, Selection(), declared=(declared("httpx>=1"),))
    assert [package.name for package in found.expected] == ["httpx", "anyio"]


def test_an_older_pdm_lock_has_an_entry_for_each_choice_of_extras() -> None:
    file = lock(
        pin("requests", "2", dependencies=(edge("idna"),)),
        pin("requests", "2", extras=("socks",), dependencies=(edge("requests", specifier="==2"), edge("pysocks"))),
        pin("idna", "3"),
        pin("pysocks", "1"),
        format="pdm",
    )
    plain = applicable(file, LINUX_312, Selection(), declared=(declared("requests"),))
    socks = applicable(file, LINUX_312, Selection(), declared=(declared("requests[socks]"),))
    assert [package.name for package in plain.expected] == ["requests", "idna"]
    assert [package.name for package in socks.expected] == ["requests", "requests", "idna", "pysocks"]


def test_extras_of_pdm_are_groups_and_the_dev_group_of_pipenv_is_develop() -> None:
    pdm = lock(pin("a", "1", groups=("default",)), pin("b", "1", groups=("fast",)), format="pdm")
    assert names(pdm) == (["a", "b"], ["a"])
    assert names(pdm, extras=frozenset({"fast"}))[1] == ["a", "b"]
    pipfile = lock(pin("a", "1", groups=("default",)), pin("b", "1", groups=("develop",)), format="pipfile")
    assert names(pipfile)[1] == ["a"]
    assert names(pipfile, groups=frozenset({"dev"}))[1] == ["a", "b"]


def test_groups_are_compared_by_their_normalised_names() -> None:
    file = lock(pin("a", "1", groups=("Dev_Tools",)), format="poetry", format_version="2.1")
    assert names(file, groups=frozenset({"dev-tools"}))[1] == ["a"]


def test_entries_for_other_platforms_do_not_apply() -> None:
    file = lock(pin("a", "1", platforms=("linux-64",)), pin("b", "1", platforms=("osx-arm64", "win-64")), format="conda-lock")
    assert names(file) == (["a"], ["a"])


def test_a_requirements_file_that_the_user_named_is_no_choice_any_more() -> None:
    file = lock(pin("pytest", "8"), path="requirements-dev.txt")
    assert names(file)[1] == []
    assert names(replace(file, default_groups=("default",)))[1] == ["pytest"]


@pytest.mark.parametrize("path", ["/usr/local/app/requirements.txt", "../build/requirements.txt", "C:/ci/requirements.txt"])
def test_folders_outside_of_the_project_say_nothing_about_groups(path: str) -> None:
    assert file_group(path) is None


def test_a_lock_with_thousands_of_entries_of_one_name_is_walked_in_bounded_time() -> None:
    edges = [
        (edge("a", specifier=f"==1.{n}", extras=(f"x{n}",)), edge("a"), edge("b", under=f"extra:x{n}")) for n in range(3000)
    ]
    file = lock(*(pin("a", f"1.{n}", dependencies=found) for n, found in enumerate(edges)), pin("b", "1"), format="uv")
    started = time.monotonic()
    assert len(applicable(file, LINUX_312, Selection()).every) == 3001
    assert time.monotonic() - started < 5
