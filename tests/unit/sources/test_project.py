"""A whole project folder: roles, groups, includes, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steadypin.errors import UsageError
from steadypin.model.locked import SourceFile
from steadypin.sources.including import include_cycles
from steadypin.sources.project import ProjectFiles, read_project
from steadypin.sources.roles import requirements_group
from tests.unit.sources.test_discovery import tree

BROKEN = Path(__file__).parents[4] / "shared" / "corpus" / "broken"


def by_path(project: ProjectFiles) -> dict[str, SourceFile]:
    return {file.path: file for file in project.files}


def roles(project: ProjectFiles) -> dict[str, str]:
    return {file.path: file.role for file in project.files}


def messages(project: ProjectFiles) -> list[str]:
    return [f"{problem.location}: {problem.message}" for problem in project.problems]


def test_roles(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "pyproject.toml": '[project]\nname = "x"\ndependencies = ["attrs"]\n',
            "requirements.in": "attrs\n",
            "requirements.txt": "attrs==25.1.0\n",
            "requirements-dev.txt": "pytest\nidna==3.10\n",
            "constraints.txt": "idna==3.10\n",
        },
    )
    project = read_project(tmp_path)
    assert roles(project) == {
        "constraints.txt": "manifest",
        "pyproject.toml": "manifest",
        "requirements-dev.txt": "both",
        "requirements.in": "manifest",
        "requirements.txt": "lock",
    }
    assert {entry.kind for entry in by_path(project)["constraints.txt"].declared} == {"constraint"}
    assert {entry.group for entry in by_path(project)["requirements-dev.txt"].declared} == {"dev"}
    assert {entry.group for entry in by_path(project)["requirements.in"].declared} == {None}


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("requirements.txt", None),
        ("requirements-dev.txt", "dev"),
        ("requirements_test.in", "test"),
        ("dev-requirements.txt", "dev"),
        ("requirements/base.txt", None),
        ("requirements/docs.in", "docs"),
        ("requirements-prod.txt", None),
        ("a.b/requirements.pip", None),
    ],
)
def test_the_group_that_a_name_speaks_of(path: str, group: str | None) -> None:
    assert requirements_group(path) == group


def test_what_the_main_file_includes_is_main_and_the_rest_follows_its_includer(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "requirements.txt": "-r requirements/web.txt\n",
            "requirements/web.txt": "a\n",
            "requirements/dev.txt": "-r web.txt\n-r ../extra/more.txt\nb\n",
            "extra/more.txt": "c\n",
        },
    )
    groups = {entry.name: entry.group for file in read_project(tmp_path).files for entry in file.declared}
    assert groups == {"a": None, "b": "dev", "c": "dev"}


def test_includes_are_relative_to_the_file_that_names_them_and_constraints_are_flagged(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "requirements.txt": "-r deps/a.txt\n-c pins.txt\n",
            "deps/a.txt": "-r more/b.txt\nattrs\n",
            "deps/more/b.txt": "-c ../../pins.txt\nidna\n",
            "pins.txt": "-r deeper.txt\nidna==3.10\n",
            "deeper.txt": "six==1.16.0\n",
        },
    )
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["deeper.txt", "deps/a.txt", "deps/more/b.txt", "pins.txt", "requirements.txt"]
    kinds = {entry.name + entry.location.path: entry.kind for file in project.files for entry in file.declared}
    assert kinds == {
        "attrsdeps/a.txt": "requirement",
        "idnadeps/more/b.txt": "requirement",
        "idnapins.txt": "constraint",
        "sixdeeper.txt": "constraint",
    }
    assert roles(project)["pins.txt"] == "manifest"
    assert not project.problems


def test_a_file_is_read_once_however_it_is_spelled(tmp_path: Path) -> None:
    folder = tree(tmp_path / "here", {"requirements.txt": "-r ./././requirements.txt\n-r ../here/requirements.txt\nattrs\n"})
    project = read_project(folder)
    assert list(by_path(project)) == ["requirements.txt"]
    assert messages(project) == [
        "requirements.txt:1:1: requirements files include each other: requirements.txt > requirements.txt"
    ]


def test_a_cycle_is_reported_and_each_file_read(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "-r a.txt\n", "a.txt": "-r b.txt\n", "b.txt": "-r a.txt\n-c a.txt\nidna\n"})
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["a.txt", "b.txt", "requirements.txt"]
    assert messages(project) == ["b.txt:1:1: requirements files include each other: requirements.txt > a.txt > b.txt > a.txt"]


def test_an_include_bomb_is_bounded(tmp_path: Path) -> None:
    tree(tmp_path, {f"l{n}.txt": f"-r l{n + 1}.txt\n" * 4 for n in range(60)})
    tree(tmp_path, {"requirements.txt": "-r l0.txt\n-r l0.txt\n", "l60.txt": "attrs\n"})
    project = read_project(tmp_path)
    assert len(project.files) == 62
    assert not project.problems


def test_what_lies_outside_is_refused_by_name_and_never_opened(tmp_path: Path) -> None:
    tree(tmp_path, {"secret.txt": "s3cret==1\n"})
    root = tree(
        tmp_path / "root",
        {
            "requirements.txt": f"-r ../secret.txt\n-r {(tmp_path / 'secret.txt').as_posix()}\n-c file:///etc/hosts\n"
            "-r https://u:p4ss@config.example/r.txt\n-r ${SOMEWHERE}/r.txt\n-r nothing.txt\nattrs\n",
        },
    )
    project = read_project(root)
    assert [entry.name for file in project.files for entry in file.declared] == ["attrs"]
    shown = "\n".join(messages(project))
    assert len(project.problems) == 6
    for word in ("../secret.txt: outside", "on the network", "environment variable", "nothing.txt: there is no such file"):
        assert word in shown
    assert "p4ss" not in shown
    assert "s3cret" not in repr(project)


def test_nested_projects_are_listed_and_not_read(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "attrs\n", "libs/a/pyproject.toml": "[[[", "docs/requirements.txt": "sphinx\n"})
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["requirements.txt"]
    assert [found.path for found in project.others] == ["docs/requirements.txt", "libs/a/pyproject.toml"]
    assert not project.errors


def test_a_file_that_cannot_be_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": "[[[", "requirements.txt": "attrs\n"})
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["requirements.txt"]
    assert [error.location.path for error in project.errors] == ["pyproject.toml"]
    assert not project.others


def test_a_tool_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "requirements.txt": "attrs\n-r folder\n",
            "folder/x": "",
            "setup.py": "print 1\n",
            "noxfile.py": "(",
            ".pre-commit-config.yaml": "a: [\n",
        },
    )
    project = read_project(tmp_path)
    assert not project.errors
    assert {problem.location.path for problem in project.problems} == {
        ".pre-commit-config.yaml",
        "noxfile.py",
        "requirements.txt",
        "setup.py",
    }


def test_tool_files_that_install_nothing_are_listed_apart(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "attrs\n", "Dockerfile": "FROM x\nRUN make\n", "tox.ini": "[testenv]\ndeps = pytest\n"})
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["requirements.txt", "tox.ini"]
    assert [found.path for found in project.silent] == ["Dockerfile"]
    assert not project.others


def test_members_of_a_uv_workspace_belong_to_its_lock(tmp_path: Path) -> None:
    members = {f"libs/{name}/pyproject.toml": f'[project]\nname = "{name}"\n' for name in ("a", "b", "old")}
    root = '[tool.uv.workspace]\nmembers = ["libs/*"]\nexclude = ["libs/old"]\n'
    tree(tmp_path, {"pyproject.toml": root, "other/pyproject.toml": "", **members})
    project = read_project(tmp_path)
    assert list(by_path(project)) == ["libs/a/pyproject.toml", "libs/b/pyproject.toml", "pyproject.toml"]
    assert [found.path for found in project.others] == ["libs/old/pyproject.toml", "other/pyproject.toml"]


def test_chosen_locks_are_the_only_ones(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "root/pyproject.toml": "",
            "root/uv.lock": "version = 1\n",
            "root/requirements.txt": "attrs==25.1.0 --hash=sha256:" + "0" * 64 + "\n",
            "root/requirements-dev.txt": "idna==3.10\n",
            "elsewhere/pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n',
        },
    )
    root = tmp_path / "root"
    project = read_project(root, locks=(root / "uv.lock",))
    assert roles(project) == {"pyproject.toml": "manifest", "requirements-dev.txt": "manifest", "uv.lock": "lock"}
    assert [found.path for found in project.others] == ["requirements.txt"]
    assert [file.path for file in project.files if file.locked_elsewhere] == ["requirements-dev.txt"]
    outside = tmp_path / "elsewhere" / "pylock.toml"
    project = read_project(root, locks=(outside,))
    assert [file.path for file in project.files if file.role == "lock"] == [outside.as_posix()]
    assert [found.path for found in project.others] == ["requirements.txt", "uv.lock"]
    assert [file.path for file in project.files if file.locked_elsewhere] == ["pyproject.toml", "requirements-dev.txt"]


def test_files_of_groups_are_told_apart_where_one_is_the_main_one(tmp_path: Path) -> None:
    pins = dict.fromkeys(("requirements.txt", "requirements-smoke.txt", "requirements-web.txt"), "attrs==25.1.0\n")
    tree(tmp_path, {**pins, "requirements.txt": "-r requirements-web.txt\n"})
    assert {file.path: file.groups for file in read_project(tmp_path).files} == {
        "requirements.txt": (),
        "requirements-smoke.txt": ("smoke",),
        "requirements-web.txt": (),
    }
    (tmp_path / "requirements.txt").unlink()
    assert {file.groups for file in read_project(tmp_path).files} == {()}


def test_excluded_files_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "attrs\n", "requirements-old.txt": "six\n"})
    assert list(by_path(read_project(tmp_path, excluded=("*-old.txt",)))) == ["requirements.txt"]
    with pytest.raises(UsageError):
        read_project(tmp_path, excluded=("!",))


def test_staleness_is_part_of_the_lock(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.in": "attrs\nflask\n", "requirements.txt": "# pip-compile requirements.in\nattrs==25.1.0\n"})
    assert "flask is asked for and not pinned" in (by_path(read_project(tmp_path))["requirements.txt"].stale or "")


def test_cycles_of_a_long_chain_need_no_recursion() -> None:
    from steadypin.model.location import Location

    place = Location(path="x")
    edges = {str(n): {str(n + 1): place} for n in range(5000)}
    assert not list(include_cycles(edges))
    edges["5000"] = {"0": place}
    assert len(list(include_cycles(edges))) == 1


@pytest.mark.skipif(not BROKEN.is_dir() and "CI" not in os.environ, reason="the corpus is not here")
@pytest.mark.parametrize("name", ["include-bomb", "include-cycle", "include-missing", "include-outside", "include-self"])
def test_the_corpus_of_broken_includes(name: str) -> None:
    project = read_project(BROKEN / name)
    assert "attrs" in {entry.name for file in project.files for entry in file.declared}
    assert bool(project.problems) == (name != "include-bomb")
    assert not project.errors
