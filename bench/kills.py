"""kill -9 at random moments of an upgrade, then `--resume`, over and over until it is done; and the same from the start.

    python -m bench.kills [--kills 50] [--seed 0] [--branches]       Linux; needs nothing but the index that it starts itself

Every other time only steadypin is killed and what it has started lives on; else all of it dies, as when a machine stops. After
each kill every file of the user's must be, byte for byte, the old one or the new one. At the end the lock must be the one of an
upgrade that nobody has disturbed, and no run whose outcome the journal holds may have been made again: the suite itself counts.

With `--branches` the project is a repository with work that is not committed, the upgrade makes a commit for each stage, and
most kills fall between the first and the last command of git; a hook holds the branches' locks for longer. After each kill what
is checked out, staged and changed must be as it was; at the end the repository must be whole, without a lock, with the same
branches.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.command import PROGRAM, environment
from tests.support.index_server import Rel, TestIndex

NAMES = ("alone", "calm", "first", "quiet", "second")
PACKAGES = {name: [Rel("1.0"), Rel("1.1"), Rel("1.2"), Rel("2.0")] for name in NAMES}
FILES = {
    "requirements.txt": "# ours\n" + "".join(f"{name}==1.0  # {name}\n" for name in NAMES),
    "requirements-dev.txt": "-c requirements.txt\nquiet==1.0\ncalm==1.0\n",
    "steadypin.toml": 'test = "python -m unittest"\n',
}
SUITE = """import json, os, sys, time, unittest
from importlib.metadata import version as v

