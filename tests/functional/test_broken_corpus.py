"""Broken and hostile files: no traceback, no hang, nothing run, nothing fetched; the message names the file and the place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from steadypin.cli.entry import run
from steadypin.reporters import REPORTERS
from tests.support.command import PROGRAM, Ran, environment, steadypin

BROKEN = Path(__file__).parents[1] / "data" / "broken"
MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What `show` makes of one file. `packages` is None where the file is refused; `said` must stand in what is printed."""

    packages: str | None = None
    said: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    read_as: str | None = None


def refused(*said: str, read_as: str | None = None) -> Case:
    return Case(said=said, read_as=read_as)


def read(packages: str, *said: str, never: tuple[str, ...] = ()) -> Case:
    return Case(packages=packages, said=said, never=never)


CASES = {
    "truncated-toml/uv.lock": refused("truncated-toml/uv.lock:19", "Unterminated string"),
    "truncated-json/Pipfile.lock": refused("truncated-json/Pipfile.lock:4:49"),
    "toml-missing-version/uv.lock": read("attrs 25.1.0, nover -", "no top-level `version`", "uv.lock:10", "nover"),
    "toml-missing-name/poetry.lock": refused("toml-missing-name/poetry.lock", "package[0]", "'name'"),
    "json-duplicate-keys/Pipfile.lock": read(
        "attrs 24.2.0, idna 3.10", "default stands twice", "default.attrs stands twice", "Pipfile.lock:1:"
    ),
    "bom/requirements.txt": read("attrs 25.1.0, idna 3.10"),
    "bom/Pipfile.lock": read("attrs 25.1.0"),
    "bom/uv.lock": read("attrs 25.1.0, idna 3.10"),
    "utf16/requirements.txt": read("attrs 25.1.0, idna 3.10"),
    "utf16/Pipfile.lock": read(""),
    "crlf/requirements.txt": read("attrs 25.1.0, idna 3.10"),
    "latin1/requirements.txt": read("attrs 25.1.0", "latin1/requirements.txt:1", "byte offset 5", "UTF-8"),
    "latin1/poetry.lock": refused("latin1/poetry.lock:1", "byte offset 5", "UTF-8"),
    "coding-cookie/requirements.txt": read("attrs 25.1.0"),
    "nul-bytes/requirements.txt": read("attrs 25.1.0", "nul-bytes/requirements.txt:2:"),
    "nul-bytes/uv.lock": refused("nul-bytes/uv.lock:6:11"),
    "include-cycle/requirements.txt": read("attrs 25.1.0"),
    "include-outside/requirements.txt": read("attrs 25.1.0", never=("root:", "localhost")),
    "include-missing/requirements.txt": read("attrs 25.1.0"),
    "include-bomb/requirements.txt": read(""),
    "legacy-versions/poetry.lock": read(
        "odd 1.0-dev-r123, ok 1.0.0, pytz 2004d, text not a version",
        "'1.0-dev-r123' is not a version",
        "'2004d' is not a version",
        "'not a version' is not a version",
    ),
    "legacy-versions/requirements.txt": read("attrs 25.1.0, odd 1.0-dev-r123, pytz 2004d", "requirements.txt:3:", "old==2004d"),
    "invalid-specifiers/requirements.txt": read("ok 1.0", *(f"requirements.txt:{n}:" for n in (1, 2, 3, 4, 5, 6, 8, 9, 10))),
    "hostile-names/Pipfile.lock": read(
        "attrs 25.1.0", *(f"Pipfile.lock:1:{n}" for n in (59, 107, 151, 198, 245, 283, 322, 346))
    ),
    "hostile-names/uv.lock": read("attrs 25.1.0", "hostile-names/uv.lock:12:1"),
    "hostile-names/requirements.txt": read("attrs 25.1.0", *(f"requirements.txt:{n}:" for n in (2, 3, 4))),
    "credentials/requirements.txt": read("attrs 25.1.0, private -", never=("s3cret", "ghp_")),
    "future-lock-version/poetry.lock": refused("future-lock-version/poetry.lock", "99.0", "2.1"),
    "future-lock-version/uv.lock": refused("future-lock-version/uv.lock", "99", "1 is the newest"),
    "future-lock-version/pylock.toml": refused("future-lock-version/pylock.toml", "2.0", "1.0"),
    "future-lock-version/pdm.lock": refused("future-lock-version/pdm.lock", "9.0.0", "4.5"),
    "future-revision/uv.lock": read("attrs 25.1.0, idna 3.10"),
    "future-minor/pylock.toml": read("attrs 25.1.0", "lock-version 1.9 is newer than 1.0"),
    "merge-conflict/uv.lock": refused("merge-conflict/uv.lock:5", "merge conflict"),
    "merge-conflict/Pipfile.lock": refused("merge-conflict/Pipfile.lock:2", "merge conflict"),
    "merge-conflict/requirements.txt": refused("merge-conflict/requirements.txt:1", "merge conflict"),
    **{
        f"empty/{name}": refused(f"empty/{name}", "empty")
        for name in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "conda-lock.yml", "pixi.lock")
    },
    "empty/requirements.txt": read(""),
    "directory-named-lock/uv.lock": refused("directory-named-lock/uv.lock", "directory"),
    "yaml-bomb/conda-lock.yml": refused("yaml-bomb/conda-lock.yml:7", "aliases"),
    "yaml-bomb/pixi.lock": refused("yaml-bomb/pixi.lock:7", "aliases"),
    "yaml-python-tag/conda-lock.yml": refused("yaml-python-tag/conda-lock.yml:2", "os.system", "refused"),
    "yaml-types/conda-lock.yml": read("attrs 25.10, d 2024-01-02, yes 1e3"),
    "duplicate-packages/poetry.lock": read(
        "attrs 24.2.0, attrs 25.1.0, idna 3.10, idna 3.10", "attrs: locked twice (24.2.0, 25.1.0)", "idna: the same pin twice"
    ),
    "duplicate-packages/requirements.txt": read(
        "attrs 24.2.0, attrs 25.1.0, idna 2.10, idna 3.10, zope-interface 7.0, zope-interface 7.0",
        "requirements.txt:2:1: attrs: locked twice",
        "first at line 1",
        "zope-interface: the same pin twice",
        never=("idna: locked twice",),
    ),
    "wrong-hash/requirements.txt": read(
        "attrs 25.1.0, idna 3.10, six 1.17.0, urllib3 2.3.0, wheel 0.45.1, yarl 1.18.3",
        *(f"requirements.txt:{n}:" for n in (1, 2, 3, 5, 6)),
        never=("requirements.txt:4:1:",),
    ),
    "wrong-hash/pylock.toml": read("attrs 25.1.0", "wrong-hash/pylock.toml:5", "64 hexadecimal digits, this has 3"),
    "path-escape/pylock.toml": read("attrs 25.1.0, d -"),
    "wrong-types/Pipfile.lock": read(
        "ok 1.0", "default: expected a table", "develop.idna.version: expected a string", "develop.six: expected a table"
    ),
    "wrong-types/poetry.lock": refused("wrong-types/poetry.lock", "metadata.lock-version", "expected a string"),
    "wrong-types/uv.lock": refused("wrong-types/uv.lock", "package[0]", "expected a table"),
    "wrong-types/scalar.json.Pipfile.lock": refused("expected an object at the top level", read_as="pipfile"),
    "big-number/Pipfile.lock": refused("big-number/Pipfile.lock"),
    "trailing-backslash/requirements.txt": read("attrs 25.1.0"),
    "comment-in-continuation/requirements.txt": read(
        "attrs 25.1.0, six 1.17.0", "requirements.txt:3:", "--hash without a requirement", "requirements.txt:4:"
    ),
    "include-self/requirements.txt": read("attrs 25.1.0"),
}
MADE: dict[str, tuple[bytes, Case]] = {
    "Pipfile.lock": (
        b'{"_meta": {"pipfile-spec": 6}, "default": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b'}, "develop": {}}',
        refused("Pipfile.lock", "nested too deeply"),
    ),
    "poetry.lock": (b"x = " + b"[" * 10_000 + b"]" * 10_000 + b"\n", refused("poetry.lock", "nested too deeply")),
    "conda-lock.yml": (
        b"version: 1\nmetadata: " + b"[" * 10_000 + b"]" * 10_000 + b"\n",
        refused("conda-lock.yml:2", "nesting"),
    ),
    "requirements.txt": (
        b"attrs==25.1.0; " + b"(" * 3000 + b"python_version>'3'" + b")" * 3000 + b"\nidna==3.10\n",
        read("idna 3.10", "requirements.txt:1:1"),
    ),
    "constraints.txt": (b"attrs==" + b"1." * 40_000 + b"1\nidna==3.10\n", read("idna 3.10", "constraints.txt:1:1")),
}
"""Deep and long ones, by the name that they are written under."""


