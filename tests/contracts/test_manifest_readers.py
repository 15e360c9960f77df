"""Laws of every manifest reader: any bytes give a SourceFile or a SteadypinError that names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadypin.codec import decode, encode
from steadypin.errors import SteadypinError
from steadypin.model import parse
from steadypin.model.locked import KINDS, SourceFile
from steadypin.sources.lockfiles.reader import Reader
from steadypin.sources.manifests import READERS

DATA = Path(__file__).parents[1] / "data" / "manifests"
EXAMPLES: dict[str, str | bytes] = {
    "pyproject": "pyproject.toml.txt",
    "pipfile-manifest": "Pipfile.txt",
    "setup.cfg": "setup.cfg.txt",
    "setup.py": "setup.py.txt",
    "nox": "noxfile.py.txt",
    "tox": "tox.ini.txt",
    "pre-commit": "pre-commit-config.yaml.txt",
    "dockerfile": "Dockerfile.txt",
    "workflow": "ci.yml.txt",
    "script": "tool.py.txt",
    "uv.toml": b'constraint-dependencies = ["a<2"]\n[[index]]\nurl = "https://user:secret@index.example/simple"\n',
    "tox.toml": b'requires = ["tox>=4"]\n[env_run_base]\ndeps = ["pytest", "-r x.txt"]\n[env.lint]\ndeps = ["ruff==0.5"]\n',
}
NAMES = {
    "pyproject": "pyproject.toml",
    "pipfile-manifest": "Pipfile",
    "setup.cfg": "setup.cfg",
    "setup.py": "setup.py",
    "nox": "noxfile.py",
    "tox": "tox.ini",
    "tox.toml": "tox.toml",
    "uv.toml": "uv.toml",
    "pre-commit": ".pre-commit-config.yaml",
    "dockerfile": "Dockerfile",
    "workflow": ".github/workflows/ci.yml",
    "script": "tools/run.py",
}
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from(
    [
        b"[",
        b"]",
        b"{",
        b'"',
        b"'",
        b"\\",
        b"\n",
        b"=",
        b"(",
        b"#",
        b"\x00",
        b"\xff",
        b"\x1b[31m",
        b"<<<<<<< x\n",
        b"${{",
        b"[[",
        b'"""',
        b"- ",
        b"&a ",
        b"*a",
        b";",
        b"@ ",
        b"://u:p@h",
        b"-e ",
        b"%",
        b"9" * 5000,
    ]
)


def example(reader: Reader) -> bytes:
    found = EXAMPLES[reader.format]
    return found if isinstance(found, bytes) else (DATA / found).read_bytes()


def attempt(reader: Reader, data: bytes) -> SourceFile | None:
    try:
        return reader.read(data, "shown/path")
    except SteadypinError as error:
        assert "shown/path" in str(error)
        return None


each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)


def test_every_reader_has_an_example() -> None:
    assert {reader.format for reader in READERS} == set(EXAMPLES) == set(NAMES)


@each_reader
def test_the_first_reader_that_matches_the_usual_name_is_this_one(reader: Reader) -> None:
    assert next(r for r in READERS if r.matches(NAMES[reader.format])) is reader


@each_reader
def test_what_is_read_has_the_shape_of_a_manifest(reader: Reader) -> None:
    file = reader.read(example(reader), "shown/path")
    assert file.role == "manifest"
    assert file.format == reader.format
    assert file.declared
    for entry in file.declared:
        assert parse.requirement(entry.requirement) is not None
        assert entry.name == parse.normalise(entry.name)
        assert entry.location.path == "shown/path"
        assert entry.location.line is not None
    for package in file.packages:
        assert package.kind in KINDS
        assert package.version is None or package.requirement is not None
    assert list(file.packages) == sorted(file.packages, key=lambda package: (package.name or "", package.version or ""))


@each_reader
def test_reading_twice_gives_the_same_and_survives_json(reader: Reader) -> None:
    first, second = (reader.read(example(reader), "shown/path") for _ in range(2))
    assert first == second
    assert decode(encode(first, kind="file"), SourceFile, kind="file", path="x") == first


@each_reader
def test_credentials_never_come_through(reader: Reader) -> None:
    file = reader.read(example(reader), "shown/path")
    assert "u:p@" not in repr(file)
    assert "secret@" not in repr(file)


@each_reader
@QUICK
@given(data=st.binary(max_size=400))
def test_any_bytes(reader: Reader, data: bytes) -> None:
    attempt(reader, data)


@each_reader
@QUICK
@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), piece=PIECES, drop=st.integers(0, 20))
def test_any_mutation_of_an_example(reader: Reader, cut: int, at: int, piece: bytes, drop: int) -> None:
    data = example(reader)
    at = at % (len(data) + 1)
    attempt(reader, data[:at] + piece + data[at + drop :])
    attempt(reader, data[: cut % (len(data) + 1)])


@each_reader
@pytest.mark.parametrize(
    "make",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
    ],
    ids=["crlf", "bom"],
)
def test_line_ends_and_byte_order_marks_change_nothing(reader: Reader, make: Callable[[bytes], bytes]) -> None:
    plain, other = reader.read(example(reader), "shown/path"), reader.read(make(example(reader)), "shown/path")
    assert [(d.requirement, d.location.line) for d in plain.declared] == [
        (d.requirement, d.location.line) for d in other.declared
    ]


HOSTILE: dict[str, bytes] = {
    "nested-toml": b"a = " + b"[" * 100_000,
    "nested-yaml": b"- " * 100_000,
    "nested-python": b"x = " + b"(" * 100_000,
    "chain-python": b"x = 1" + b"+1" * 100_000,
    "unary-python": b"x = " + b"-" * 100_000 + b"1",
    "attributes-python": b"x = a" + b".b" * 100_000,
    "long-line": b"a" * 3_000_000,
    "blanks": b"deps = a" + b" " * 1_000_000 + b"b",
    "quotes": b"RUN pip install " + b"\"'" * 100_000,
    "templates": b"RUN pip install " + b"${{" * 100_000,
    "many-groups": b"[dependency-groups]\n" + b"".join(b'g%d = [{include-group="g%d"}, "a"]\n' % (n, n + 1) for n in range(3000)),
    "wide-groups": b"[dependency-groups]\n"
    + b"".join(b"g%d = [" % n + b", ".join(b'{include-group="g%d"}' % m for m in range(60)) + b"]\n" for n in range(60)),
    "doubling-names": b"a0 = ['x']\n" + b"".join(b"a%d = a%d + a%d\n" % (n + 1, n, n) for n in range(60)) + b"setup(install_requires=a60)",
    "yaml-aliases": b"jobs:\n  a: &a\n    steps: &s [" + b"{run: pip install x}, " * 2000 + b"]\n" + b"".join(b"  b%d: *a\n" % n for n in range(2000)),
    "deep-marker": b"[project]\ndependencies = [\"a; " + b"(" * 5000 + b"os_name == 'x'" + b")" * 5000 + b"\"]",
    "stars": b"[tool.poetry.dependencies]\na = \"" + b"^1 ||" * 20_000 + b"\"",
}  # fmt: skip


@each_reader
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_soon(reader: Reader, name: str) -> None:
    started = perf_counter()
    attempt(reader, HOSTILE[name])
    assert perf_counter() - started < 5
