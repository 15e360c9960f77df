"""pyproject.toml in the words of the standards and of every tool."""

from __future__ import annotations

import pytest
from packaging.dependency_groups import DependencyGroupResolver

from steadypin import toml
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.places import Places
from steadypin.sources.manifests.pyproject import read_pyproject


def read(text: str) -> SourceFile:
    return read_pyproject(text.encode(), "pyproject.toml")


def requirements(file: SourceFile) -> list[str]:
    return [entry.requirement for entry in file.declared]


def one(text: str) -> DeclaredRequirement:
    (entry,) = read(text).declared
    return entry


def test_pep_621() -> None:
    file = read("""\
[project]
name = "Demo.App"
requires-python = ">=3.10"
dependencies = [
  "Requests[socks] >= 2",  # a comment
  "attrs==25.1.0; python_version < '3.9'",
]
[project.optional-dependencies]
Dev_Tools = ["pytest"]
""")
    assert (file.project_name, file.requires_python, file.role) == ("Demo.App", ">=3.10", "manifest")
    assert [(e.name, e.extra, e.location.line, e.location.column, e.location.key) for e in file.declared] == [
        ("requests", None, 5, 3, "project.dependencies[0]"),
        ("attrs", None, 6, 3, "project.dependencies[1]"),
        ("pytest", "dev-tools", 9, 14, "project.optional-dependencies.Dev_Tools[0]"),
    ]
    pins = {package.name: (package.version, package.extras, package.marker) for package in file.packages}
    assert pins["attrs"] == ("25.1.0", None, 'python_version < "3.9"')
    assert pins["requests"] == (None, ("socks",), None)


def test_one_bad_entry_is_a_problem_at_its_place_and_the_rest_is_read() -> None:
    file = read('[project]\ndependencies = [\n"a",\n"b >",\n3,\n"c",\n]\n')
    assert requirements(file) == ["a", "c"]
    assert [(p.location.line, p.message.partition(":")[0]) for p in file.problems] == [
        (4, "not a valid requirement (PEP 508)"),
        (5, "project.dependencies[2]"),
    ]


def test_wrong_shapes_are_problems_and_not_errors() -> None:
    file = read(
        'project = 3\nbuild-system = []\ntool.uv.sources = "x"\ntool.poetry.dependencies = [1]\ndependency-groups.a = 1\n'
    )
    assert not file.declared
    assert len(file.problems) == len({problem.location.key for problem in file.problems}) == 5


GROUPS = """\
[dependency-groups]
test = ["pytest>=8", {include-group = "Lint_All"}]
lint-all = ["ruff", {include-group = "typing"}]
typing = ["mypy"]
"""


def test_dependency_groups_are_what_packaging_says() -> None:
    oracle = DependencyGroupResolver(toml.loads(GROUPS)["dependency-groups"])
    found: dict[str, set[str]] = {}
    for entry in read(GROUPS).declared:
        found.setdefault(str(entry.group), set()).add(entry.requirement)
    assert found == {name: {str(r) for r in oracle.resolve(name)} for name in ("test", "lint-all", "typing")}


def test_an_included_entry_stands_where_it_is_written() -> None:
    assert {entry.location.line for entry in read(GROUPS).declared if entry.name == "mypy"} == {4}


def test_group_cycles_and_unknown_groups_are_problems() -> None:
    file = read('[dependency-groups]\na = ["x", {include-group = "b"}]\nb = [{include-group = "a"}, {include-group = "zz"}]\n')
    assert sorted(problem.message for problem in file.problems) == [
        "dependency-groups.a[1]: groups include each other: b > a > b",
        "dependency-groups.b[0]: groups include each other: a > b > a",
        "dependency-groups.b[1]: there is no group 'zz'",
    ]
    assert {entry.group for entry in file.declared} == {"a", "b"}


def test_uv_sources_say_where_from() -> None:
    file = read("""\
[project]
dependencies = ["a", "b>=2", "c", "d", "e"]
[tool.uv.sources]
a = { git = "https://git.example/a", tag = "v1", subdirectory = "x" }
b = { path = "../b", editable = true }
c = [{ index = "cpu", marker = "sys_platform == 'linux'" }, { index = "gpu", marker = "sys_platform != 'linux'" }]
D = { workspace = true }
[[tool.uv.index]]
name = "cpu"
url = "https://cpu.example/simple"
""")
    assert requirements(file) == [
        "a @ git+https://git.example/a@v1#subdirectory=x",
        "b>=2",
        "c; sys_platform == 'linux'",
        "c; sys_platform != 'linux'",
        "d",
        "e",
    ]
    kinds = {package.name: package.kind for package in file.packages}
    assert kinds == {"a": "vcs", "b": "editable", "c": "index", "d": "editable", "e": "index"}
    assert file.index_urls == ("https://cpu.example/simple",)


def test_uv_constraints_overrides_and_workspace() -> None:
    file = read("""\
[tool.uv]
constraint-dependencies = ["a<2"]
override-dependencies = ["b==1"]
dev-dependencies = ["c"]
[tool.uv.workspace]
members = ["packages/*"]
""")
    assert [(e.kind, e.group) for e in file.declared] == [("constraint", None), ("override", None), ("requirement", "dev")]
    assert [(i.kind, i.path) for i in file.includes] == [("workspace", "packages/*")]


