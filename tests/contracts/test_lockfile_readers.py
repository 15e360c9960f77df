"""The laws of every reader of lock files, over files of real projects, over damaged ones, and over any bytes at all."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadypin.codec import decode, encode
from steadypin.errors import SourceError
from steadypin.model.locked import KINDS, LockedPackage, SourceFile
from steadypin.sources.lockfiles import READERS, Reader
from steadypin.text import printable

HERE = Path(__file__).parent.parent / "data" / "lockfiles"
SHARED = Path(__file__).parents[3] / "shared" / "corpus"
USUAL = {
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipfile": "Pipfile.lock",
    "pylock": "pylock.toml",
    "pixi": "pixi.lock",
    "conda-lock": "conda-lock.yml",
    "environment": "environment.yml",
    "requirements": "requirements.txt",
    "constraints": "constraints.txt",
}
BY_FORMAT = {reader.format: reader for reader in READERS}
SAMPLES = sorted(path for path in HERE.glob("files/*/*") if path.is_file())


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def shared(part: str) -> Iterator[Path]:
    yield from sorted((SHARED / part).glob("*/*"))


def need_shared() -> None:
    if SHARED.is_dir():
        return
    if os.environ.get("CI"):
        pytest.fail(f"the shared corpus is not at {SHARED}")
    pytest.skip("the shared corpus is not here")


def row(package: LockedPackage, keys: set[str]) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "kind": package.kind,
        "hashes": package.hashed,
        "marker": package.marker,
        "groups": tuple(sorted(set(package.groups or ()))),
        "extras": package.extras or (),
        "line": package.location.line,
        "requires_python": package.requires_python,
        "markers_by_group": package.markers_by_group,
    }
    return tuple(values[key] for key in sorted(keys))


def wanted_row(entry: dict[str, Any], keys: set[str]) -> tuple[Any, ...]:
    values = {
        **entry,
        "hashes": entry.get("hashes") or 0,
        "groups": tuple(sorted(set(entry.get("groups") or ()))),
        "extras": tuple(entry.get("extras") or ()),
        "markers_by_group": tuple(sorted((entry.get("markers_by_group") or {}).items())),
    }
    return tuple(values.get(key) for key in sorted(keys))


def hold_against(file: SourceFile, want: dict[str, Any]) -> None:
    """The same packages and the same facts; where the formats' own tools disagree, either reading."""
    keys = {"name", "version", "kind", "hashes", "marker", "groups", "extras", "markers_by_group"}
    if any("line" in entry for entry in want["packages"]):
        keys.add("line")
    if file.format in ("poetry", "pdm", "pylock"):
        keys.add("requires_python")
    expected = Counter(wanted_row(entry, keys) for entry in want["packages"])
    found = Counter(row(package, keys) for package in file.packages)
    if not want.get("disputed"):
        assert found == expected
    assert (file.format_version, file.requires_python) == (want["format_version"], want["requires_python"])
    assert sorted(file.index_urls) == sorted(want["index_urls"])
    assert sorted(file.unpinned) == sorted(want["unpinned"])
    includes = [include if isinstance(include, str) else include["path"] for include in want["includes"]]
    assert [include.path for include in file.includes] == includes
    if want["problems"]:
        assert file.problems
    if "roots" in want:
        roots = [root if isinstance(root, str) else root["name"] for root in want["roots"]]
        assert list(file.roots) == roots


def harmless(message: str) -> bool:
    """Whether nothing in a message is left to escape."""
    return printable(message, len(message)) == message


def hold_laws(file: SourceFile, path: str) -> None:
    """What holds for whatever a reader gives back."""
    assert file.path == path
    assert file.role in ("lock", "manifest", "both")
    assert [(p.name or "", p.version or "") for p in file.packages] == sorted(
        (p.name or "", p.version or "") for p in file.packages
    )
    for package in file.packages:
        assert package.kind in KINDS
        assert package.location.path == path
        assert package.location.line is not None or package.location.key
    for problem in file.problems:
        assert problem.location.path == path
        assert harmless(problem.message)
    assert decode(encode(file, kind="file"), SourceFile, kind="file", path="x") == file


@pytest.mark.parametrize("path", SAMPLES, ids=name_of)
def test_a_real_file_gives_its_answer(path: Path) -> None:
    reader = BY_FORMAT[path.parent.name]
    want = json.loads((HERE / "expected" / path.parent.name / f"{path.name}.json").read_text(encoding="utf-8"))
    file = reader.read(path.read_bytes(), USUAL[reader.format])
    hold_against(file, want)
    hold_laws(file, USUAL[reader.format])
    assert all(package.location.line for package in file.packages)


@pytest.mark.parametrize("path", SAMPLES, ids=name_of)
def test_line_ends_and_a_byte_order_mark_change_nothing(path: Path) -> None:
    reader = BY_FORMAT[path.parent.name]
    data = path.read_bytes()
    plain = reader.read(data, "x")
    assert reader.read(data.replace(b"\n", b"\r\n"), "x") == plain
    marked = reader.read(b"\xef\xbb\xbf" + data, "x")
    assert [package.name for package in marked.packages] == [package.name for package in plain.packages]


def test_the_whole_shared_corpus_gives_its_answers() -> None:
    need_shared()
    for path in shared("expected"):
        if path.parent.name not in BY_FORMAT:
            continue
        source = SHARED / "files" / path.parent.name / path.name.removesuffix(".json")
        file = BY_FORMAT[path.parent.name].read(source.read_bytes(), str(source))
        hold_against(file, json.loads(path.read_text(encoding="utf-8")))


