"""uv, Poetry, pdm and pylock: what their layouts say beyond the samples."""

from __future__ import annotations

import pytest

from steadypin.errors import SourceError
from steadypin.model.locked import LockedDependency, SourceFile
from steadypin.sources.lockfiles import pdm, poetry, pylock, uv

A = "a" * 64
UV = 'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n'


def read_uv(text: str) -> SourceFile:
    return uv.read((UV + text).encode(), "uv.lock")


def package(name: str, source: str = '{ registry = "https://index.example/simple" }', more: str = "") -> str:
    return f'\n[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {source}\n{more}'


@pytest.mark.parametrize(
    ("source", "kind", "url", "revision"),
    [
        ('{ registry = "https://u:pw@index.example/simple" }', "index", "https://****@index.example/simple", None),
        ('{ git = "https://git.example/o/r?tag=v1#abc" }', "vcs", "https://git.example/o/r", "abc"),
        ('{ url = "https://files.example/x.whl" }', "url", "https://files.example/x.whl", None),
        ('{ path = "x.whl" }', "path", "x.whl", None),
        ('{ directory = "sub" }', "path", "sub", None),
        ('{ editable = "." }', "editable", ".", None),
        ('{ virtual = "." }', "virtual", ".", None),
        ('"registry+https://index.example/simple"', "index", "https://index.example/simple", None),
        ('"direct+https://files.example/x.whl"', "url", "https://files.example/x.whl", None),
    ],
)
def test_uv_sources(source: str, kind: str, url: str, revision: str | None) -> None:
    found = read_uv(package("x", source)).packages[0]
    assert found.origin is not None
    assert (found.kind, found.origin.url, found.origin.revision) == (kind, url, revision)


def test_uv_edges_say_when_they_exist() -> None:
    more = """dependencies = [{ name = "b", version = "2", marker = "python_version < '3.11'" }, { name = "c", extra = ["d"] }]
[package.optional-dependencies]
fast = [{ name = "e" }]
[package.dev-dependencies]
dev = [{ name = "F_g" }]
[package.metadata]
requires-dist = [{ name = "b", specifier = ">=1" }, { name = "e", marker = "extra == 'fast'" }, { name = "v", git = "https://g.example/r" }]
[package.metadata.requires-dev]
dev = [{ name = "f-g", extras = ["x"], specifier = "<3" }]
"""
    file = read_uv(package("root", '{ editable = "." }', more))
    assert file.packages[0].dependencies == (
        LockedDependency(name="b", specifier="==2", marker='python_version < "3.11"'),
        LockedDependency(name="c", extras=("d",)),
        LockedDependency(name="e", under="extra:fast"),
        LockedDependency(name="f-g", under="group:dev"),
    )
    assert ("requires-dist", 'root: e ; extra == "fast"') in file.freshness
    assert ("requires-dist", "root: v @ https://g.example/r") in file.freshness
    assert ("requires-dev", "root:dev: f-g[x]<3") in file.freshness
    assert (file.roots, file.project_name) == (("root",), "root")


def test_uv_forks() -> None:
    file = read_uv(
        package("x", more="resolution-markers = [\"python_full_version < '3.11'\"]\n")
        + package("x", more="resolution-markers = [\"python_full_version >= '3.11'\"]\n").replace("1.0", "2.0")
    )
    assert [p.resolution_markers for p in file.packages] == [
        ('python_full_version < "3.11"',),
        ('python_full_version >= "3.11"',),
    ]
    assert not file.problems


def test_uv_the_same_entry_twice_is_a_problem() -> None:
    assert "the same pin twice" in read_uv(package("x") + package("X")).problems[0].message


def test_uv_workspace_members_are_roots() -> None:
    assert read_uv('[manifest]\nmembers = ["b", "a"]\n').roots == ("a", "b")


def test_uv_what_a_script_or_a_workspace_without_a_project_asks_for_has_edges_of_its_own() -> None:
    file = read_uv(
        '[manifest]\nrequirements = [{ name = "Rich", specifier = ">13" }]\ndependency-groups.dev = [{ name = "ruff" }]\n'
    )
    assert (file.roots, [(edge.name, edge.under) for edge in file.top_level]) == ((), [("rich", ""), ("ruff", "group:dev")])


def test_uv_places() -> None:
    place = read_uv(package("x") + package("y")).packages[1].location
    assert (place.line, place.column, place.key) == (11, 1, "package[1]")