def test_poetry() -> None:
    file = read("""\
[tool.poetry]
name = "old"
[tool.poetry.dependencies]
python = "^3.9"
a = "^1.2"
"B_b" = { version = "~2.0", extras = ["z", "y"], markers = "os_name == 'nt' or os_name == 'x'", python = "<3.12" }
c = [{ version = "1.*", python = "<3.10" }, { version = "^2", platform = "win32" }]
d = { version = "*", optional = true }
e = { git = "git@git.example:o/e.git", rev = "abc" }
f = { path = "../f", develop = true }
g = { url = "https://files.example/g-1.tar.gz" }
[tool.poetry.group.dev.dependencies]
h = ">=1 <2"
[tool.poetry.dev-dependencies]
i = "1.0"
[tool.poetry.extras]
more = ["d"]
[[tool.poetry.source]]
name = "inner"
url = "https://u:secret@index.example/simple"
""")
    assert (file.project_name, file.requires_python) == ("old", ">=3.9,<4.0")
    assert requirements(file) == [
        "a>=1.2,<2.0",
        "B_b[y,z]>=2.0,<2.1; (os_name == 'nt' or os_name == 'x') and python_version < \"3.12\"",
        'c==1.*; python_version < "3.10"',
        'c>=2,<3.0; sys_platform == "win32"',
        "d",
        "e @ git+ssh://git@git.example/o/e.git@abc",
        "f",
        "g @ https://files.example/g-1.tar.gz",
        "h>=1,<2",
        "i==1.0",
    ]
    assert {e.name: e.extra for e in file.declared if e.extra} == {"d": "more"}
    assert {e.name: e.group for e in file.declared if e.group} == {"h": "dev", "i": "dev"}
    assert {p.name: p.kind for p in file.packages if p.kind != "index"} == {"e": "vcs", "f": "editable", "g": "url"}
    assert file.index_urls == ("https://****@index.example/simple",)
    assert not file.problems


def test_pdm() -> None:
    file = read("""\
[tool.pdm.dev-dependencies]
test = ["pytest", "-e file:///${PROJECT_ROOT}/sub#egg=sub", "-e ./plain"]
[tool.pdm.resolution.overrides]
a = "1.2"
b = ">=2"
c = "https://files.example/c-1-py3-none-any.whl"
""")
    assert [(e.requirement, e.kind) for e in file.declared] == [
        ("pytest", "requirement"),
        ("sub @ file:///${PROJECT_ROOT}/sub#egg=sub", "requirement"),
        ("a==1.2", "override"),
        ("b>=2", "override"),
        ("c @ https://files.example/c-1-py3-none-any.whl", "override"),
    ]
    assert [package.kind for package in file.packages if package.name is None] == ["editable"]


def test_build_and_tools_are_kept_apart() -> None:
    file = read("""\
[build-system]
requires = ["hatchling>=1"]
[tool.hatch.envs.docs]
dependencies = ["sphinx"]
[tool.tox.env_run_base]
deps = ["pytest"]
""")
    assert [(e.name, e.kind, e.group) for e in file.declared] == [
        ("hatchling", "build", None),
        ("sphinx", "tool", "hatch:docs"),
        ("pytest", "tool", "tox"),
    ]


def test_setuptools_dynamic_files_are_includes() -> None:
    file = read('[tool.setuptools.dynamic]\ndependencies = {file = ["base.in"]}\noptional-dependencies.x = {file = "x.txt"}\n')
    assert [(i.kind, i.path, i.location.line) for i in file.includes] == [
        ("requirements", "base.in", 2),
        ("requirements", "x.txt", 3),
    ]


@pytest.mark.parametrize(("backend", "known"), [("hatchling.build", False), ("setuptools.build_meta", True)])
def test_dynamic_dependencies_that_nobody_can_read_are_a_problem(backend: str, known: bool) -> None:
    file = read(f'[project]\ndynamic = ["dependencies"]\n[build-system]\nbuild-backend = "{backend}"\n')
    assert bool(file.problems) != known


def test_an_empty_file_is_legal() -> None:
    assert not read("").declared
    assert not read("\n# nothing\n").problems


def test_places_in_every_shape_of_toml() -> None:
    text = '''\
a = 1
"q.k" = [1, [2,
  3]]
t = { x = [ { y = "v" } ], "z" = 2 }  # } ]
s = """multi
"" = line"""
l = \'\'\'it''s\'\'\'
[one.two]
three = [
  # "no",
  "yes",
]
[[list]]
k = 1
[list.sub]
k = 2
[[list]]
k = 3
'''
    places = Places(text, "p")

    def at(*key: str | int) -> tuple[int | None, int | None]:
        return places.at(*key).line, places.at(*key).column

    assert at("a") == (1, 5)
    assert at("q.k", 1, 1) == (3, 3)
    assert at("t", "x", 0, "y") == (4, 19)
    assert at("t", "z") == (4, 34)
    assert at("l") == (7, 5)
    assert at("one", "two", "three", 0) == (11, 3)
    assert at("list", 0, "sub", "k") == (16, 5)
    assert at("list", 1, "k") == (18, 5)
    assert at("list", 1, "absent") == (17, 1)
    assert str(places.at("q.k").key) == '"q.k"'
