"""How long an upgrade takes with more than one trial at a time: simulated time, the real search and the real looking ahead.

    python -m bench.workers [--worlds 12] [--seed 1]

An upgrade of 40 changes in one stage. Three of them break a test of their own each, and have eight releases between the last
good pin and the target, so that their last good release is looked for as well. Each trial takes as long as the suite and
seven seconds more (the environment is moved, the order sent), give or take a fifth. What is printed is the mean over random
worlds: hours and minutes for suites of 1, 10 and 60 minutes, executions, and how many more were begun ahead and ended because
nobody needed them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from bench.worlds import World, singles
from steadypin.model.trial import TestRun, Verdict
from steadypin.pipeline.ahead import Ahead
from steadypin.pipeline.culprits import bisection
from steadypin.trials.bytests import Seen, search_by_tests
from steadypin.trials.executors.executor import Trial
from steadypin.trials.foresight import Foresight, likely_sights
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass, field

WORKERS = (1, 2, 4, 8, 16)
SUITES = (1, 10, 60)
CHANGES, CULPRITS = 40, 3
RELEASES = tuple(f"{number}.0" for number in range(2, 10))
OVERHEAD = 7.0
RUN = TestRun(command=(), outcome="passed", exit_code=0, seconds=1.0)


@dataclass(slots=True, kw_only=True)
class Simulated:
    """An executor whose trials take about one unit of a clock that goes from one end of a trial to the next."""

    places: int
    random: Random
    now: float = 0.0
    executions: int = 0
    _ends: list[Pending] = field(default_factory=list)

    def submit(self, trial: Trial) -> Pending:
        busy = sorted(pending.end for pending in self._ends if pending.end > self.now and not pending.cancelled)
        free = self.now if len(busy) < self.places else busy[-self.places]
        pending = Pending(executor=self, start=free, end=free + self.random.uniform(0.8, 1.2))
        self._ends.append(pending)
        return pending

    def go_on(self) -> None:
        self.now = min(pending.end for pending in self._ends if pending.end > self.now and not pending.cancelled)

    def narrow(self, each: int) -> str:
        return ""

    def close(self) -> None:
        """Nothing was made."""


@dataclass(slots=True, kw_only=True)
class Pending:
    executor: Simulated
    start: float
    end: float
    cancelled: bool = False
    lost: int = 0

    @property
    def begun(self) -> bool:
        return self.start < self.executor.now

    def wait(self, seconds: float) -> bool:
        if seconds and self.end > self.executor.now:
            self.executor.go_on()
        return self.end <= self.executor.now

    def result(self) -> TestRun:
        while not self.wait(1.0):
            pass
        return RUN

    def cancel(self) -> None:
        self.cancelled = True


@dataclass(slots=True, kw_only=True)
class Upgrade:
    """One upgrade, carried out in simulated time. Answers are known when a trial is over, asked for or not."""

    executor: Simulated
    ahead: Ahead
    known: set[str] = field(default_factory=set)
    runs: int = 0

    def ask(self, key: str, likely: Callable[[], Iterable[str]]) -> None:
        if key not in self.known:
            self.ahead.carry_out(key, _trial(), lambda: self._unknown(likely()), self._made)
            self._made(key, RUN)

    def _unknown(self, keys: Iterable[str]) -> Iterator[tuple[str, Trial]]:
        return ((key, _trial()) for key in keys if key not in self.known)

    def _made(self, key: str, run: TestRun) -> None:
        self.known.add(key)
        self.runs += 1

    def drive(
        self,
        start: Callable[[], Generator[Any, Any, Any]],
        key: Callable[[Any], str],
        answer: Callable[[Any], Any],
        guess: Callable[[Sequence[tuple[Any, Any]], Any], Iterable[tuple[float, Any]]],
    ) -> Any:
        """A search to its end; what it asks ahead of time is asked in the order of its chance."""

        def foreseen(asked: Sequence[tuple[Any, Any]], question: Any) -> Iterable[tuple[float, Any]]:
            return [(1.0, answer(question))] if key(question) in self.known else guess(asked, question)

        foresight = Foresight(start)
        steps, asked = foresight.start(), list[tuple[Any, Any]]()
        question = next(steps)
        try:
            while True:
                self.ask(key(question), lambda: (key(other) for _, _, other in foresight.ahead(asked, foreseen)))
                asked.append((question, answer(question)))
                question = steps.send(asked[-1][1])
        except StopIteration as stop:
            return stop.value


def _trial() -> Trial:
    return Trial(pins=Pins(versions=()), command="", timeout=1.0, log=Path())


def simulate(world: World, random: Random, workers: int) -> Upgrade:
    """One upgrade: search, then how far each culprit goes."""
    executor = Simulated(places=workers, random=random)
    upgrade = Upgrade(executor=executor, ahead=Ahead(executor=executor))
    last_good = {name: random.randrange(len(RELEASES)) for name in sorted(world.singles)}

    def sight(moved: frozenset[str]) -> Seen:
        failed = moved & world.singles
        return Seen(verdict=Verdict.FAILED if failed else Verdict.PASSED, failed=failed)

    found = upgrade.drive(
        lambda: search_by_tests(world.names),
        lambda moved: " ".join(sorted(moved)),
        sight,
        lambda asked, moved: likely_sights(asked, moved, {}),
    )
    assert found.held == world.singles
    for name in sorted(found.held):
        upgrade.drive(
            lambda: bisection("1.0", RELEASES, "10.0"),
            lambda release, name=name: f"{name}=={release}",  # type: ignore[misc]
            lambda release, name=name: Verdict.PASSED if RELEASES.index(release) < last_good[name] else Verdict.FAILED,
            lambda asked, release: [(0.5, Verdict.PASSED), (0.5, Verdict.FAILED)],
        )
    upgrade.ahead.finish(upgrade._made)
    return upgrade


def clock(minutes: float) -> str:
    whole = round(minutes)
    return f"{whole // 60}:{whole % 60:02}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of an upgrade against workers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=12)
    options = parser.parse_args()
    titles = "".join(f"{f'{suite} min':>8}" for suite in SUITES)
    print(f"{'workers':>7}{titles}{'times faster':>14}{'executions':>12}{'cancelled':>11}")
    alone = 0.0
    for workers in WORKERS:
        seeds = [Random(options.seed * 1000 + number) for number in range(options.worlds)]
        done = [simulate(singles(random, CHANGES, CULPRITS), random, workers) for random in seeds]
        rounds = mean(one.executor.now for one in done)
        alone = alone or rounds
        times = "".join(f"{clock(rounds * (suite + OVERHEAD / 60)):>8}" for suite in SUITES)
        runs, ended = mean(one.runs for one in done), mean(one.ahead.cancelled for one in done)
        print(f"{workers:>7}{times}{alone / rounds:>14.1f}{runs:>12.1f}{ended:>11.1f}")


if __name__ == "__main__":
    main()
