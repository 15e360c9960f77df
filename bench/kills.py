"""kill -9 at random moments of an upgrade, then `--resume`, over and over until it is done; and the same from the start.

    python -m bench.kills [--kills 50] [--seed 0]       Linux; needs nothing but the index that it starts itself

Every other time only steadypin is killed and what it has started lives on; else all of it dies, as when a machine stops. After
each kill every file of the user's must be, byte for byte, the old one or the new one. At the end the lock must be the one of an
upgrade that nobody has disturbed, and no run whose outcome the journal holds may have been made again: the suite itself counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
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
        return {path.name: path.read_bytes() for path in sorted(self.root.iterdir())}

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        words = ["upgrade", "--no-env", "--index-url", self.index, "--all-at-once", "--apply", "--resume"]
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
        wait = rng.uniform(0.05, span)
        with contextlib.suppress(subprocess.TimeoutExpired):
            if tally.kills < most:
                process.wait(timeout=wait)
        if process.poll() is None and tally.kills < most:
            tally.kills += 1
            kill(process, everything=attempt % 2 == 0)
            process.communicate()
            tally.lost += 1
            check_files(project, calm, tally)
            continue
        _, said = process.communicate(timeout=120)
        if process.returncode not in (0, 1):
            tally.wrong.append(f"exit {process.returncode}: {said.decode()[-300:]}")
        break
    tally.upgrades += 1
    if {name: data for name, data in project.files().items() if name in calm.contents} != calm.files():
        tally.wrong.append(f"another lock: {project.files().get('requirements.txt', b'').decode()!r}")
    tally.litter += len(project.files().keys() - project.contents.keys())
    most_runs, made = calm.executions(), project.executions()
    over = sum((made - most_runs).values())
    tally.repeated += sum((project.recorded() - calm.recorded()).values())
    if over > tally.lost - lost_before:
        tally.wrong.append(f"{over} runs more than without kills, and {tally.lost - lost_before} kills")


def check_files(project: Project, calm: Project, tally: Tally) -> None:
    new = calm.files()
    for name, data in project.files().items():
        if name in project.contents and data not in (project.contents[name], new[name]):
            tally.torn += 1
            tally.wrong.append(f"half-written: {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng, tally = random.Random(asked.seed), Tally()
    with tempfile.TemporaryDirectory() as folder, TestIndex(PACKAGES) as index:
        calm = Project(folder=Path(folder) / "calm", index=index.url)
        started = time.monotonic()
        said = (process := calm.start()).communicate()[1]
        span = time.monotonic() - started
        if process.returncode != 1 or calm.files() == calm.contents:
            raise SystemExit(f"the undisturbed upgrade failed: exit {process.returncode}\n{said.decode()}")
        runs = sum(calm.executions().values())
        print(f"undisturbed: {runs} runs in {span:.1f} s, seed {asked.seed}", flush=True)
        while tally.kills < asked.kills:
            project = Project(folder=Path(folder) / str(tally.upgrades), index=index.url)
            disturbed(project, calm, span, rng, tally, asked.kills)
    print(
        f"{tally.kills} kills in {tally.upgrades} upgrades: {tally.torn} files half-written, {tally.litter} left behind in the"
        f" project, {tally.repeated} known runs repeated"
    )
    print("\n".join(f"WRONG {line}" for line in tally.wrong) or "every lock as without kills")
    return 1 if tally.wrong or tally.repeated or tally.litter else 0


if __name__ == "__main__":
    sys.exit(main())