def test_a_header_inside_a_text_does_not_mislead() -> None:
    file = read_uv('note = """\n[[package]]\nname = "no"\n"""\n' + package("x"))
    assert [(p.name, p.location.line) for p in file.packages] == [("x", None)]


@pytest.mark.parametrize(
    ("module", "text", "newest"),
    [
        (uv, "version = 2\n", "1"),
        (poetry, '[metadata]\nlock-version = "3.0"\n', "2.1"),
        (pdm, '[metadata]\nlock_version = "4.6.0"\n', "4.5"),
        (pylock, 'lock-version = "2.0"\n', "1.0"),
    ],
)
def test_a_newer_layout_is_refused_with_the_newest_that_is_known(module: object, text: str, newest: str) -> None:
    with pytest.raises(SourceError) as caught:
        module.read(text.encode(), "x")  # type: ignore[attr-defined]
    assert f"{newest} is the newest" in caught.value.message
    assert "upgrade steadypin" in caught.value.hint


def test_poetry_minor_versions_are_read_with_a_warning() -> None:
    assert "newer than 2.1" in poetry.read(b'package = []\n[metadata]\nlock-version = "2.9"\n', "x").problems[0].message


POETRY = '# This file is automatically @generated by Poetry 2.1.3 and should not be changed by hand.\n[[package]]\nname = "Foo"\nversion = "1.0"\noptional = true\npython-versions = "^3.9"\n'


def test_poetry_2_1() -> None:
    file = poetry.read(
        (
            POETRY
            + f"""groups = ["main", "dev"]
files = [{{file = "foo-1.0.tar.gz", hash = "sha256:{A}"}}]
[package.markers]
main = "extra == 'x'"
[package.dependencies]
bar = {{version = ">=1", optional = true, markers = "extra == 'socks'"}}
baz = [{{version = "*", markers = "python_version < '3'"}}, {{version = "^2", python = ">=3.5,<4.0"}}]
[package.extras]
socks = ["Bar (>=1)"]
[extras]
x = ["foo"]
[metadata]
lock-version = "2.1"
python-versions = ">=3.9"
content-hash = "abc"
"""
        ).encode(),
        "poetry.lock",
    )
    (found,) = file.packages
    assert (found.groups, found.marker, found.optional) == (("main", "dev"), None, True)
    assert found.markers_by_group == (("main", 'extra == "x"'),)
    assert found.files[0].filename == "foo-1.0.tar.gz"
    assert found.dependencies == (
        LockedDependency(name="bar", specifier=">=1", marker='extra == "socks"', under="extra:socks"),
        LockedDependency(name="baz", marker='python_version < "3"'),
        LockedDependency(name="baz", specifier="^2", marker='python_version >= "3.5" and python_version < "4.0"'),
    )
    assert file.generated_by == "poetry 2.1.3"
    assert file.freshness == (("content-hash", "abc"), ("python-versions", ">=3.9"))
    assert file.extras == ("x",)


@pytest.mark.parametrize(
    "metadata",
    [f'[metadata.hashes]\nfoo = ["{A}"]\n', f'[metadata.files]\nFOO = [{{file = "foo.whl", hash = "sha256:{A}"}}]\n'],
    ids=["2018", "1.x"],
)
def test_poetry_hashes_of_older_layouts(metadata: str) -> None:
    (found,) = poetry.read((POETRY + 'category = "dev"\n' + metadata).encode(), "x").packages
    assert found.files[0].hashes == (f"sha256:{A}",)
    assert found.groups == ("dev",)


@pytest.mark.parametrize(
    ("source", "develop", "kind"),
    [
        ("git", False, "vcs"),
        ("directory", True, "editable"),
        ("directory", False, "path"),
        ("file", False, "path"),
        ("url", False, "url"),
        ("legacy", False, "index"),
    ],
)
def test_poetry_sources(source: str, develop: bool, kind: str) -> None:
    text = f'{POETRY}develop = {str(develop).lower()}\nfiles = []\n[package.source]\ntype = "{source}"\nurl = "https://u:p@x.example/y"\n'
    (found,) = poetry.read(text.encode(), "x").packages
    assert found.kind == kind
    assert found.origin is not None
    assert found.origin.url == "https://****@x.example/y"


