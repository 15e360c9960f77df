"""The same laws over every executor: here one by one, here side by side, and on the workers of a real Dask scheduler."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin import __version__
from steadypin.errors import CommandError, NetworkError, UsageError
from steadypin.pipeline.working import TOPIC, work
from steadypin.resolution.uv import find_uv
from steadypin.trials.executors.dask import OnWorkers
from steadypin.trials.executors.executor import Cancelled, Executor, Trial
from steadypin.trials.executors.local import Here, Room, SideBySide
from steadypin.trials.executors.remote import Site, pack
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.installers import Uv
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.pins import Pins
from tests.support.cluster import Cluster
from tests.support.projects import write_tree

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="processes are ended by signals")]

SUITE = """import json, os, time, unittest


class Suite(unittest.TestCase):
    def test_green(self):
        names = ("HOME", "TMPDIR", "STEADYPIN_PORTS", "PYTEST_XDIST_WORKER", "SECRET_TOKEN")
        print("SEEN", json.dumps({name: os.environ.get(name) for name in names}))
        time.sleep(0.2)

    def test_red(self):
        raise RuntimeError("as asked, of https://user:hush@index.example/")

    def test_slow(self):
        with open(WHO, "w") as stream:
            stream.write(str(os.getpid()))
        time.sleep(60)
"""
MEMBERS = ("here", "side by side", "on workers")


class World:
    """A project, and each executor for it, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.who = folder, folder / "who"
        self.root = write_tree(folder / "project", {"suite.py": SUITE.replace("WHO", repr(str(self.who)))})
        uv = find_uv(folder=None)
        assert uv is not None
        self.installer = Uv(command=uv.command, options=("--no-index",))
        self.labs: list[Lab] = []
        self.executors: dict[str, Executor] = {}
        self.cluster: Cluster | None = None

    def room(self, number: int) -> Room:
        folder = self.folder / f"lab-{len(self.labs)}"
        lab = Lab.open(self.root, folder, base=sys.executable, installer=self.installer)
        self.labs.append(lab)
        ports = (20000 + 10 * number, 20009 + 10 * number)
        place = Place(folder=lab.copy.folder, scripts=lab.environment.scripts, scratch=folder, root=self.root, ports=ports)
        return Room(lab=lab, place=place)

    def executor(self, name: str) -> Executor:
        if name not in self.executors:
            self.executors[name] = {"here": self.here, "side by side": self.side_by_side, "on workers": self.on_workers}[name]()
        return self.executors[name]

    def here(self) -> Executor:
        return Here(room=self.room(0))

    def side_by_side(self) -> Executor:
        return SideBySide(2, self.room)

    def on_workers(self) -> Executor:
        if self.cluster is None:
            (self.folder / "cluster").mkdir()
            self.cluster = Cluster(self.folder / "cluster", workers=1)
        packed, digest = pack(self.root)
        site = Site(
            version=__version__,
            archive=digest,
            tree=digest,
            named="",
            root=str(self.root),
            users=self.root.as_uri(),
            python="{}.{}".format(*sys.version_info),
            options=("--no-index",),
        )
        return OnWorkers(self.cluster.address, site, packed, work=work, topic=TOPIC, tell=print)

    def trial(self, test: str, pins: tuple[tuple[str, str], ...] = (), timeout: float = 50) -> Trial:
        log = self.folder / "logs" / f"{test}-{time.time_ns()}.log"
        return Trial(pins=Pins(versions=pins), command=f"python -m unittest suite.Suite.{test}", timeout=timeout, log=log)

    def close(self) -> None:
        for executor in self.executors.values():
            executor.close()
        for lab in self.labs:
            lab.close()
        if self.cluster is not None:
            self.cluster.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("executors"))
    yield made
    made.close()


def seen(trial: Trial) -> dict[str, str | None]:
    found = re.search(r"SEEN (\{.*\})", trial.log.read_text("utf-8"))
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("member", MEMBERS)
def test_each_trial_has_a_place_of_its_own(world: World, member: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    executor = world.executor(member)
    trials = [world.trial("test_green") for _ in range(min(2, executor.places))]
    pending = [executor.submit(trial) for trial in trials]
    for one, trial in zip(pending, trials, strict=True):
        run = one.result()
        assert (run.outcome, run.tests, run.lock_digest, run.log) == ("passed", 1, trial.pins.digest, str(trial.log))
        assert one.result() == run and one.wait(0) and one.begun and one.lost == 0
    found = [seen(trial) for trial in trials]
    assert all(one["PYTEST_XDIST_WORKER"] is None and one["SECRET_TOKEN"] is None for one in found)
    for name in ("HOME", "TMPDIR", "STEADYPIN_PORTS"):
        assert len({one[name] for one in found}) == len(trials)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_red_run_and_its_log_come_back_without_secrets(world: World, member: str) -> None:
    trial = world.trial("test_red")
    run = world.executor(member).submit(trial).result()
    assert (run.outcome, run.failed) == ("failed", ("suite.Suite.test_red",))
    assert "as asked" in run.error and "as asked" in trial.log.read_text("utf-8")
    assert "hush" not in run.error + trial.log.read_text("utf-8")


@pytest.mark.parametrize("member", MEMBERS)
def test_pins_that_cannot_be_installed_are_an_error_each_time(world: World, member: str) -> None:
    pending = world.executor(member).submit(world.trial("test_green", pins=(("nowhere-to-be-found", "1.0"),)))
    for _ in range(2):
        with pytest.raises(CommandError, match="nowhere-to-be-found"):
            pending.result()
    assert world.executor(member).submit(world.trial("test_green")).result().outcome == "passed"


@pytest.mark.parametrize("member", MEMBERS)
def test_a_time_limit_is_an_outcome(world: World, member: str) -> None:
    assert world.executor(member).submit(world.trial("test_slow", timeout=0.5)).result().outcome == "timeout"


@pytest.mark.parametrize("member", MEMBERS)
def test_what_is_cancelled_has_no_outcome_and_ends(world: World, member: str) -> None:
    world.who.unlink(missing_ok=True)
    pending = world.executor(member).submit(world.trial("test_slow"))
    if member != "here":
        until(world.who.exists)
        assert pending.begun and not pending.wait(0)
    pending.cancel()
    with pytest.raises(Cancelled):
        pending.result()
    if member != "here":
        until(lambda: not is_alive(int(world.who.read_text("utf-8") or "0")))
    assert world.executor(member).submit(world.trial("test_green")).result().outcome == "passed"


def test_workers_that_do_not_fit_are_named_and_a_way_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fitting = world.executor("on workers")
    assert isinstance(fitting, OnWorkers) and world.cluster is not None
    with pytest.raises(UsageError, match=r"tcp://127.*has steadypin .*99 is asking") as error:
        site = Site(**{name: getattr(fitting.site, name) for name in Site.__annotations__} | {"version": "99"})
        OnWorkers(world.cluster.address, site, b"", work=work, topic=TOPIC, tell=print)
    assert "steadypin[dask]==99" in error.value.hint
    monkeypatch.setattr("steadypin.trials.executors.dask.CONNECTING", 1.0)
    with pytest.raises(NetworkError, match="no Dask scheduler answers at tcp://127"):
        OnWorkers("tcp://127.0.0.1:9", fitting.site, b"", work=work, topic=TOPIC, tell=print)
    with pytest.raises(UsageError, match="--scheduler"):
        OnWorkers("nonsense://x", fitting.site, b"", work=work, topic=TOPIC, tell=print)


def until(holds, patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return process > 0
