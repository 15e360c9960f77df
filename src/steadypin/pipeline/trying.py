"""Try pins: remembered outcomes first, then a run in the lab, and doubt where a red answer deserves it.

A failing test is believed when it fails twice on one lock, once for all its later failures: the first time that a test is
red its run is repeated, for it alone where the runner can do that. A test that then passes is flaky, is remembered as such
for this project, and is blamed on nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from statistics import median
from time import monotonic

from steadypin.errors import CommandError, Inconclusive, ResolverError
from steadypin.model.trial import TestRun, Verdict
from steadypin.model.upgrade import RunCounts
from steadypin.pipeline.ahead import Ahead
from steadypin.pipeline.progress import LONG, Outlook, Tell, ended, left, tried
from steadypin.trials.executors.executor import Trial
from steadypin.trials.executors.local import peak_memory
from steadypin.trials.journal import Journal, Subject
from steadypin.trials.runner.run import can_narrow
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass, field, replace

STREAK = 5
"""Red answers in a row after which the last green lock is asked whether the world is still as it was."""


Likely = Callable[[], Iterable[Pins]]


class OutOfBudget(Exception):
    """No more runs may be made. Never leaves the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`runs` executions in all and `seconds` of wall time, None for no limit; `timeout` seconds for one run, None: learnt."""

    runs: int | None = None
    seconds: float | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is believed of one lock, the run that shows it, and the failing tests that count."""

    verdict: Verdict
    run: TestRun
    failed: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Trials:
    """`subject` holds the parts of a run's key that stay the same. `forgiven` are tests that fail at the baseline already, or
    are flaky: alone they make nothing red. `later` is how many runs there will be at least after what is under way.
    """

    lab: Lab
    ahead: Ahead
    journal: Journal
    command: str
    python: str
    limits: Limits
    tell: Tell
    started: float = field(default_factory=monotonic)
    counts: Counter[str] = field(default_factory=Counter)
    test_seconds: float = 0.0
    forgiven: set[str] = field(default_factory=set)
    reproduced: set[str] = field(default_factory=set)
    seen_flaky: set[str] = field(default_factory=set)
    judged: dict[str, Judged] = field(default_factory=dict)
    timeout: float = 3600.0
    later: int = 0
    note: str = ""
    outlook: Outlook = Outlook()
    _seconds: list[float] = field(default_factory=list)
    _phase: str = ""
    _asked: int = 0
    _quietly: int = 0
    _likely: Likely = tuple
    _subjects: dict[str, Subject] = field(default_factory=dict)
    _ahead_of_time: set[str] = field(default_factory=set)
    _used: Counter[str] = field(default_factory=Counter)
    _reds: int = 0
    _green: Pins | None = None

    def judge(
        self,
        pins: Pins,
        phase: str,
        *,
        again: bool = False,
        note: str = "",
        outlook: Outlook = Outlook(),  # noqa: B008 - a value
        likely: Likely = tuple,
    ) -> Judged:
        """What the tests say of these pins. Known locks are not run again, unless `again` asks to doubt; `note` and `outlook`
        are for people. `likely` makes the pins that may be asked for next, the likeliest first: idle places try them meanwhile.

        Raises OutOfBudget, CommandError where the pins cannot be installed, Inconclusive where the world has changed.
        """
        known = self.judged.get(pins.digest)
        if known is not None and known.verdict is not Verdict.FLAKY and not again:
            return known
        self._phase, self._likely, self.outlook = phase, likely, outlook
        self.note = note or "today's pins" if phase == "baseline" else note
        self.judged[pins.digest] = found = self._judge(pins, phase)
        if found.verdict is Verdict.PASSED:
            self._reds, self._green = 0, pins
        elif found.verdict is Verdict.FAILED:
            self._reds += 1
            if self._reds == STREAK and self._green is not None:
                self._check_the_world(self._green, found)
        return found

    def is_green(self, pins: Pins) -> bool:
        """Whether exactly these pins have been tested as a whole and passed."""
        known = self.judged.get(pins.digest)
        return known is not None and known.verdict is Verdict.PASSED

    def run(self, pins: Pins, phase: str, tests: tuple[str, ...] = ()) -> TestRun:
        """The next outcome that the journal knows of this subject, else a new execution, recorded before it returns."""
        subject = self._subject(pins, tests)
        remembered = self.journal.runs.get(subject.key, [])
        used = self._used[subject.key]
        self._used[subject.key] += 1
        if used < len(remembered):
            self._take_from_memory(phase, remembered[used], fresh=subject.key in self._ahead_of_time and not used)
            return remembered[used]
        self._check_budget()
        line = self._begun(phase)
        try:
            done = self.ahead.carry_out(subject.key, self._trial(pins, tests, used), self._expected, self._made_ahead)
        except BaseException:
            self.tell(f"{line}: not made")
            raise
        self.counts["repeated" if tests else phase] += 1
        self.test_seconds += done.seconds
        self._seconds.append(done.seconds)
        self.journal.append(subject, done)
        self.tell(f"{line}: {ended(done)}{self._left()}")
        return done

    def _take_from_memory(self, phase: str, run: TestRun, *, fresh: bool) -> None:
        """`fresh` is a run that this process has made before it was asked for, and has counted then."""
        if fresh:
            self.tell(f"{self._line(phase)}: {ended(run)}, made ahead{self._left()}")
            return
        self.counts["remembered"] += 1
        self._quietly += 1

    def _begun(self, phase: str) -> str:
        """Say what is tried now: its line, without the outcome. A long run is announced also where nobody watches."""
        if self._quietly:
            self.tell(f"{self._quietly} outcome{'s' * (self._quietly > 1)} known from before")
            self._quietly = 0
        line = self._line(phase)
        self.tell(f"{line} …{self._left()}", passing=bool(self._seconds) and median(self._seconds) < LONG)
        return line

    def _line(self, phase: str) -> str:
        self._asked += 1
        return tried(self._asked, phase, self.note)

    def _left(self) -> str:
        return left(replace(self.outlook, runs=self.outlook.runs + self.later), self._seconds)

    def _trial(self, pins: Pins, tests: tuple[str, ...] = (), used: int = 0) -> Trial:
        log = self.journal.path.parent / "logs" / f"{pins.digest[:12]}-{used + 1}{'-some' if tests else ''}.log"
        return Trial(pins=pins, command=self.command, timeout=self.timeout, tests=tests, log=log)

    def _expected(self) -> Iterator[tuple[str, Trial]]:
        """What may be asked for next and is not known yet, by key."""
        with suppress(ResolverError):  # it comes again where the question is asked in earnest
            for pins in self._likely():
                subject = self._subject(pins)
                if not self.journal.runs.get(subject.key):
                    self._subjects[subject.key] = subject
                    yield subject.key, self._trial(pins)

    def _made_ahead(self, key: str, run: TestRun) -> None:
        """A run that nobody has asked for yet: recorded and counted like all others."""
        self.counts["versions" if self._phase == "versions" else "search"] += 1
        self.test_seconds += run.seconds
        self._ahead_of_time.add(key)
        self.journal.append(self._subjects[key], run)

    def finish(self) -> None:
        """Nothing more is asked for."""
        self.ahead.finish(self._made_ahead)

    def glimpse(self, pins: Pins) -> Judged | None:
        """What is likely to be said of pins whose outcome is known already; nothing is run, and nothing doubted."""
        known = self.judged.get(pins.digest)
        if known is not None:
            return known
        runs = self.journal.runs.get(self._subject(pins).key)
        if not runs:
            return None
        failed = frozenset[str]() if runs[0].outcome == "passed" else _failures(runs[0]) - self.forgiven - self.journal.flaky
        return Judged(verdict=Verdict.FAILED if failed else Verdict.PASSED, run=runs[0], failed=failed)

    def knows(self, pins: Pins) -> bool:
        """Whether the journal has an outcome of exactly these pins."""
        return bool(self.journal.runs.get(self._subject(pins).key))

    def _subject(self, pins: Pins, tests: tuple[str, ...] = ()) -> Subject:
        tree = self.lab.copy.digest
        return Subject(lock=pins.digest, tree=tree, command=self.command, python=self.python, tests=tuple(sorted(tests)))

    def run_counts(self) -> RunCounts:
        """Executions so far, by purpose."""
        counted = ("baseline", "search", "versions", "confirm", "repeated", "remembered")
        ended = {"cancelled": self.ahead.cancelled, "lost": self.ahead.lost}
        return RunCounts(**{name: self.counts[name] for name in counted}, **ended)

    def learn_timeout(self, baseline: float) -> None:
        """A run may take ten times as long as the baseline, and a minute more; and so much memory as it has taken."""
        self.timeout = self.limits.timeout or 60.0 + 10 * baseline
        self.tell(self.ahead.executor.narrow(peak_memory() * 3 // 2))

    def _judge(self, pins: Pins, phase: str) -> Judged:
        run = self.run(pins, phase)
        if run.outcome == "passed":
            return Judged(verdict=Verdict.PASSED, run=run)
        failed = _failures(run) - self.forgiven
        if not failed:
            return Judged(verdict=Verdict.PASSED, run=run)
        doubtful = failed - self.reproduced
        if not doubtful or run.outcome == "cannot-start":
            return Judged(verdict=Verdict.FAILED, run=run, failed=failed)
        return self._doubt(pins, run, failed, known=frozenset(self.journal.flaky))

    def _doubt(self, pins: Pins, run: TestRun, failed: frozenset[str], *, known: frozenset[str]) -> Judged:
        """Run what failed once more, on the same lock."""
        tests = tuple(sorted(failed)) if can_narrow(self.command, tuple(failed)) and len(failed) <= 50 else ()
        if any(test.startswith("<") for test in tests) or run.outcome == "collection-error":
            tests = ()
        second = self.run(pins, "repeated", tests)
        still = frozenset() if second.outcome == "passed" else _failures(second) & failed or failed
        flaky = failed - still
        if flaky:
            self.journal.remember_flaky(frozenset(test for test in flaky if not test.startswith("<")))
            self.seen_flaky |= flaky
        self.reproduced |= still
        if still:
            return Judged(verdict=Verdict.FAILED, run=run, failed=still)
        return Judged(verdict=Verdict.PASSED if failed <= known else Verdict.FLAKY, run=run, failed=failed)

    def _check_the_world(self, green: Pins, red: Judged) -> None:
        """Everything is red of late: is what was green still green?"""
        tests = tuple(sorted(red.failed)) if can_narrow(self.command, tuple(red.failed)) else ()
        if any(test.startswith("<") for test in tests):
            tests = ()
        self.note = "the last green pins"
        again = self.run(green, "repeated", tests)
        failed = (frozenset() if again.outcome == "passed" else _failures(again)) - self.forgiven
        if failed & red.failed:
            raise Inconclusive(
                f"what was green is red now: {', '.join(sorted(failed & red.failed)[:5])} fail on the last green lock as well",
                hint="did a service or the network go away? what is known is in the journal; run the same with --resume",
            )

    def _check_budget(self) -> None:
        total = sum(self.counts.values()) - self.counts["remembered"]
        if self.limits.runs is not None and total >= self.limits.runs:
            raise OutOfBudget("--max-runs")
        if self.limits.seconds is not None and monotonic() - self.started >= self.limits.seconds:
            raise OutOfBudget("--budget")


def _failures(run: TestRun) -> frozenset[str]:
    """The failing tests; where none is known by name, the outcome stands for them."""
    return frozenset(run.failed) or frozenset({f"<{run.outcome}>"})


def named_tests(failed: Iterable[str]) -> tuple[str, ...]:
    """Those of the failing tests that have a name; what stands for a run as a whole is none."""
    return tuple(sorted(test for test in failed if not test.startswith("<")))


def install_failure(error: CommandError) -> TestRun:
    """A set that cannot be installed, as a run that did not happen."""
    return TestRun(command=(), outcome="cannot-install", exit_code=None, seconds=0.0, error=error.message)
