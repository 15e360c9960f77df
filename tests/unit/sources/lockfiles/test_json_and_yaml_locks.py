"""Pipfile.lock, conda-lock, pixi and environment.yml, and the two texts under them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steadypin.errors import SourceError
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.sources.lockfiles import conda_lock, environment, jsontext, pipfile, pixi, yamltext
from steadypin.sources.lockfiles.conda_names import parse_package_file, parse_spec

A = "a" * 64


def read_pipfile(default: Any, **sections: Any) -> SourceFile:
    document = {"_meta": {"pipfile-spec": 6, "hash": {"sha256": "abc"}}, "default": default, **sections}
    return pipfile.read(json.dumps(document, indent=4).encode(), "Pipfile.lock")


def entry(**content: Any) -> LockedPackage:
    file = read_pipfile({"foo": content})
    assert not file.problems, file.problems
    return file.packages[0]


@pytest.mark.parametrize(
    ("content", "kind", "version"),
    [
        ({"version": "==1.0"}, "index", "1.0"),
        ({"version": "===1.0-odd"}, "index", "1.0-odd"),
        ({"git": "https://git.example/r", "ref": "abc", "editable": True}, "vcs", None),
        ({"path": ".", "editable": True}, "editable", None),
        ({"path": "./x"}, "path", None),
        ({"file": "https://files.example/x.zip"}, "url", None),
    ],
)
def test_pipfile_kinds(content: dict[str, Any], kind: str, version: str | None) -> None:
    found = entry(**content)
    assert (found.kind, found.version) == (kind, version)


def test_pipfile_markers_may_stand_in_keys_of_their_own() -> None:
    found = entry(version="==1.0", markers="python_version >= '3'", sys_platform="== 'win32'", extras=["b", "a"])
    assert found.marker == 'python_version >= "3" and sys_platform == "win32"'
    assert found.extras == ("a", "b")


def test_pipfile_sections_of_any_name_and_their_merging() -> None:
    same = {"version": "==1.0", "hashes": [f"sha256:{A}"]}
    file = read_pipfile({"foo": same, "bar": "==2.0"}, develop={"Foo": same}, docs={"bar": {"version": "==3.0"}})
    assert [(p.name, p.version, p.groups) for p in file.packages] == [
        ("bar", "2.0", ("default",)),
        ("bar", "3.0", ("docs",)),
        ("foo", "1.0", ("default", "develop")),
    ]
    assert not file.problems, "sections are locked one by one"
    assert file.freshness == (("pipfile-hash", "sha256:abc"),)
    assert file.packages[0].location.line is not None


@pytest.mark.parametrize("version", ["*", ">=1.0", "", "==1.*", None])
def test_pipfile_entries_that_pin_nothing_are_told(version: str | None) -> None:
    file = read_pipfile({"foo": {"version": version}})
    assert file.unpinned == ("foo",)
    assert not file.problems, "a rule of its own speaks of them (pipenv writes such entries for other platforms)"


def test_pipfile_spec_of_the_future_is_refused() -> None:
    with pytest.raises(SourceError, match="6 is the newest"):
        pipfile.read(b'{"_meta": {"pipfile-spec": 7}}', "x")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{\n "a": [1,\n}', 3, 1), ('{"a": 1} x', 1, 10), ('{"a": "', 1, 7), ("[1]", 1, None), ('"text"', 1, None)],
)
def test_broken_json_names_its_place(text: str, line: int, column: int | None) -> None:
    with pytest.raises(SourceError) as caught:
        jsontext.load(text.encode(), "x")
    assert (caught.value.location.line, caught.value.location.column) == (line, column)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": NaN}', '{"a":' * 5000])
def test_json_that_no_tool_writes_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        jsontext.load(text.encode(), "x")


def test_json_places_know_escapes_and_depth() -> None:
    text = '{\n "a\\"b": {"c": {"c": 1}, "d": ["{", {"e": 2}]},\n "f": 1\n}'
    assert [(key, place) for key, place in jsontext.places(text)] == [
        (('a"b',), (2, 2)),
        (('a"b', "c"), (2, 11)),
        (('a"b', "d"), (2, 26)),
        (("f",), (3, 2)),
    ]


def test_json_keys_that_stand_twice_are_told_and_nothing_is_lost() -> None:
    document = jsontext.load(b'{"a": {"x": 1, "x": 2},\n "a": {"y": {"z": 1, "z": 2}}}', "p")
    assert document.root.content == {"a": {"x": 2, "y": {"z": 2}}}
    assert [(problem.location.line, problem.message.split(";")[0]) for problem in document.problems] == [
        (1, "a.x stands twice"),
        (2, "a stands twice"),
        (None, "the key 'z' stands twice"),
    ]


def yaml_of(text: str) -> Any:
    return yamltext.load(text.encode(), "x").root.content


def test_yaml_scalars_stay_texts() -> None:
    content = yaml_of("a: 25.10\nb: yes\nc: 2024-01-02\nd: ~\ne:\nf: 'null'\ng: 1e3\nh: 0o17\ni: [1, no]\n25: x\n")
    assert content == {
        "a": "25.10",
        "b": "yes",
        "c": "2024-01-02",
        "d": None,
        "e": None,
        "f": "null",
        "g": "1e3",
        "h": "0o17",
        "i": ["1", "no"],
        "25": "x",
    }


def test_yaml_anchors_aliases_and_merges() -> None:
    assert yaml_of("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\nf:\n  <<: [*x, {g: 4}]\n  b: 9\n") == {
        "a": {"b": "1", "c": "2"},
        "d": {"b": "1", "c": "2"},
        "e": {"b": "1", "c": "3"},
        "f": {"b": "9", "c": "2", "g": "4"},
    }


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: [\n", 3, "not valid YAML"),
        ("a: 1\nb: !!python/object/apply:os.system [x]\n", 2, "refused"),
        ("a: 1\nb: !thing x\n", 2, "refused"),
        ("a: 1\nb: " + "[" * 500, 2, "nested"),
        ("a: &x [*x]\n", 1, "no finished anchor"),
        ("a: *x\n", 1, "no finished anchor"),
        ("? [a]\n: 1\n", 1, "not a text"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("- a\n", 1, "expected a mapping"),
        ("a: \x01\n", None, "not valid YAML"),
    ],
)
def test_yaml_that_is_refused(text: str, line: int | None, what: str) -> None:
    with pytest.raises(SourceError, match=what) as caught:
        yamltext.load(text.encode(), "x")
    assert caught.value.location.line == line


def test_yaml_bombs_are_refused_before_they_go_off() -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    with pytest.raises(SourceError, match="aliases"):
        yamltext.load(text.encode(), "x")


def test_yaml_keys_that_stand_twice_are_told() -> None:
    assert yamltext.load(b"a: 1\na: 2\n", "x").problems[0].location.line == 2


def test_conda_lock() -> None:
    file = conda_lock.read(
        f"""version: 1
