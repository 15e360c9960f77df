"""Carry out one stage: try it as a whole, search for culprits where it is red, find how far each of them can go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence

from steadypin.errors import CommandError
from steadypin.model.facts import Facts
from steadypin.model.parse import version
from steadypin.model.trial import Culprit, TrialResult, Verdict
from steadypin.pipeline import progress
from steadypin.pipeline.moving import Mover
from steadypin.pipeline.trying import Judged, Likely, OutOfBudget, Trials, install_failure, named_tests
from steadypin.trials.bytests import Names, Seen, search_by_tests
from steadypin.trials.culprits import SearchResult, search
from steadypin.trials.foresight import Foresight, likely_sights, likely_verdicts, weights_of
from steadypin.trials.results import Versions, differences
from steadypin.trials.runner.reports import names_in_errors
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a stage: the verdict of its whole, the lock that is kept, culprits, names held with a reason."""

    verdict: Verdict
    lock: Versions
    culprits: tuple[Culprit, ...] = ()
    because: Mapping[str, str] = field(default_factory=dict)
    together: tuple[tuple[str, ...], ...] = ()
    stopped: str = ""
    tried: tuple[TrialResult, ...] = ()


@dataclass(slots=True, kw_only=True)
class StageTrial:
    """A stage on top of the proved lock `now`. `final` are its pins; `units` the names that are tried on their own,
    `beyond` is where `frozen` names would have gone. `following` makes the pins of later stages, should this one pass;
    `bisected` are culprits of earlier stages whose last good release is known.
    """

    trials: Trials
    mover: Mover
    facts: Facts
    now: Versions
    final: Versions
    units: tuple[str, ...]
    frozen: frozenset[str] = frozenset()
    beyond: Versions = field(default_factory=dict)
    coupled: tuple[Collection[str], ...] = ()
    bisect: bool = True
    bisected: frozenset[str] = frozenset()
    following: Likely = tuple
    log_of: Callable[[str], str] = lambda _: ""
    evidence: dict[frozenset[str], Judged] = field(default_factory=dict)
    unresolved: dict[frozenset[str], str] = field(default_factory=dict)
    stopped: str = ""

    def carry_out(self) -> Outcome:
        """Try, search, bisect. Raises Inconclusive, ResolverError."""
        whole = self._verdict(frozenset(self.units), likely=self.following)
        if whole is Verdict.PASSED or not self.units:
            return Outcome(verdict=whole, lock=self._lock(frozenset(self.units)) or self.now, tried=self._tried())
        result = self._best(self._search())
        lock = dict(self._lock(result.kept) or self.now)
        lock, culprits, because = self._explain(result, lock)
        together = tuple(tuple(sorted(names)) for names in result.together)
        return Outcome(
            verdict=whole,
            lock=lock,
            culprits=culprits,
            because=because,
            together=together,
            stopped=self.stopped,
            tried=self._tried(),
        )

    def _tried(self) -> tuple[TrialResult, ...]:
        return tuple(TrialResult(changes=moved, verdict=judged.verdict) for moved, judged in self.evidence.items())

    # --- the search

    def _search(self) -> SearchResult:
        """Test by test where tests have names; where that does not decide, the plain search, which finds known runs made."""
        hints = self._hints()
        return self._search_by_tests(hints) or self._search_plainly(hints)

    def _best(self, result: SearchResult) -> SearchResult:
        """Where the search was ended early: the largest set that has passed."""
        if not self.stopped:
            return result
        green = [moved for moved, judged in self.evidence.items() if judged.verdict is Verdict.PASSED]
        kept = max([result.kept, *green], key=len)
        return replace(result, kept=kept, held=frozenset(self.units) - kept)

    def _search_by_tests(self, hints: dict[str, float]) -> SearchResult | None:
        weights = weights_of(self.units, hints)

        def guess(asked: Sequence[tuple[Names, Seen]], moved: Names) -> Iterable[tuple[float, Seen]]:
            known = self._foreseen(moved)
            return [(1.0, known)] if known is not None else likely_sights(asked, moved, weights)

        foresight = Foresight(lambda: search_by_tests(self.units, coupled=self.coupled, hints=hints))
        steps, asked = foresight.start(), list[tuple[Names, Seen]]()
        tried = next(steps)
        while True:
            verdict = self._verdict(tried, likely=lambda: self._pins_ahead(foresight.ahead(asked, guess)))
            asked.append((tried, _seen(verdict, self.evidence.get(tried))))
            try:
                tried = steps.send(asked[-1][1])
            except StopIteration as stop:
                found: SearchResult | None = stop.value
                return found

    def _search_plainly(self, hints: dict[str, float]) -> SearchResult:
        weights = weights_of(self.units, hints)

        def guess(asked: Sequence[tuple[Names, Verdict]], moved: Names) -> Iterable[tuple[float, Verdict]]:
            known = self._foreseen(moved)
            return [(1.0, known.verdict)] if known is not None else likely_verdicts(asked, moved, weights)

        # whoever waits for an upgrade wants culprits named exactly: for three among few changes that is a run or two more
        foresight = Foresight(lambda: search(self.units, coupled=self.coupled, hints=hints, thorough=True))
        steps, asked = foresight.start(), list[tuple[Names, Verdict]]()
        tried = next(steps)
        while True:
            again = any(tried == moved for moved, _ in asked)
            verdict = self._verdict(tried, again=again, likely=lambda: self._pins_ahead(foresight.ahead(asked, guess)))
            asked.append((tried, verdict))
            try:
                tried = steps.send(verdict)
            except StopIteration as stop:
                result: SearchResult = stop.value
                return result

    def _foreseen(self, moved: Names) -> Seen | None:
        """What a set's answer is or will most likely be, where something is known of exactly this set."""
        lock = self._lock(moved)
        if lock is None or moved in self.unresolved:
            return Seen(verdict=Verdict.UNRESOLVED)
        judged = self.trials.glimpse(self.mover.pins(lock))
        return None if judged is None else _seen(judged.verdict, judged)

    def _pins_ahead(self, questions: Iterable[tuple[float, object, Names]]) -> Iterator[Pins]:
        for _, _, moved in questions:
            lock = self._lock(moved)
            if lock is not None:
                yield self.mover.pins(lock)

    def _verdict(self, moved: Names, *, again: bool = False, likely: Likely = tuple) -> Verdict:
        if self.stopped and (moved not in self.evidence or again):
            return Verdict.NOT_RUN
        if moved in self.unresolved:
            return Verdict.UNRESOLVED
        lock = self._lock(moved)
        if lock is None:
            self.unresolved[moved] = "the resolver finds no pins with it"
            return Verdict.UNRESOLVED
        try:
            note, outlook = progress.moved(moved, self.units), self._outlook()
            judged = self.trials.judge(self.mover.pins(lock), "search", again=again, note=note, outlook=outlook, likely=likely)
        except OutOfBudget as stop:
            self.stopped = str(stop)
            return Verdict.NOT_RUN
        except CommandError as error:
            self.unresolved[moved] = error.message
            judged = Judged(verdict=Verdict.UNRESOLVED, run=install_failure(error))
        self.evidence[moved] = judged
        return judged.verdict

    def _outlook(self) -> progress.Outlook:
        green = (moved for moved, judged in self.evidence.items() if judged.verdict is Verdict.PASSED)
        return progress.search_outlook(self.units, green, begun=bool(self.evidence))

    def whole(self) -> Versions | None:
        """What the stage's first run holds: everything moved; None where the resolver refuses it."""
        return self._lock(frozenset(self.units))

    def _lock(self, moved: frozenset[str]) -> Versions | None:
        if moved == frozenset(self.units) and frozenset(differences(self.now, self.final)) <= self._whole():
            return self.final
        return self.mover.lock(self.now, self.final, {name: self.final[name] for name in moved}, self.frozen)

    def _whole(self) -> frozenset[str]:
        """Names that the stage's own lock may change without being asked: its units, and what comes and goes with them."""
        comes_and_goes = self.now.keys() ^ self.final.keys()
        return frozenset(self.units) | comes_and_goes if not self.frozen else frozenset()

    def _hints(self) -> dict[str, float]:
        """Packages that the first red run's tracebacks pass through, the nearest to the error most, and those that the
        errors themselves name.
        """
        judged = self.evidence.get(frozenset(self.units))
        if judged is None:
            return {}
        hints = dict.fromkeys(names_in_errors(self.log_of(judged.run.log), self.units), 1.0)
        nearest_first = enumerate(dict.fromkeys(reversed(judged.run.packages)))
        return hints | {name: 2.0 ** max(1, 8 - steps) for steps, name in nearest_first if name in self.units}

    # --- culprits, and how far they can go

    def _explain(
        self, result: SearchResult, lock: dict[str, str]
    ) -> tuple[dict[str, str], tuple[Culprit, ...], dict[str, str]]:
        held = frozenset(name for name in self.units if lock.get(name) != self.final.get(name))
        because: dict[str, str] = {}
        culprits: list[Culprit] = []
        for names, kind, confidence in zip(result.culprits, result.kinds, result.confidence, strict=True):
            guilty = sorted(names & held)
            if not guilty:
                continue
            judged = self._red_run(names, frozenset(result.kept))
            last = first = None
            if leader := self._leader(guilty, kind, lock):
                lock, last, first = self._bisect(leader, lock)
                last, first = (last, first) if len(guilty) == 1 else (None, None)
            companions = self._companions(guilty, lock, held) if kind != "conjunction" else frozenset()
            culprits.append(_culprit(names | companions, "coupled" if companions else kind, confidence, last, first, judged))
            because.update({name: _reason(name, names, companions, judged) for name in guilty})
        for name in sorted(held - because.keys()):
            because[name] = self._other_reason(name, result)
        short = frozenset(name for name in held if lock.get(name) != self.final.get(name))
        named = tuple(culprit for culprit in culprits if short.intersection(culprit.changes))
        return lock, named, {name: why for name, why in because.items() if name in short}

    def _leader(self, guilty: list[str], kind: str, lock: Versions) -> str | None:
        """Whose releases are tried: a culprit's own, or those of the member of a family that brings all others along."""
        if not self.bisect or self.bisected.intersection(guilty) or any(lock[name] == self.final[name] for name in guilty):
            return None
        if len(guilty) == 1:
            return guilty[0]
        for name in guilty if kind == "coupled" else ():
            moved = self.mover.lock(lock, self.final, {name: self.final[name]}, self.frozen)
            if moved is not None and set(guilty) <= set(differences(lock, moved)):
                return name
        return None

    def _red_run(self, names: frozenset[str], kept: frozenset[str]) -> Judged | None:
        """The evidence against a culprit: alone, or on top of what is kept."""
        for tried in (names | kept, names, *sorted((s for s in self.evidence if names <= s), key=len)):
            judged = self.evidence.get(tried)
            if judged is not None and judged.verdict is Verdict.FAILED:
                return judged
        return None

    def _companions(self, guilty: Iterable[str], lock: Versions, held: frozenset[str]) -> frozenset[str]:
        """Other held names that would have to move along."""
        moved = self.mover.lock(lock, self.final, {name: self.final[name] for name in guilty}, self.frozen)
        along = frozenset(differences(lock, moved)) if moved is not None else frozenset()
        return (along & held) - frozenset(guilty)

    def _other_reason(self, name: str, result: SearchResult) -> str:
        if self.stopped:
            return f"not decided: {self.stopped} ended the search"
        if name in result.undecided:
            return "not decided: its runs were flaky"
        if needs := self._held_needs(name):
            return f"it needs {', '.join(needs)}, which is held"
        return next((why for tried, why in self.unresolved.items() if tried >= {name}), "it cannot move without what is held")

    def _held_needs(self, name: str) -> list[str]:
        """What was held in earlier stages and would have to move along."""
        free = {**self.final, **self.beyond}
        moved = self.mover.lock(self.now, free, {name: self.final[name]}) if self.beyond else None
        along = differences(self.now, moved) if moved is not None else ()
        return [f"{other} {moved[other]}" for other in along if moved is not None and other in self.frozen and other in moved]

    def _bisect(self, name: str, lock: dict[str, str]) -> tuple[dict[str, str], str | None, str | None]:
        """The lock with `name` as far as it goes, its last good and its first bad release."""
        good, bad = lock[name], self.final[name]
        releases = tuple(self._between(name, good, bad))
        foresight = Foresight(lambda: bisection(good, releases, bad))

        def moved(asked: Sequence[tuple[str, Verdict]], *more: str) -> Versions | None:
            """The lock that the answers lead to, with one more release."""
            now: Versions | None = lock
            for release in (*(release for release, verdict in asked if verdict is Verdict.PASSED), *more):
                now = self.mover.lock(now, self.final, {name: release}, self.frozen) if now is not None else None
            return now

        def guess(asked: Sequence[tuple[str, Verdict]], release: str) -> Iterable[tuple[float, Verdict]]:
            pins = moved(asked, release)
            if pins is None:
                return [(1.0, Verdict.UNRESOLVED)]
            known = self.trials.glimpse(self.mover.pins(pins))
            return [(1.0, known.verdict)] if known else [(0.5, Verdict.PASSED), (0.5, Verdict.FAILED)]

        def likely() -> Iterator[Pins]:
            for _, path, release in foresight.ahead(asked, guess):
                if (pins := moved(path, release)) is not None:
                    yield self.mover.pins(pins)

        steps, asked = foresight.start(), list[tuple[str, Verdict]]()
        try:
            tried = next(steps)
            while True:
                outlook = progress.versions_outlook(len(releases), len(asked))
                asked.append((tried, self._try_version(moved(asked, tried), f"{name} {tried}", outlook, likely)))
                tried = steps.send(asked[-1][1])
        except StopIteration as stop:
            last, first = stop.value
            return dict(moved(asked) or lock), last, first

    def _try_version(self, moved: Versions | None, note: str, outlook: progress.Outlook, likely: Likely) -> Verdict:
        if self.stopped:
            return Verdict.NOT_RUN
        if moved is None:
            return Verdict.UNRESOLVED
        try:
            pins = self.mover.pins(moved)
            return self.trials.judge(pins, "versions", note=note, outlook=outlook, likely=likely).verdict
        except OutOfBudget as stop:
            self.stopped = str(stop)
            return Verdict.NOT_RUN
        except CommandError:
            return Verdict.UNRESOLVED

    def _between(self, name: str, low: str, high: str) -> list[str]:
        """Releases on offer between two versions, without both, that this interpreter can have."""
        project = next((project for project in self.facts.projects if project.name == name), None)
        bottom, top = version(low), version(high)
        found = []
        for release in project.releases if project else ():
            known = version(release.version)
            if known is None or bottom is None or top is None or not bottom < known < top:
                continue
            if (
                known.is_prerelease
                or release.yanked is not None
                or not self.facts.target.accepts_python(release.requires_python)
            ):
                continue
            found.append(release.version)
        return found


