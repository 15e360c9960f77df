"""Several trials at once: side by side here, and on real Dask workers that are killed. The result is that of one by one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.command import PROGRAM, Ran, environment, steadypin
from tests.support.index_server import Rel, TestIndex
from tests.support.projects import write_tree

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="processes are killed by signals")]

NAMES = ("alone", "calm", "quiet", "tame")
PACKAGES = {name: [Rel("1.0"), Rel("2.0")] for name in NAMES}
FILES = {
    "requirements.txt": "".join(f"{name}==1.0\n" for name in NAMES),
    "test_suite.py": """import time, unittest
from importlib.metadata import version as v


class Suite(unittest.TestCase):
    def test_alone(self):
        time.sleep(0.3)
        self.assertEqual(v("alone"), "1.0")
""",
}


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp("workers") / "project", FILES)


def words(index: TestIndex, *more: str) -> list[str]:
    return ["upgrade", "--no-env", "--index-url", index.url, "--all-at-once", "--forget", "--format", "json", *more]


def upgrade(project: Path, index: TestIndex, *more: str, **variables: str) -> Ran:
    return steadypin(*words(index, *more), cwd=project, home=project.parent / "home", timeout=120, **variables)


def told(result: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on where and when trials were run."""
    measured = {"seconds", "test_seconds", "runs", "baseline", "stages"}
    return {key: value for key, value in result.items() if key not in measured} | {
        "baseline": result["baseline"]["verdict"],
        "stages": [{key: value for key, value in stage.items() if key != "runs"} for stage in result["stages"]],
    }


@pytest.fixture(scope="module")
def one_by_one(project: Path, index: TestIndex) -> dict[str, Any]:
    ran = upgrade(project, index)
    assert ran.code == 1, ran.err
    found = ran.json
    assert [culprit["changes"] for culprit in found["culprits"]] == [["alone"]]
    assert found["confirmed"] and found["runs"]["cancelled"] == found["runs"]["lost"] == 0
    return dict(found)


def is_counted(runs: dict[str, int]) -> bool:
    return runs["total"] == sum(runs[key] for key in ("baseline", "search", "versions", "confirm", "repeated"))


def test_side_by_side_finds_the_same(project: Path, index: TestIndex, one_by_one: dict[str, Any]) -> None:
    ran = upgrade(project, index, STEADYPIN_JOBS="3")
    assert ran.code == 1, ran.err
    assert told(ran.json) == told(one_by_one)
    assert ran.json["runs"]["total"] >= one_by_one["runs"]["total"] and is_counted(ran.json["runs"])
    journal = Path(ran.json["journal"])
    assert len(journal.read_text("utf-8").splitlines()) == ran.json["runs"]["total"] + one_by_one["runs"]["total"]
    assert sorted(path.name for path in journal.parent.iterdir()) == ["journal.jsonl", "logs"]
    known = steadypin(
        *[word for word in words(index) if word != "--forget"], cwd=project, home=project.parent / "home", timeout=60
    )
    assert told(known.json) == told(one_by_one) and known.json["runs"]["total"] == 0


@contextmanager
def running(project: Path, index: TestIndex, home: Path, out: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work; what it says can be read line by line."""
    command = [str(PROGRAM), *words(index, *more)]
    with (
        out.open("w") as stream,
        subprocess.Popen(
            command, cwd=project, env=environment(home), stdout=stream, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        yield process


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    yield from process.stderr


def test_an_interrupt_leaves_no_process_and_no_folder(project: Path, index: TestIndex, tmp_path: Path) -> None:
    with running(project, index, tmp_path, tmp_path / "out", "--jobs", "3") as process:
        for line in lines_of(process):
            if line.startswith("run 3"):
                process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    scratch = next(tmp_path.rglob("journal.jsonl")).parent
    assert sorted(path.name for path in scratch.iterdir()) == ["journal.jsonl", "logs"]


def test_workers_and_a_scheduler_that_die_change_no_verdict(
    project: Path, index: TestIndex, one_by_one: dict[str, Any], tmp_path: Path
) -> None:
    cluster, said = Cluster(tmp_path, workers=3), ""
    where = ("--executor", "dask", "--scheduler", cluster.address)
    try:
        with running(project, index, project.parent / "home", tmp_path / "out", *where) as process:
            for line in lines_of(process):
                said += line
                if line.startswith("run 2:"):
                    cluster.kill("worker-2")
                elif line.startswith("run 3:"):  # three more will be asked for
                    cluster.kill("scheduler")
                    cluster.start(workers=1)
            assert process.wait(timeout=60) == 1, said + cluster.logs()
    finally:
        cluster.close()
    found = json.loads((tmp_path / "out").read_text("utf-8"))
    assert told(found) == told(one_by_one), said
    assert is_counted(found["runs"]) and "scheduler is gone" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (("--executor", "dask"), "--scheduler"),
        (("--executor", "clouds"), "no executor 'clouds'"),
        (("--jobs", "0"), "--jobs: "),
    ],
    ids=["no scheduler", "no executor", "no jobs"],
)
def test_what_cannot_be_is_exit_2(project: Path, index: TestIndex, more: tuple[str, ...], wrong: str) -> None:
    ran = upgrade(project, index, *more)
    assert ran.code == 2 and wrong in ran.err and not ran.out, ran.err