line = json.dumps([{name: v(name) for name in ("alone", "calm", "first", "quiet", "second")}, sys.argv[1:]]) + "\\n"
counter = os.open(os.environ["EXECUTIONS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(counter, line.encode())
time.sleep(0.1)


class Suite(unittest.TestCase):
    def test_alone(self):
        self.assertIn(v("alone"), ("1.0", "1.1"))

    def test_pair(self):
        self.assertFalse(v("first") == v("second") == "2.0")
"""


@dataclass(kw_only=True)
class Project:
    """One project of its own with its own cache; `counter` has a line for each execution of its suite."""

    folder: Path
    index: str
    contents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        for name, text in {**FILES, "test_suite.py": SUITE}.items():
            (self.root / name).write_text(text, encoding="utf-8")
        self.contents = self.files()

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def counter(self) -> Path:
        return self.folder / "executions"

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.root.iterdir()) if path.is_file()}

    @property
    def words(self) -> tuple[str, ...]:
        return ("--all-at-once", "--apply")

    def wait(self, process: subprocess.Popen[bytes], span: float, rng: random.Random) -> None:
        """Until the moment of a kill."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=rng.uniform(0.05, span))

    def made(self) -> object:
        """What an upgrade shall have made."""
        return {name: data for name, data in self.files().items() if name in self.contents}

    def faults(self, calm: Project) -> list[str]:
        """What is wrong after a kill."""
        new = calm.files()
        known = {name: data for name, data in self.files().items() if name in self.contents}
        return [f"half-written: {name}" for name, data in known.items() if data not in (self.contents[name], new[name])]

    def litter(self) -> list[str]:
        """What an upgrade that is done has left behind."""
        return sorted(self.files().keys() - self.contents.keys())

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        words = ["upgrade", "--no-env", "--index-url", self.index, "--resume", *self.words]
        quiet = subprocess.DEVNULL
        home = environment(self.folder / "home", EXECUTIONS=str(self.counter), **variables)
        return subprocess.Popen([str(PROGRAM), *words], cwd=self.root, env=home, stdout=quiet, stderr=subprocess.PIPE)

    def executions(self) -> Counter[str]:
        return Counter(self.counter.read_text("utf-8").splitlines() if self.counter.exists() else ())

    def recorded(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for journal in self.folder.rglob("journal.jsonl"):
            for line in journal.read_bytes().splitlines():
                with contextlib.suppress(ValueError, KeyError):
                    found[json.loads(line)["key"]] += 1
        return found


GIT = shutil.which("git") or "git"
WRAPPER = f"""#!/bin/sh
case "$*" in *read-tree*) : > "$COMMITTING" ;; esac
exec {GIT} "$@"
"""
HOOK = "#!/bin/sh\nsleep 0.4\n"


@dataclass(kw_only=True)
class Repository(Project):
    """A project in a repository, with staged, changed and new files; `before` is what git says of it all."""

    before: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for words in ("init -q -b main", "config user.name x", "config user.email x@index.example", "add ."):
            self.git(*words.split())
        self.git("commit", "-q", "-m", "start")
        hook = self.root / ".git" / "hooks" / "reference-transaction"
        for path, text in ((hook, HOOK), (self.folder / "bin" / "git", WRAPPER)):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        (self.root / "staged.py").write_text("STAGED = 1\n", encoding="utf-8")
        self.git("add", "staged.py")
        for name in ("staged.py", "requirements-dev.txt", "notes.txt"):
            with (self.root / name).open("a", encoding="utf-8") as file:
                file.write("# not committed\n")
        self.contents, self.before = self.files(), self.state()

    @property
    def words(self) -> tuple[str, ...]:
        return ("--branch-per-stage",)

    @property
    def mark(self) -> Path:
        return self.folder / "committing"

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        self.mark.unlink(missing_ok=True)
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return super().start(PATH=path, COMMITTING=str(self.mark), **variables)

    def wait(self, process: subprocess.Popen[bytes], span: float, rng: random.Random) -> None:
        if rng.random() < 0.2:
            super().wait(process, span, rng)
            return
        while process.poll() is None and not self.mark.exists():
            time.sleep(0.002)
        super().wait(process, 2.0, rng)

    def git(self, *words: str) -> str:
        quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        return subprocess.run([GIT, *words], cwd=self.root, env=quiet, check=True, capture_output=True, text=True).stdout

    def state(self) -> str:
        asked = ("symbolic-ref HEAD", "rev-parse HEAD", "status --porcelain=v2", "ls-files --stage", "diff", "diff --cached")
        return "\n".join(self.git(*words.split()) for words in asked)

    def made(self) -> object:
        branches = self.git("for-each-ref", "--format=%(refname)", "refs/heads").split()
        return {branch: self.git("log", "--format=%T%n%B", branch) for branch in branches}

    def faults(self, calm: Project) -> list[str]:
        same = self.state() == self.before and self.files() == self.contents
        return [] if same else ["what is checked out, staged or changed is another"]

    def litter(self) -> list[str]:
        checked = subprocess.run([GIT, "fsck", "--strict"], cwd=self.root, capture_output=True, text=True, check=False)
        broken = [checked.stderr] if checked.returncode else []
        return [*broken, *(str(lock) for lock in (self.root / ".git").rglob("*.lock"))]


def descendants(process: int) -> list[int]:
    """Everything that a process has started, and what that has."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            number, rest = int(entry.parent.name), entry.read_text().rpartition(")")[2].split()
            parents.setdefault(int(rest[1]), []).append(number)
    found, todo = [], [process]
    while todo:
        todo += (children := parents.get(todo.pop(), []))
        found += children
    return found


def kill(process: subprocess.Popen[bytes], *, everything: bool) -> None:
    for number in [process.pid, *(descendants(process.pid) if everything else [])]:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGKILL)


@dataclass(kw_only=True)
class Tally:
    kills: int = 0
    upgrades: int = 0
    torn: int = 0
    litter: int = 0
    lost: int = 0
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)


def disturbed(project: Project, calm: Project, span: float, rng: random.Random, tally: Tally, most: int) -> None:
    """One upgrade, killed again and again; every second time nothing of it survives."""
    lost_before = tally.lost
    for attempt in range(100):
        process = project.start()
        if tally.kills < most:
            project.wait(process, span, rng)
        if process.poll() is None and tally.kills < most:
            tally.kills += 1
            kill(process, everything=attempt % 2 == 0)
            process.communicate()
            tally.lost += 1
            found = project.faults(calm)
            tally.torn += len(found)
            tally.wrong += found
            continue
        _, said = process.communicate(timeout=120)
        if process.returncode not in (0, 1):
            tally.wrong.append(f"exit {process.returncode}: {said.decode()[-300:]}")
        break
    tally.upgrades += 1
    if project.made() != calm.made():
        tally.wrong.append(f"not what it shall be: {project.made()!r}")
    tally.wrong += [f"left behind: {what}" for what in project.litter()]
    tally.litter += len(project.litter())
    most_runs, made = calm.executions(), project.executions()
    over = sum((made - most_runs).values())
    tally.repeated += sum((project.recorded() - calm.recorded()).values())
    if over > tally.lost - lost_before:
        tally.wrong.append(f"{over} runs more than without kills, and {tally.lost - lost_before} kills")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--branches", action="store_true")
    asked = parser.parse_args()
    kind = Repository if asked.branches else Project
    rng, tally = random.Random(asked.seed), Tally()
    with tempfile.TemporaryDirectory() as folder, TestIndex(PACKAGES) as index:
        calm = kind(folder=Path(folder) / "calm", index=index.url)
        started = time.monotonic()
        said = (process := calm.start()).communicate()[1]
        span = time.monotonic() - started
        if process.returncode != 1 or (not asked.branches and calm.files() == calm.contents):
            raise SystemExit(f"the undisturbed upgrade failed: exit {process.returncode}\n{said.decode()}")
        runs = sum(calm.executions().values())
        print(f"undisturbed: {runs} runs in {span:.1f} s, seed {asked.seed}", flush=True)
        while tally.kills < asked.kills:
            project = kind(folder=Path(folder) / str(tally.upgrades), index=index.url)
            disturbed(project, calm, span, rng, tally, asked.kills)
    print(
        f"{tally.kills} kills in {tally.upgrades} upgrades: {tally.torn} files or states torn, {tally.litter} left behind,"
        f" {tally.repeated} known runs repeated"
    )
    print("\n".join(f"WRONG {line}" for line in tally.wrong) or "everything as without kills")
    return 1 if tally.wrong or tally.repeated or tally.litter else 0


if __name__ == "__main__":
    sys.exit(main())