metadata:
  content_hash: {{linux-64: abc}}
  sources: [environment.yml]
package:
- {{name: _libgcc_mutex, version: 0.1, manager: conda, platform: linux-64, url: https://c.example/x.conda, hash: {{md5: b}}, category: main}}
- {{name: Foo, version: 1.10, manager: pip, platform: linux-64, url: https://f.example/x.whl, hash: {{sha256: {A}}}, categories: [main, dev], dependencies: {{bar: '*'}}}}
- {{name: baz, version: '1', manager: pip, platform: osx-64, url: u, source: {{type: url, url: https://u:p@x.example/z.zip}}}}
""".encode(),
        "conda-lock.yml",
    )
    assert [(p.name, p.version, p.kind, p.hashed, p.groups, p.platforms) for p in file.packages] == [
        ("-libgcc-mutex", "0.1", "conda", 1, ("main",), ("linux-64",)),
        ("baz", "1", "url", 0, None, ("osx-64",)),
        ("foo", "1.10", "index", 1, ("main", "dev"), ("linux-64",)),
    ]
    assert file.includes[0].path == "environment.yml"
    assert file.freshness == (("content-hash:linux-64", "abc"),)
    assert file.packages[2].location.line == 7


def test_pixi_selectors_tell_environments_platforms_and_extras() -> None:
    file = pixi.read(
        f"""version: 6
environments:
  default:
    channels: [{{url: https://c.example/}}]
    indexes: [https://index.example/simple]
    packages:
      linux-64:
      - conda: https://c.example/linux-64/some-tool-1.2.3-h123_0.conda
      - pypi: https://f.example/foo-1.0-py3-none-any.whl
        extras: [b]
  test:
    channels: []
    packages:
      win-64:
      - pypi: https://f.example/foo-1.0-py3-none-any.whl
packages:
- conda: https://c.example/linux-64/some-tool-1.2.3-h123_0.conda
  sha256: {A}
  depends: [libfoo >=1,<2]
- pypi: https://f.example/foo-1.0-py3-none-any.whl
  name: foo
  version: 1.0
  sha256: {A}
  requires_dist: ["bar>=2 ; extra == 'x'"]
- pypi: git+https://git.example/r.git?rev=abc#abcdef
  name: vcs
  version: 0.1
- pypi: ./local
  name: local
  editable: true
""".encode(),
        "pixi.lock",
    )
    assert [(p.name, p.version, p.kind, p.hashed) for p in file.packages] == [
        ("foo", "1.0", "index", 1),
        ("local", None, "editable", 0),
        ("some-tool", "1.2.3", "conda", 1),
        ("vcs", "0.1", "vcs", 0),
    ]
    foo = file.packages[0]
    assert (foo.groups, foo.platforms, foo.extras) == (("default", "test"), ("linux-64", "win-64"), ("b",))
    assert foo.dependencies[0].marker == 'extra == "x"'
    assert file.packages[3].origin is not None
    assert file.packages[3].origin.revision == "abcdef"


def test_pixi_first_layouts_and_source_packages() -> None:
    old = pixi.read(b"version: 3\npackage:\n- {name: foo, version: '1', manager: pypi, platform: linux-64}\n", "x")
    assert [(p.name, p.kind) for p in old.packages] == [("foo", "index")]
    new = pixi.read(b"version: 7\nenvironments: {}\npackages:\n- conda_source: my-pkg[abc] @ ./src\n  version: '2'\n", "x")
    assert [(p.name, p.version) for p in new.packages] == [("my-pkg", "2")]
    with pytest.raises(SourceError, match="7 is the newest"):
        pixi.read(b"version: 8\n", "x")


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("numpy", "numpy", None),
        ("numpy=1.26", "numpy", None),
        ("numpy==1.26", "numpy", "1.26"),
        ("numpy 1.26", "numpy", "1.26"),
        ("numpy=1.26=py39_0", "numpy", "1.26"),
        ("numpy ==1.26 py39_0", "numpy", "1.26"),
        ("numpy>=1,<2", "numpy", None),
        ("numpy 1.26.*", "numpy", None),
        ("conda-forge::numpy==1.26", "numpy", "1.26"),
        ("numpy[version='==1.26']", "numpy", "1.26"),
        ("numpy[version='>=1.26']", "numpy", None),
        ("numpy==1.26|==1.27", "numpy", None),
    ],
)
def test_conda_specifications(text: str, name: str, version: str | None) -> None:
    spec = parse_spec(text)
    assert spec is not None
    assert (spec.name, spec.version) == (name, version)


def test_conda_file_names() -> None:
    assert parse_package_file("https://c.example/a-b-1.0-h1_0.tar.bz2") == ("a-b", "1.0")
    assert parse_package_file("https://c.example/x.whl") is None


def test_environment_yml() -> None:
    file = environment.read(
        b"""name: dev
dependencies:
  - python=3.12  # [win]
  - numpy==1.26.0
  - pip:
      - flask==3.0
      - -r more.txt
      - -e .
      - not a requirement
  - npm: [x]
  - [1]
  - "=bad"
""",
        "environment.yml",
    )
    assert [(p.name, p.version, p.kind, p.groups) for p in file.packages] == [
        (None, None, "editable", ("pip",)),
        ("flask", "3.0", "index", ("pip",)),
        ("numpy", "1.26.0", "conda", None),
        ("python", None, "conda", None),
    ]
    assert [problem.location.line for problem in file.problems] == [9, 10, 11, 12]
    assert [item.path for item in file.includes] == ["more.txt"]
    assert [item.name for item in file.declared] == ["flask"]
    assert file.unpinned == ("python",)