def test_pdm_targets_become_environments() -> None:
    file = pdm.read(
        b'[metadata]\nlock_version = "4.5.0"\ngroups = ["default", "dev"]\nstrategy = ["inherit_metadata"]\ncontent_hash = "sha256:x"\n'
        b'[[metadata.targets]]\nrequires_python = ">=3.9,<4"\nplatform = "manylinux_2_17_x86_64"\nimplementation = "cpython"\n',
        "pdm.lock",
    )
    assert file.environments == (
        'python_full_version >= "3.9" and python_full_version < "4" and sys_platform == "linux"'
        ' and platform_machine == "x86_64" and implementation_name == "cpython"',
    )
    assert (file.groups, file.default_groups) == (("default", "dev"), ("default",))
    assert dict(file.freshness) == {"content_hash": "sha256:x", "strategy": "inherit_metadata"}


@pytest.mark.parametrize("table", ["metadata.files", "metadata"], ids=["2 to 4.2", "first"])
def test_pdm_hashes_of_older_layouts(table: str) -> None:
    root = '[root]\nmeta_version = "0.0.1"\n' if table == "metadata" else ""
    text = f'[[package]]\nname = "Foo.Bar"\nversion = "1.0"\n[{table}]\n"foo-bar 1.0" = [{{file = "f.whl", hash = "sha256:{A}"}}]\n{root}'
    (found,) = pdm.read(text.encode(), "x").packages
    assert found.hashed == 1


def test_pdm_extras_are_entries_of_their_own() -> None:
    entry = '[[package]]\nname = "foo"\nversion = "1.0"\n'
    file = pdm.read((entry + 'extras = ["b", "a"]\ndependencies = ["x>=1; os_name == \'nt\'"]\n' + entry).encode(), "x")
    assert [found.extras for found in file.packages] == [("a", "b"), None]
    assert file.packages[0].dependencies == (LockedDependency(name="x", specifier=">=1", marker='os_name == "nt"'),)
    assert not [problem for problem in file.problems if "twice" in problem.message]


PYLOCK = 'lock-version = "1.0"\ncreated-by = "me"\n'


@pytest.mark.parametrize(
    ("source", "kind", "hashes"),
    [
        ('vcs = { type = "git", url = "https://git.example/r", commit-id = "abc" }', "vcs", 0),
        ('directory = { path = "x" }', "path", 0),
        ('directory = { path = "x", editable = true }', "editable", 0),
        (f'archive = {{ url = "https://x.example/x.zip", hashes = {{ sha256 = "{A}" }} }}', "url", 1),
        (f'archive = {{ path = "x.zip", hashes = {{ sha256 = "{A}" }} }}', "path", 1),
    ],
)
def test_pylock_sources(source: str, kind: str, hashes: int) -> None:
    file = pylock.read(f'{PYLOCK}[[packages]]\nname = "x"\n{source}\n'.encode(), "pylock.toml")
    (found,) = file.packages
    assert (found.kind, found.hashed, file.problems) == (kind, hashes, ())


def test_pylock_that_the_standard_refuses_is_listed_all_the_same() -> None:
    file = pylock.read(f'{PYLOCK}[[packages]]\nname = "Foo_Bar"\nversion = "1"\n[[packages]]\nversion = "2"\n'.encode(), "x")
    assert [found.name for found in file.packages] == ["foo-bar"]
    assert file.problems


def test_pylock_unknown_minor_is_read_with_a_warning_and_without_a_log(caplog: pytest.LogCaptureFixture) -> None:
    file = pylock.read(b'lock-version = "1.7"\ncreated-by = "me"\npackages = []\n', "x")
    assert len(file.problems) == 1
    assert not caplog.records


def test_pylock_extras_and_groups() -> None:
    text = PYLOCK + 'extras = ["x"]\ndependency-groups = ["dev", "docs"]\ndefault-groups = ["dev"]\npackages = []\n'
    file = pylock.read(text.encode(), "x")
    assert (file.extras, file.groups, file.default_groups) == (("x",), ("dev", "docs"), ("dev",))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('version = 1\nx = "a\n', 2, "not valid TOML"),
        ("version = 1\nversion = 2\n", 2, "not valid TOML"),
        ("x = " + "[" * 5000, None, "nested too deeply"),
        ("x = " + "9" * 5000, None, "not valid TOML"),
    ],
    ids=["cut", "twice", "deep", "digits"],
)
def test_broken_toml_names_its_line(text: str, line: int | None, what: str) -> None:
    with pytest.raises(SourceError, match=what) as caught:
        uv.read(text.encode(), "uv.lock")
    if line is not None:
        assert caught.value.location.line == line