def show(path: Path, case: Case, capsys: pytest.CaptureFixture[bytes]) -> tuple[int, str, str]:
    """The command in this process: sixty starts would cost more than all that they prove."""
    words = ["show", *(["--as", case.read_as] if case.read_as else []), str(path)]
    code = run([*words, "--format", "json"])
    answered = capsys.readouterr()
    assert run(words) == code
    shown = capsys.readouterr()
    return code, answered.out.decode(), (shown.out + shown.err).decode()


def hold(case: Case, code: int, answer: str, told: str) -> None:
    flat = " ".join(told.split())
    assert code == (2 if case.packages is None else 0), told
    if case.packages is not None:
        document = json.loads(answer)
        rows = (f"{package['name']} {package['version'] or '-'}" for package in document["packages"])
        assert ", ".join(sorted(rows)) == case.packages
    else:
        assert answer == "" and "hint: " in told
    assert not [words for words in case.said if words not in flat], told
    assert not [words for words in (*case.never, "internal error", "Traceback") if words in answer + told], told
    assert all(char.isprintable() or char == "\n" for char in told)


def test_every_file_of_the_folder_has_a_case() -> None:
    helpers = {"README.md", "a.txt", "b.txt", "keep.txt", *(f"l{n}.txt" for n in range(1, 13))}
    there = {path.relative_to(BROKEN).as_posix() for path in BROKEN.rglob("*") if path.is_file() and path.name not in helpers}
    assert there <= set(CASES) | {"directory-named-lock/uv.lock/keep.txt"}


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_broken_file(name: str, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    hold(CASES[name], *show(Path(name), CASES[name], capsysbinary))
    assert not list(BROKEN.rglob("owned.txt"))


@pytest.mark.parametrize("name", sorted(MADE))
def test_deep_and_long_ones_end_soon(
    name: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content, case = MADE[name]
    Path(name).write_bytes(content)
    started = time.monotonic()
    hold(case, *show(Path(name), case, capsysbinary))
    assert time.monotonic() - started < 5


def audit(folder: Path, *words: str, home: Path) -> Ran:
    asked = ("audit", ".", "--no-env", "--offline", "--format", "json", *words)
    return steadypin(*asked, cwd=folder, home=home, STEADYPIN_CACHE_DIR=str(home / "cache"))


@pytest.fixture
def audited(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Ran]:
    """The same in this process, for the many."""
    monkeypatch.setenv("STEADYPIN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))

    def ask(folder: Path) -> Ran:
        monkeypatch.chdir(folder)
        code = run(["audit", ".", "--no-env", "--offline", "--format", "json"])
        said = capsysbinary.readouterr()
        return Ran(code=code, out=said.out.decode(), err=said.err.decode())

    return ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What an audit of a folder tells: the locked names, and (place, words) of problems."""

    locked: str
    problems: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()


PROJECTS = {
    "include-cycle": Project(locked="attrs idna urllib3", problems=(("b.txt:1", "requirements.txt > a.txt > b.txt > a.txt"),)),
    "include-self": Project(locked="attrs", problems=(("requirements.txt:1", "requirements.txt > requirements.txt"),)),
    "include-outside": Project(
        locked="attrs",
        problems=(
            ("requirements.txt:1", "etc/passwd: outside of the project; not opened"),
            ("requirements.txt:2", "/etc/hostname: outside of the project; not opened"),
            ("requirements.txt:3", "file:///etc/hosts: outside of the project; not opened"),
            ("requirements.txt:4", "https://config.example/requirements.txt: on the network; not fetched"),
        ),
        never=("root:", "127.0.0.1"),
    ),
    "include-missing": Project(locked="attrs", problems=(("requirements.txt:1", "nothing-here.txt: there is no such file"),)),
    "include-bomb": Project(locked="attrs"),
    "hostile-names": Project(locked="attrs", never=("\x1b", "\u202e", "<img src=x onerror=1>](", "\\nline")),
    "credentials": Project(locked="attrs private", never=("s3cret", "ghp_")),
    "path-escape": Project(locked="attrs d"),
}


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_each_broken_project(name: str, audited: Callable[[Path], Ran]) -> None:
    case = PROJECTS[name]
    ran = audited(BROKEN / name)
    assert ran.code in (0, 1), ran
    assert " ".join(row["name"] for row in ran.json["packages"]) == case.locked
    problems = [finding for finding in ran.json["findings"] if finding["rule"] == "file-problem"]
    for place, words in case.problems:
        assert [f for f in problems if words in f["message"] and _place(f) == place], (place, words, problems)
    assert len({finding["fingerprint"] for finding in problems}) == len(problems)
    assert not [words for words in case.never if words in ran.out + ran.err]


def _place(finding: dict) -> str:
    return f"{finding['locations'][0]['path']}:{finding['locations'][0]['line']}"


def test_credentials_are_in_no_output_and_no_file_that_was_written(tmp_path: Path) -> None:
    shutil.copytree(BROKEN / "credentials", tmp_path / "app")
    outputs = [tmp_path / f"report{reporter.suffixes[0]}" for reporter in REPORTERS.values()]
    words = [word for output in outputs for word in ("-o", str(output))]
    ran = audit(tmp_path / "app", *words, "--facts-out", str(tmp_path / "facts.json"), "-v", home=tmp_path / "home")
    shown = ran.out + ran.err + "".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file())
    written = shown.replace((BROKEN / "credentials/requirements.txt").read_text("utf-8"), "")
    assert ran.code in (0, 1) and all(output.exists() for output in outputs)
    assert "s3cret" not in written and "ghp_" not in written


def test_every_reporter_escapes_hostile_names(tmp_path: Path) -> None:
    outputs = {reporter.name: tmp_path / f"report{reporter.suffixes[0]}" for reporter in REPORTERS.values()}
    ran = audit(BROKEN / "hostile-names", *(word for path in outputs.values() for word in ("-o", str(path))), home=tmp_path)
    assert ran.code in (0, 1), ran
    for name, path in outputs.items():
        text = path.read_text("utf-8")
        assert all(char.isprintable() or char == "\n" for char in text), name
    shown = outputs["markdown"].read_text("utf-8")
    assert "<img src=x" not in shown and "](javascript" not in shown


def huge_requirements() -> bytes:
    return b"attrs==25.1.0 # " + b"x" * (50 * MEBI) + b"\nidna==3.10\n"


def huge_uv() -> bytes:
    return b'version = 1\nrequires-python = ">=3.10"\nx = "' + b"y" * (50 * MEBI) + b'"\n'


def huge_pipfile() -> bytes:
    head = b'{"_meta": {}, "develop": {}, "default": {"attrs": {"version": "==25.1.0", "hashes": ["'
    return head + b"z" * (50 * MEBI) + b'"]}}}'


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the limit of memory is POSIX's")
@pytest.mark.parametrize(
    ("name", "make", "packages"),
    [
        ("requirements.txt", huge_requirements, ["attrs", "idna"]),
        ("uv.lock", huge_uv, []),
        ("Pipfile.lock", huge_pipfile, ["attrs"]),
    ],
)
def test_a_line_of_50_mb_is_read_within_its_bounds(
    name: str, make: Callable[[], bytes], packages: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(make())
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(PROGRAM), "show", name, "--format", "json"],
        cwd=tmp_path,
        env=environment(tmp_path / ".home"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    (tmp_path / name).unlink()
    assert done.returncode == 0, done.stderr
    answer, _, kilobytes = done.stdout.rpartition("\n")
    assert [package["name"] for package in json.loads(answer)["packages"]] == packages
    assert time.monotonic() - started < 20
    assert int(kilobytes) < 700 * 1024 * (1024 if sys.platform == "darwin" else 1)


MEASURED = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, *sys.argv[1:]]).returncode
sys.stdout.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@pytest.fixture
def special(tmp_path: Path) -> Path:
    """Links that loop or lead out, a named pipe, a file that may not be read, a name that is not UTF-8."""
    if os.name == "nt":
        pytest.skip("POSIX file systems")
    for name in ("loop", "pair", "tree/inner", "dangling", "outside", "pipe", "secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "elsewhere.txt").write_text("hidden==1.0\n")
    (tmp_path / "loop/uv.lock").symlink_to("uv.lock")
    (tmp_path / "pair/requirements-a.txt").symlink_to("requirements-b.txt")
    (tmp_path / "pair/requirements-b.txt").symlink_to("requirements-a.txt")
    (tmp_path / "tree/inner/up").symlink_to("../../tree")
    (tmp_path / "tree/requirements.txt").write_text("attrs==25.1.0\n")
    (tmp_path / "dangling/poetry.lock").symlink_to("nothing")
    (tmp_path / "outside/requirements.txt").symlink_to(tmp_path / "elsewhere.txt")
    os.mkfifo(tmp_path / "pipe/requirements.txt")
    (tmp_path / "secret/uv.lock").write_text("version = 1\n")
    (tmp_path / "secret/uv.lock").chmod(0)
    return tmp_path


SPECIAL = {
    "loop": ("uv.lock", "symbolic links"),
    "pair": ("requirements-a.txt", "symbolic links"),
    "dangling": ("poetry.lock", "No such file"),
    "outside": ("requirements.txt", "out of the project; not followed"),
    "pipe": ("requirements.txt", "not a regular file"),
}


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_files_are_problems_and_stop_nothing(name: str, special: Path, audited: Callable[[Path], Ran]) -> None:
    path, words = SPECIAL[name]
    (special / name / "constraints.txt").write_text("idna==3.10\n")
    ran = audited(special / name)
    assert ran.code == 1, ran
    told = {(_place(f).partition(":")[0], f["message"]) for f in ran.json["findings"] if f["rule"] == "file-problem"}
    assert [message for place, message in told if place == path and words in message], told
    assert "hidden" not in ran.out and "constraints.txt" in ran.json["files"]


def test_a_tree_that_leads_into_itself_is_walked_once(special: Path, audited: Callable[[Path], Ran]) -> None:
    ran = audited(special / "tree")
    assert ran.json["files"] == ["requirements.txt"]


def test_a_file_that_may_not_be_read_is_named(special: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    assert steadypin("show", "secret/uv.lock", cwd=special).code == 2
    gaps = audit(special / "secret", home=special / "home").json["gaps"]
    assert [gap for gap in gaps if gap["subject"] == "uv.lock" and gap["reason"] == "unreadable"]


@pytest.mark.skipif(sys.platform != "linux", reason="file systems that take any bytes as a name")
def test_a_name_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with open(os.fsencode(tmp_path / "app") + b"/\xff.lock", "wb") as odd:  # noqa: PTH123 - a name of bytes
        odd.write(b"x")
    ran = audit(tmp_path / "app", home=tmp_path)
    assert [f["message"] for f in ran.json["findings"] if f["rule"] == "file-problem"]
    ran.out.encode()


@pytest.mark.parametrize("name", ["loop/uv.lock", "dangling/poetry.lock", "pipe/requirements.txt", "tree"])
def test_special_files_that_are_named_are_refused(
    name: str, special: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(special)
    hold(refused(name), *show(Path(name), refused(name), capsysbinary))
