"""Suites that behave badly: each is a verdict, nothing outlives it, nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin.errors import UsageError
from steadypin.trials.journal import Journal, Subject
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place, run_tests
from steadypin.trials.sandbox.tree import list_files, take

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder, scripts = tmp_path / "tree", tmp_path / "env" / "bin"
    folder.mkdir()
    scripts.mkdir(parents=True)
    (scripts / "python").symlink_to(sys.executable)
    return Place(folder=folder, scripts=scripts, scratch=tmp_path / "scratch", root=tmp_path / "root")


def run(place: Place, code: str, *, timeout: float = 20.0) -> tuple[str, str]:
    (place.folder / "suite.py").write_text(code, encoding="utf-8")
    done = run_tests("python suite.py", place, timeout=timeout, log=place.scratch / "log.txt")
    return done.outcome, done.error


def test_it_hangs(place: Place) -> None:
    started = time.monotonic()
    assert run(place, "import time, signal\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)", timeout=1.0)[0] == "timeout"
    assert time.monotonic() - started < 10


def test_it_leaves_daemons(place: Place) -> None:
    code = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n    os.setsid()\n"
        "    if os.fork() == 0:\n        open('pid', 'w').write(str(os.getpid()))\n        time.sleep(600)\n    os._exit(0)\n"
        "time.sleep(0.5)\n"
    )
    started = time.monotonic()
    assert run(place, code)[0] == "passed"
    assert time.monotonic() - started < 10
    if sys.platform == "linux":
        pid = int((place.folder / "pid").read_text())
        time.sleep(0.2)
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]


def test_it_prints_without_end(place: Place) -> None:
    code = "import sys\nfor _ in range(64):\n    sys.stdout.write('x' * (1 << 20))\nprint('the end')\nsys.exit(1)"
    assert run(place, code)[0] == "failed"
    log = place.scratch / "log.txt"
    assert log.stat().st_size < 2_000_000 and log.read_text().rstrip().endswith("the end")


def test_it_crashes(place: Place) -> None:
    assert run(place, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)") == ("signal", "ended by SIGSEGV")


def test_it_deletes_its_own_tree(tmp_path: Path, place: Place) -> None:
    root = tmp_path / "root"
    (root / "package").mkdir(parents=True)
    (root / "package" / "a.py").write_text("A = 1\n")
    (root / "b.py").write_text("B = 1\n")
    copy = take(root, tmp_path / "copy")
    code = "import shutil, pathlib\nshutil.rmtree('package')\npathlib.Path('b.py').write_text('B = 2')\npathlib.Path('c').mkdir()\npathlib.Path('c/new').touch()"
    subprocess.run([sys.executable, "-c", code], cwd=copy.folder, check=True)
    copy.restore()
    assert list_files(copy.folder) == ("b.py", "package/a.py")
    assert (copy.folder / "b.py").read_text() == "B = 1\n" and (root / "package" / "a.py").exists()


def test_secrets_do_not_reach_the_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_TOKEN", "hush")
    assert (
        run(place, "import os\nprint('https://user:s3cret@index.example/')\nassert 'SOME_API_TOKEN' not in os.environ")[0]
        == "passed"
    )
    assert "s3cret" not in (place.scratch / "log.txt").read_text()


def test_pytest_of_somewhere_else_is_not_used(place: Place) -> None:
    done = run_tests("pytest -q", place, timeout=5, log=place.scratch / "log.txt")
    assert done.outcome == "cannot-start"


def test_the_copy_is_what_git_does_not_ignore(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for path in ("a.py", "build/x.py", ".venv/pyvenv.cfg", ".venv/lib/y.py", "sub/keep.txt", "sub/drop.log", "data.db"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    (root / ".gitignore").write_text("build/\n*.log\n*.db\n")
    without_git = list_files(root)
    assert "a.py" in without_git and "build/x.py" not in without_git and ".venv/lib/y.py" not in without_git
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "-q"], cwd=root, check=True, env=environment)
    subprocess.run(["git", "add", "-f", "data.db", "a.py"], cwd=root, check=True, env=environment)
    assert list_files(root) == (".gitignore", "a.py", "data.db", "sub/keep.txt")


def test_the_journal_survives_a_torn_line(tmp_path: Path, place: Place) -> None:
    (place.folder / "suite.py").write_text("")
    done = run_tests("python suite.py", place, timeout=20, log=tmp_path / "log")
    subject = Subject(lock="a", tree="b", command="c", python="d")
    journal = Journal.open(tmp_path / "journal.jsonl")
    journal.append(subject, done)
    with (tmp_path / "journal.jsonl").open("ab") as stream:
        stream.write(b'{"version": 1, "key": "torn')
    again = Journal.open(tmp_path / "journal.jsonl")
    assert again.runs == {subject.key: [done]} and again.unreadable == 1
    again.append(subject, done)
    again.remember_flaky(frozenset({"t"}))
    last = Journal.open(tmp_path / "journal.jsonl")
    assert last.runs[subject.key] == [done, done] and last.flaky == {"t"}


def test_a_confined_suite_has_no_network(place: Place) -> None:
    try:
        words, _ = confinement(place.scratch.parent, place.scripts.parent)
    except UsageError:
        pytest.skip("neither bubblewrap nor namespaces here")
    code = (
        "import socket\n"
        "with socket.socket() as s:\n    s.settimeout(3)\n"
        "    try:\n        s.connect(('192.0.2.1', 9))\n    except OSError as error:\n        assert error.errno == 101, error\n"
    )
    assert run(replace(place, confined=words), code)[0] == "passed"
    assert run(replace(place, confined=words), "import sys; sys.exit(3)")[0] == "failed"
