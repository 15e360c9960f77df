"""Suites that behave badly: each is a verdict, nothing outlives it, nothing is lost."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from steadypin.errors import UsageError
from steadypin.resolution.uv import find_uv
from steadypin.trials.journal import Journal, Subject
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place, run_tests
from steadypin.trials.sandbox.claims import leftovers, own_folder, remove_leftover
from steadypin.trials.sandbox.installers import Uv
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.pins import Pins
from steadypin.trials.sandbox.tree import list_files, take
from steadypin.values import replace
from tests.support.index_server import Rel, TestIndex

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


def test_a_repository_of_the_users_is_out_of_reach(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    code = "import subprocess, sys\nsys.exit(subprocess.run(['git', 'config', 'user.name', 'nobody']).returncode == 0)"
    inside = replace(place, scratch=tmp_path)
    assert run(inside, code)[0] == "passed"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert run(inside, code)[0] == "passed"
    assert "nobody" not in (tmp_path / ".git" / "config").read_text()


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


# --- one trial after another: the second one finds everything as if it were the first

PINS = Pins(versions=(("victim", "1.0"),))
WITNESS = """import hashlib, os, pathlib, sys, tempfile, victim
def entries(folder):
    return sorted(path.name for path in pathlib.Path(folder).iterdir() if path.name not in ("__pycache__", "suite.py"))
assert victim.__version__ == "1.0"
assert hashlib.sha256(pathlib.Path(victim.__file__).read_bytes()).hexdigest() == sys.argv[1], "installed files are changed"
assert entries(".") == ["a.py", "package", "witness.py"], entries(".")
assert entries("package") == ["b.py"] and pathlib.Path("package/b.py").read_text() == "B = 1\\n"
for folder in (pathlib.Path.home(), tempfile.gettempdir()):
    assert entries(folder) == [], entries(folder)
pathlib.Path("probe").touch()
"""
HOSTILE = {
    "edits what is installed and hides it": """import os, victim
        known = os.stat(victim.__file__)
        text = open(victim.__file__).read()
        open(victim.__file__, "w").write(text.replace("1.0", "6.6"))
        os.utime(victim.__file__, ns=(known.st_atime_ns, known.st_mtime_ns))""",
    "deletes what is installed": "import shutil, victim, os; shutil.rmtree(os.path.dirname(victim.__file__))",
    "deletes its environment": "import shutil, sys; shutil.rmtree(sys.prefix)",
    "deletes its tree": "import os, shutil; shutil.rmtree(os.getcwd())",
    "puts a link in the place of a folder": "import os, shutil; shutil.rmtree('package'); os.symlink('/', 'package')",
    "puts a file in the place of a folder": "import shutil; shutil.rmtree('package'); open('package', 'w')",
    "hides an edit of a source": """import os
        known = os.stat("package/b.py")
        open("package/b.py", "w").write("B = 2\\n")
        os.utime("package/b.py", ns=(known.st_atime_ns, known.st_mtime_ns))""",
    "leaves empty folders": "import os; os.makedirs('empty/in/it')",
    "changes HOME": "import pathlib; (pathlib.Path.home() / '.netrc').write_text('x')",
    "closes folders": """import os, tempfile
        for place in (os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir()):
            os.makedirs(os.path.join(place, "closed", "in"))
            open(os.path.join(place, "closed", "in", "file"), "w")
            os.chmod(os.path.join(place, "closed", "in"), 0)
            os.chmod(os.path.join(place, "closed"), 0o500)
        os.chmod("package", 0)""",
    "writes many files": """import os
        for number in range(3000):
            os.makedirs(f"many/{number % 50}", exist_ok=True)
            open(f"many/{number % 50}/{number}", "w")""",
    "reads stdin": "import sys; assert sys.stdin.read() == ''",
    "leaves a server that nobody knows": """import subprocess, sys, time
        code = "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", code], env={}, cwd="/", start_new_session=True)
        time.sleep(0.2)""",
}


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex({"victim": [Rel("1.0", files={"victim/__init__.py": '__version__ = "1.0"\n'})]}) as served:
        yield served


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A lab with its place, and where its installer keeps what it has downloaded."""

    lab: Lab
    place: Place
    cache: Path

    def run(self, command: str) -> tuple[str, str]:
        self.lab.prepare(PINS)
        done = run_tests(command, self.place, timeout=20, log=self.cache.with_name("log.txt"))
        return done.outcome, done.error

    def cached(self) -> dict[str, str]:
        found = [path for path in self.cache.rglob("*") if path.is_file() and path.parent.name == "victim"]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, index: TestIndex) -> Iterator[Trial]:
    base = tmp_path_factory.mktemp("trial")
    root = base / "root"
    (root / "package").mkdir(parents=True)
    for name, text in {"a.py": "A = 1\n", "package/b.py": "B = 1\n", "witness.py": WITNESS}.items():
        (root / name).write_text(text)
    variables = (("UV_CACHE_DIR", str(base / "uv")), ("UV_NO_CONFIG", "1"))
    found = find_uv()
    assert found is not None
    uv = Uv(command=found.command, options=("--index-url", index.url), variables=variables)
    lab = Lab.open(root, own_folder(base / "scratch"), base=sys.executable, installer=uv)
    place = Place(folder=lab.copy.folder, scripts=lab.environment.scripts, scratch=lab.folder, root=root)
    yield Trial(lab=lab, place=place, cache=base / "uv")
    lab.close()
    assert not list((base / "scratch").iterdir())


@pytest.mark.parametrize("what", HOSTILE)
def test_the_next_trial_sees_nothing_of_it(trial: Trial, what: str) -> None:
    trial.lab.prepare(PINS)
    module = trial.lab.environment.folder.rglob("victim/__init__.py")
    expected = hashlib.sha256(next(iter(module)).read_bytes()).hexdigest()
    before = trial.cached()
    code = HOSTILE[what].replace("\n        ", "\n")
    outcome, error = trial.run(f"python -c {shlex.quote(f'exec({code!r})')}")
    assert outcome == "passed", error
    assert trial.run(f"python witness.py {expected}") == ("passed", "")
    assert before and trial.cached() == before
    assert not [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if os.fsencode(trial.lab.folder) in _bytes(entry)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_folder_is_left_over_once_nobody_holds_it(tmp_path: Path) -> None:
    mine = own_folder(tmp_path)
    mine.mkdir()
    mine.with_name(f"{mine.name}-2").mkdir()
    assert not list(leftovers(tmp_path)), "what this process works in is its own, whatever number it has"
    dead = tmp_path / "run-1xdead"
    (dead / "closed" / "in").mkdir(parents=True)
    (dead / "closed").chmod(0)
    assert list(leftovers(tmp_path)) == [dead] and remove_leftover(dead) and not dead.exists()