def test_every_broken_file_of_the_shared_corpus_is_read_or_refused_with_its_place() -> None:
    need_shared()
    names = {name.lower(): BY_FORMAT[format] for format, name in USUAL.items()}
    for path in shared("broken"):
        reader = names.get(path.name.lower().replace("scalar.json.", ""))
        if reader is None or not path.is_file():
            continue
        try:
            hold_laws(reader.read(path.read_bytes(), path.name), path.name)
        except SourceError as error:
            assert error.location.path == path.name
            assert error.message
            assert error.hint


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_a_reader_knows_its_usual_name_and_no_other_s(reader: Reader) -> None:
    first = next(other for other in READERS if other.matches(f"some/folder/{USUAL[reader.format]}"))
    assert first is reader
    assert not reader.matches("README.md")


structured = [reader for reader in READERS if reader.format not in ("requirements", "constraints")]


@pytest.mark.parametrize("reader", structured, ids=lambda reader: reader.format)
@pytest.mark.parametrize("data", [b"", b"  \n", b"\xff\xfe", b"\xef\xbb\xbf"], ids=["nothing", "blank", "bom16", "bom8"])
def test_an_empty_lock_is_an_error_and_not_a_lock_without_packages(reader: Reader, data: bytes) -> None:
    with pytest.raises(SourceError, match="empty"):
        reader.read(data, "x")


def read_or_refuse(reader: Reader, data: bytes) -> SourceFile | None:
    """The law: a file or a SourceError that names the path, and the same again the second time."""
    try:
        file = reader.read(data, "some/path")
    except SourceError as error:
        assert error.location.path == "some/path"
        assert harmless(error.message)
        return None
    assert reader.read(data, "some/path") == file
    return file


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
@QUICK
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_or_refused(reader: Reader, data: bytes) -> None:
    read_or_refuse(reader, data)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """A real file with parts cut out, doubled, swapped or overwritten."""
    lines = data.splitlines(keepends=True)[:120]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        change = draw(st.sampled_from(("drop", "double", "swap", "cut", "insert", "value")))
        if not lines:
            break
        line = lines[at]
        if change == "drop":
            del lines[at]
        elif change == "double":
            lines.insert(at, line)
        elif change == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif change == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        elif change == "insert":
            place = draw(st.integers(0, len(line)))
            lines[at] = line[:place] + draw(st.sampled_from(ODD)) + line[place:]
        else:
            head, mark, _ = line.partition(b"=" if b" = " in line else b":")
            lines[at] = head + mark + b" " + draw(st.sampled_from(VALUES)) + b"\n"
    return b"".join(lines)


ODD = (
    b"\x00",
    b"\xff",
    b"[",
    b"{",
    b'"',
    b"'",
    b"#",
    b"\\",
    b"\\\n",
    b"- ",
    b"*a",
    b"&a ",
    b"!!python/name:os.system ",
    b"<<<<<<< a\n",
)
VALUES = (
    b"1",
    b"[]",
    b"{}",
    b'""',
    b"null",
    b"true",
    b'["x"]',
    b'{"a": 1}',
    b"[[1]]",
    b"1e999",
    b"2024-01-02",
    b'"\\u0000"',
    b"9" * 5000,
)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
@QUICK
@given(choice=st.data())
def test_a_damaged_lock_is_read_or_refused(reader: Reader, choice: st.DataObject) -> None:
    samples = [path for path in SAMPLES if path.parent.name == reader.format]
    data = choice.draw(mutated(choice.draw(st.sampled_from(samples)).read_bytes()))
    file = read_or_refuse(reader, data)
    if file is not None:
        hold_laws(file, "some/path")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
KEYS = (
    "name",
    "version",
    "source",
    "files",
    "hashes",
    "dependencies",
    "marker",
    "markers",
    "extras",
    "groups",
    "wheels",
    "sdist",
)
ENTRY = st.one_of(JSON, st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6).map(lambda entry: {"name": "a", **entry}))


@pytest.mark.parametrize("format", ["pipfile", "conda-lock", "pixi", "environment"])
@QUICK
@given(entries=st.lists(ENTRY, max_size=4), extra=JSON)
def test_entries_of_any_shape_are_read_or_refused(format: str, entries: list[Any], extra: Any) -> None:
    document = {
        "pipfile": {"_meta": extra, "default": {f"p{i}": entry for i, entry in enumerate(entries)}},
        "conda-lock": {"version": 1, "metadata": extra, "package": entries},
        "pixi": {"version": 6, "environments": {}, "packages": entries},
        "environment": {"name": "x", "dependencies": [*entries, {"pip": entries}]},
    }[format]
    file = read_or_refuse(BY_FORMAT[format], json.dumps(document).encode())
    if file is not None:
        hold_laws(file, "some/path")


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return '"none"' if value is None else json.dumps(value)


@pytest.mark.parametrize("format", ["uv", "poetry", "pdm", "pylock"])
@QUICK
@given(entries=st.lists(ENTRY, max_size=4), metadata=JSON)
def test_toml_entries_of_any_shape_are_read_or_refused(format: str, entries: list[Any], metadata: Any) -> None:
    name = "packages" if format == "pylock" else "package"
    head = {"uv": "version = 1\n", "pylock": 'lock-version = "1.0"\ncreated-by = "x"\n'}.get(format, "")
    text = f"{head}{name} = {toml_value(entries)}\nmetadata = {toml_value(metadata)}\n"
    file = read_or_refuse(BY_FORMAT[format], text.encode("utf-8", "replace"))
    if file is not None:
        hold_laws(file, "some/path")