def _seen(verdict: Verdict, judged: Judged | None) -> Seen:
    failed = judged.failed if judged is not None else frozenset[str]()
    telling = judged is not None and judged.run.outcome in ("passed", "failed")
    return Seen(verdict=verdict, failed=failed, telling=telling)


def bisection(good: str, releases: tuple[str, ...], bad: str) -> Generator[str, Verdict, tuple[str, str | None]]:
    """The last good and the first bad release; yields the one to try, those between `good` and `bad` in order."""
    while releases:
        at = _weighted_middle(good, [*releases, bad])
        tried = releases[at]
        verdict = yield tried
        if verdict is Verdict.NOT_RUN:
            return good, None
        if verdict is Verdict.PASSED:
            good, releases = tried, releases[at + 1 :]
        elif verdict is Verdict.UNRESOLVED:
            releases = releases[:at] + releases[at + 1 :]
        else:
            bad, releases = tried, releases[:at]
    return good, bad


def _weighted_middle(good: str, releases: list[str]) -> int:
    """Where to cut: releases that start a major version are the likeliest to break, patch releases the least.

    `releases` ends with the one that is known to be bad; the index is never that of the last.
    """
    weights = [_weight(before, after) for before, after in zip([good, *releases], releases, strict=False)]
    total, running, best = sum(weights), 0.0, (float("inf"), 0)
    for at, weight in enumerate(weights[:-1]):
        running += weight
        best = min(best, (abs(total / 2 - running), at))
    return best[1]


def _weight(before: str, after: str) -> float:
    one, other = version(before), version(after)
    if one is None or other is None:
        return 1.0
    if one.major != other.major:
        return 8.0
    return (8.0 if other.major == 0 else 2.0) if one.minor != other.minor else 1.0


def _culprit(
    names: frozenset[str], kind: str, confidence: float, last: str | None, first: str | None, judged: Judged | None
) -> Culprit:
    run = judged.run if judged else None
    return Culprit(
        changes=tuple(sorted(names)),
        kind=kind,
        confidence=confidence,
        last_good=last,
        first_bad=first,
        failing_tests=named_tests(judged.failed) if judged else (),
        error=run.error if run else "",
        boundary=run.boundary if run else "",
    )


def _reason(name: str, names: frozenset[str], companions: frozenset[str], judged: Judged | None) -> str:
    with_whom = sorted((names | companions) - {name})
    error = f": {judged.run.error}" if judged and judged.run.error else ""
    return f"the tests fail{' together with ' + ', '.join(with_whom) if with_whom else ''}{error}"
