"""`steadypin upgrade` as a user runs it: a real index, real small wheels, the real uv, and suites that read versions."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steadypin.errors import CommandError
from steadypin.locking import commits
from tests.support.command import PROGRAM, Ran, environment, steadypin
from tests.support.index_server import Rel, TestIndex

pytestmark = pytest.mark.slow

NAMES = ("alone", "calm", "first", "second", "quiet")
PACKAGES = {name: [Rel("1.0"), Rel("1.1"), Rel("1.2"), Rel("2.0")] for name in NAMES}
LOCK = "# ours\n" + "".join(f"{name}==1.0  # {name}\n" for name in NAMES)
SUITE = """import os, unittest
from importlib.metadata import version as v


class Suite(unittest.TestCase):
    def test_alone(self):
        self.assertIn(v("alone"), ("1.0", "1.1"), "alone is too new")

    def test_pair(self):
        self.assertFalse(v("first") == v("second") == "2.0", "both moved")

    def test_own_place(self):
        with open("written.txt", "x") as stream:
            stream.write("a file that the next trial must not see")
        self.assertNotIn("SECRET_TOKEN", os.environ)
        self.assertTrue(os.environ["HOME"].startswith(os.path.dirname(os.getcwd())[:20]))
"""


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


def make(folder: Path, suite: str = SUITE, lock: str = LOCK) -> Path:
    root = folder / "project"
    root.mkdir()
    (root / "requirements.txt").write_text(lock, encoding="utf-8")
    (root / "test_suite.py").write_text(suite, encoding="utf-8")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path)


def upgrade(project: Path, index: TestIndex, *words: str, **variables: str) -> Ran:
    fixed = ("upgrade", "--no-env", "--index-url", index.url, "--all-at-once", "-o", str(project.parent / "result.json"))
    return steadypin(*fixed, *words, cwd=project, home=project.parent / "home", timeout=120, **variables)


def result(project: Path) -> Any:
    return json.loads((project.parent / "result.json").read_text("utf-8"))


def test_culprits_are_named_and_the_rest_is_kept_and_written(project: Path, index: TestIndex) -> None:
    ran = upgrade(project, index, "--apply", SECRET_TOKEN="hush")
    assert ran.code == 1, ran.err + ran.out
    found = result(project)
    assert {(tuple(c["changes"]), c["kind"]) for c in found["culprits"]} == {
        (("alone",), "single"),
        (("first", "second"), "conjunction"),
    }
    alone = next(c for c in found["culprits"] if c["changes"] == ["alone"])
    assert (alone["last_good"], alone["first_bad"]) == ("1.1", "1.2")
    assert alone["failing_tests"] == ["test_suite.Suite.test_alone"] and "alone is too new" in alone["error"]
    assert found["confirmed"] and found["runs"]["total"] <= 16
    assert found["runs"]["total"] == sum(
        found["runs"][key] for key in ("baseline", "search", "versions", "confirm", "repeated")
    )
    pins = {"alone": "1.1", "calm": "2.0", "quiet": "2.0", **{h["name"]: h["at"] for h in found["held"]}}
    assert len(found["kept"]) == 3 and {held["name"] for held in found["held"]} == {"alone", *(set(pins) & {"first", "second"})}
    pins = {**{k["name"]: k["after"] for k in found["kept"]}, **{h["name"]: h["at"] for h in found["held"]}}
    assert (project / "requirements.txt").read_text("utf-8") == "# ours\n" + "".join(f"{n}=={pins[n]}  # {n}\n" for n in NAMES)
    assert found["written"] == ["requirements.txt"]
    assert sorted(path.name for path in project.iterdir()) == ["requirements.txt", "test_suite.py"]


def test_what_is_known_is_never_run_again(project: Path, index: TestIndex) -> None:
    first = upgrade(project, index)
    runs = result(project)["runs"]["total"]
    again = upgrade(project, index, "--resume")
    assert (first.code, again.code) == (1, 1)
    assert result(project)["runs"]["total"] == 0 and result(project)["runs"]["remembered"] == runs
    assert (project / "requirements.txt").read_text("utf-8") == LOCK


def test_nothing_breaks_in_two_runs(tmp_path: Path, index: TestIndex) -> None:
    project = make(tmp_path, suite="import unittest\nclass S(unittest.TestCase):\n    def test(self): pass\n")
    ran = upgrade(project, index, "--apply", "-o", "out.md", "-o", "out.xml")
    assert ran.code == 0, ran.err
    assert result(project)["runs"]["total"] == 2 and len(result(project)["kept"]) == len(NAMES)
    assert "5 packages moved" in (project / "out.md").read_text("utf-8") and "<testsuite " in (project / "out.xml").read_text(
        "utf-8"
    )


def test_a_command_that_cannot_start_is_exit_2(project: Path, index: TestIndex) -> None:
    for command in ("no-such-program --now", "python -m pytest", "pytest"):
        ran = upgrade(project, index, "--test", command)
        assert ran.code == 2 and "cannot start" in ran.err, (command, ran.err, ran.out)
    assert not (project.parent / "result.json").exists()


def test_a_red_baseline_is_exit_3_and_may_be_allowed(tmp_path: Path, index: TestIndex) -> None:
    suite = SUITE + "\n    def test_old_trouble(self):\n        self.fail('as ever')\n"
    project = make(tmp_path, suite=suite)
    ran = upgrade(project, index)
    assert ran.code == 3, ran.err
    assert result(project)["baseline"]["failed"] == ["test_suite.Suite.test_old_trouble"] and "as ever" in ran.out
    assert upgrade(project, index, "--allow-failing").code == 1
    assert {c for row in result(project)["culprits"] for c in row["changes"]} == {"alone", "first", "second"}


def test_what_a_red_baseline_lacked_is_given_to_it(tmp_path: Path, index: TestIndex) -> None:
    """A file that git ignores is named and copied when asked for; a run that was red is made again."""
    suite = (
        SUITE + "\n    def test_settings(self):\n        self.assertTrue(os.path.exists('.env') and os.environ.get('MODE'))\n"
    )
    project = make(tmp_path, suite=suite, lock="calm==1.0\nalone==1.0\nfirst==1.0\nsecond==1.0\n")
    (project / ".gitignore").write_text(".env\n", encoding="utf-8")
    (project / ".env").write_text("MODE=test\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    ran = upgrade(project, index)
    assert ran.code == 3 and "--copy .env" in ran.out, ran.out
    assert upgrade(project, index, "--copy", ".env").code == 3, "the variable is not there yet"
    ran = upgrade(project, index, "--copy", ".env", MODE="test")
    assert ran.code == 1 and "calm" in {kept["name"] for kept in result(project)["kept"]}, ran.err
    assert upgrade(project, index, "--copy", "../project.txt").code == 2


@pytest.mark.parametrize("suite", ["", "import nowhere\n", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"])
def test_other_baselines_are_exit_3_as_well(tmp_path: Path, index: TestIndex, suite: str) -> None:
    ran = upgrade(make(tmp_path, suite=suite), index, "--test", "python -m unittest test_suite")
    assert ran.code == 3, ran.err
    assert ran.out.startswith("Nothing was tried")


def test_a_pin_that_is_gone_is_named(tmp_path: Path, index: TestIndex) -> None:
    ran = upgrade(make(tmp_path, lock=LOCK + "vanished==1.0\n"), index)
    assert ran.code == 2 and "vanished" in ran.err


def test_limits_end_with_the_best_so_far(project: Path, index: TestIndex) -> None:
    assert upgrade(project, index, "--max-runs", "1").code == 2
    ran = upgrade(project, index, "--max-runs", "8")
    assert ran.code == 1, ran.err + ran.out
    found = result(project)
    assert found["runs"]["total"] == 8 and found["stopped"] == "--max-runs"
    assert upgrade(project, index, "--budget", "1").code in (1, 2)
    assert upgrade(project, index, "--budget", "soon").code == 2


def test_stage_by_stage_ends_where_all_at_once_does(project: Path, index: TestIndex) -> None:
    words = ("upgrade", "--no-env", "--index-url", index.url, "--format", "json")
    ran = steadypin(*words, cwd=project, home=project.parent / "home", timeout=120)
    assert ran.code == 1, ran.err
    assert len(ran.json["stages"]) > 1 and ran.json["confirmed"]
    assert {"calm", "quiet"} <= {kept["name"] for kept in ran.json["kept"]}
    assert {held["name"] for held in ran.json["held"]} & {"alone"} and len(ran.json["held"]) == 2


def test_what_two_stages_hold_is_tried_together(tmp_path: Path, index: TestIndex) -> None:
    code = "self.assertEqual(v('first') == '2.0', v('second') == '2.0', 'only one moved')"
    suite = f"import unittest\nfrom importlib.metadata import version as v\nclass S(unittest.TestCase):\n    def test(self): {code}\n"
    project = make(tmp_path, suite=suite)
    words = ("upgrade", "--no-env", "--index-url", index.url, "--format", "json")
    ran = steadypin(*words, cwd=project, home=project.parent / "home", timeout=120)
    assert ran.code == 0, ran.err
    assert len(ran.json["kept"]) == len(NAMES) and not ran.json["culprits"] and ["first", "second"] in ran.json["together"]


def test_a_family_that_breaks_goes_as_far_as_it_can(tmp_path: Path) -> None:
    versions = ("1.0", "1.1", "1.2", "2.0")
    family = {"core": [Rel(v) for v in versions], "shell": [Rel(v, requires=(f"core=={v}",)) for v in versions]}
    suite = "import unittest\nfrom importlib.metadata import version as v\nclass S(unittest.TestCase):\n"
    suite += "    def test(self): self.assertLess(v('core'), '1.2')\n"
    project = make(tmp_path, suite=suite, lock="core==1.0\nshell==1.0\n")
    with TestIndex(family) as served:
        ran = upgrade(project, served)
    assert ran.code == 1, ran.err
    found = result(project)
    assert [culprit["changes"] for culprit in found["culprits"]] == [["core", "shell"]]
    assert {held["name"]: held["at"] for held in found["held"]} == {"core": "1.1", "shell": "1.1"} and found["confirmed"]


def test_a_branch_for_each_stage(project: Path, index: TestIndex) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@index.example")
        return subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True, text=True).stdout

    for words in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-q", "-m", "start"),
        ("config", "user.name", "x"),
        ("config", "user.email", "x"),
    ):
        git(*words)
    words = ("upgrade", "--no-env", "--index-url", index.url, "--format", "json", "--branch-per-stage")
    ran = steadypin(*words, cwd=project, home=project.parent / "home", timeout=120)
    assert ran.code == 1, ran.err
    branches = ran.json["written"]
    assert branches and branches == git("branch", "--list", "steadypin/*", "--format", "%(refname:short)").split()
    pins = dict(line.split("  #")[0].split("==") for line in git("show", f"{branches[-1]}:requirements.txt").splitlines()[1:])
    assert pins == ran.json["lock"]
    assert git("rev-list", "--count", f"HEAD..{branches[-1]}").strip() == str(len(branches))
    assert "calm: 1.0 -> 2.0" in git("log", "HEAD.." + branches[-1])
    assert git("status", "--porcelain") == "" and (project / "requirements.txt").read_text("utf-8") == LOCK
    commits.refuse(project)
    git("checkout", "-q", branches[0])
    with pytest.raises(CommandError, match="checked out"):
        commits.refuse(project)
    git("commit", "-q", "--allow-empty", "-m", "ours")
    git("checkout", "-q", "-")
    with pytest.raises(CommandError, match="not ours"):
        commits.refuse(project)


def test_a_plan_is_carried_out_and_a_stale_one_refused(project: Path, index: TestIndex) -> None:
    home = project.parent / "home"
    assert steadypin("plan", "--no-env", "--index-url", index.url, "-o", "../plan.json", cwd=project, home=home).code == 0
    assert upgrade(project, index, "--plan", "../plan.json").code == 1
    checklist = steadypin("checklist", "--plan", "../plan.json", "--result", "../result.json", cwd=project, home=home)
    assert checklist.code == 0 and "culprit" in checklist.out and "alone is too new" in checklist.out
    (project / "requirements.txt").write_text(LOCK.replace("calm==1.0", "calm==1.1"), encoding="utf-8")
    assert upgrade(project, index, "--plan", "../plan.json").code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("seed", range(3))
def test_kill_9_at_any_moment_and_resume(project: Path, index: TestIndex, seed: int) -> None:
    """The same lock as without kills, no file half-written, no known run repeated."""
    rng = random.Random(seed)
    words = [str(PROGRAM), "upgrade", "--no-env", "--index-url", index.url, "--all-at-once", "--apply", "--resume"]
    home = environment(project.parent / "home")
    for _ in range(4):
        process = subprocess.Popen(words, cwd=project, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        text = (project / "requirements.txt").read_text("utf-8")
        assert text == LOCK or text.count("==2.0") == 3
    if (project / "requirements.txt").read_text("utf-8") == LOCK:
        assert upgrade(project, index, "--apply").code == 1
    text = (project / "requirements.txt").read_text("utf-8")
    assert "alone==1.1" in text and text.count("==2.0") == 3
    journals = [file.read_text("utf-8") for file in (project.parent / "home").rglob("journal.jsonl")]
    keys = [json.loads(line)["key"] for text in journals for line in text.splitlines() if '"key"' in line]
    assert len(keys) == len(set(keys))
    assert not [path for path in project.iterdir() if path.name.startswith(".requirements")]


def test_clean_removes_what_was_left(project: Path, index: TestIndex) -> None:
    home = project.parent / "home"
    upgrade(project, index, "--max-runs", "2")
    folder = next(home.rglob("journal.jsonl")).parent
    left = folder / "run-999999999"
    (left / "environment").mkdir(parents=True)
    ran = steadypin("clean", cwd=project, home=home)
    assert ran.code == 0 and not left.exists() and (folder / "journal.jsonl").exists()
    assert steadypin("clean", "--journal", cwd=project, home=home).code == 0 and not (folder / "journal.jsonl").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_suite_outlives_its_upgrade(tmp_path: Path, index: TestIndex, number: signal.Signals) -> None:
    mark = f"sleeper-{number}-{time.monotonic_ns()}"
    suite = f"import sys, time, pathlib\npathlib.Path({str(tmp_path / 'started')!r}).touch()\nsys.argv.append('{mark}')\ntime.sleep(300)\n"
    project = make(tmp_path, suite=suite)
    words = [str(PROGRAM), "upgrade", "--no-env", "--index-url", index.url, "--test", f"python test_suite.py {mark}"]
    home = environment(tmp_path / "home")
    process = subprocess.Popen(words, cwd=project, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(timeout=30) == (-9 if number is signal.SIGKILL else 130)
    if number is signal.SIGKILL:  # the next upgrade of the project ends what is left
        (project / "test_suite.py").write_text("", encoding="utf-8")
        assert steadypin(*words[1:], cwd=project, home=tmp_path / "home").code == 0
    running = [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _bytes(entry)]
    assert not running
    assert not list((tmp_path / "home").rglob("run-*"))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
