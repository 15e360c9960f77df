"""A culprit search that listens to each failing test on its own. Pure, and proved like `culprits`.

A run says more than red or green: it says which tests fail. Breakages that have nothing to do with each other usually show in
different tests, and one run answers for all of them at once. So: as long as the set that would be kept is red, take one of
its failing tests, find a smallest set of changes that makes it fail, and hold one of them. The smallest set is found by
bisection over prefixes of a preference order (QuickXplain: U. Junker, AAAI 2004), where a set is taken to pass for a test
if a larger one did, unless that hides what another smaller one breaks, and to fail if a smaller one did.

That is a guess, so nothing rests on it. What is kept has passed as a whole, and everything that is held is run on top of what
is kept: alone, in pairs, and in families of three and four that break the same test; what passes there is kept as well. Each
culprit is seen red, and each part of it green, in runs of their own. Where the answers do not fit together the result is None,
and the plain search has to decide, with all that has been run already at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from steadypin.model.trial import Verdict
from steadypin.trials.culprits import SearchResult
from steadypin.trials.posterior import certainty
from steadypin.values import dataclass, field

PAIRED = 6
"""Held units up to which every pair of them gets a second chance; of more, those that break the same test."""

FAMILY = 4
"""Units that break the same test up to which three and more of them get a second chance together."""

Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run of a set showed. `telling`: it got far enough for every test that is not in `failed` to have passed."""

    verdict: Verdict
    failed: Names = frozenset()
    telling: bool = True


class _Unclear(Exception):
    """The answers tell too little, or contradict each other. Never leaves this module."""


Steps = Generator[Names, Seen, SearchResult | None]
Asking = Generator[Names, Seen, Seen]


@dataclass(slots=True, kw_only=True)
class _Case:
    """All runs so far, and what is held because of which culprit."""

    units: tuple[Names, ...]
    seen: dict[Names, Seen] = field(default_factory=dict)
    held: dict[Names, Names] = field(default_factory=dict)
    together: list[Names] = field(default_factory=list)

    @property
    def kept(self) -> Names:
        return _union(unit for unit in self.units if unit not in self.held)

    def ask(self, moved: Names) -> Asking:
        """The answer for a set, from memory where it is known."""
        if moved not in self.seen:
            self.seen[moved] = yield moved
        if self.seen[moved].verdict not in (Verdict.PASSED, Verdict.FAILED):
            raise _Unclear
        return self.seen[moved]

    def guess(self, test: str, moved: Names) -> bool | None:
        """Whether the runs so far let expect that a test fails; None where they say nothing."""
        if (known := self.seen.get(moved)) is not None:
            return _fails(test, known)
        red = [other for other, run in self.seen.items() if _fails(test, run)]
        if any(other <= moved for other in red):
            return True
        passed = (other for other, run in self.seen.items() if other >= moved and _fails(test, run) is False)
        return False if any(not any(smaller <= other for smaller in red) for other in passed) else None

    def fails(self, test: str, moved: Names) -> Generator[Names, Seen, bool]:
        """Whether a test fails with a set, guessed or run."""
        guess = self.guess(test, moved)
        if guess is None:
            guess = _fails(test, (yield from self.ask(moved)))
        if guess is None:
            raise _Unclear
        return guess


def search_by_tests(
    changes: Iterable[str], *, coupled: Collection[Collection[str]] = (), hints: Mapping[str, float] | None = None
) -> Steps:
    """Find the culprits among `changes`; arguments as of `culprits.search`.

    Yields sets to try and is sent what was `Seen`; each set is asked for once, first the empty one, then everything. Returns
    a result of which everything has been seen in a run of its own, or None where the plain search has to decide.
    """
    case = _Case(units=_ordered(frozenset(changes), coupled, hints or {}))
    try:
        if (yield from case.ask(frozenset())).verdict is not Verdict.PASSED:
            return None
        while (run := (yield from case.ask(case.kept))).verdict is Verdict.FAILED:
            yield from _hold_for(case, run, frozenset(_outstanding(hints or {})))
        yield from _prove(case)
    except _Unclear:
        return None
    return _result(case)


def _ordered(changes: Names, coupled: Collection[Collection[str]], hints: Mapping[str, float]) -> tuple[Names, ...]:
    """What moves as one, the most suspect first."""
    unit_of = {name: frozenset({name}) for name in changes}
    for group in coupled:
        merged = _union(unit_of[name] for name in group if name in changes)
        unit_of.update(dict.fromkeys(merged, merged))
    return tuple(sorted(set(unit_of.values()), key=lambda unit: (-max(hints.get(name, 0.0) for name in unit), sorted(unit))))


def _outstanding(hints: Mapping[str, float]) -> Iterable[str]:
    return (name for name, weight in hints.items() if weight > 0)


def _hold_for(case: _Case, run: Seen, suspects: Names) -> Generator[Names, Seen, None]:
    """For each failing test of a red set: a smallest set that explains it, and one of its units held."""
    pool = [unit for unit in case.units if unit not in case.held]
    before = len(case.held)
    for test in sorted(run.failed):
        if len(case.held) > before and any(case.guess(test, culprit) for culprit in case.held.values()):
            continue  # it fails with a culprit of this round; if that is not all, the next round says so
        culprit = yield from _smallest(case, test, list(pool), suspects)
        if not case.held.keys() & set(culprit):
            case.held[culprit[0]] = _union(culprit)
    if len(case.held) == before:
        raise _Unclear


def _smallest(case: _Case, test: str, pool: list[Names], suspects: Names) -> Generator[Names, Seen, list[Names]]:
    """Units without any of which the test would pass, the last found first. The whole pool is known to fail."""
    found: list[Names] = []
    first = sum(1 for unit in pool if unit & suspects)
    while not found or not (yield from case.fails(test, _union(found))):
        if not pool:
            raise _Unclear
        size = yield from _shortest_prefix(case, test, found, pool, first)
        found.append(pool[size - 1])
        pool, first = pool[: size - 1], 0
    return found


def _shortest_prefix(
    case: _Case, test: str, found: Sequence[Names], pool: Sequence[Names], first: int
) -> Generator[Names, Seen, int]:
    """How many units of the pool make the test fail together with what is found; the suspects are tried first."""
    low, high = 0, len(pool)
    middle = first if 0 < first < high else (low + high) // 2
    while high - low > 1:
        if (yield from case.fails(test, _union([*found, *pool[:middle]]))):
            high = middle
        else:
            low = middle
        middle = (low + high) // 2
    return high


def _prove(case: _Case) -> Generator[Names, Seen, None]:
    """Nothing can be added to what is kept, and no unit can be left out of what is blamed."""
    yield from _second_chances(case)
    for unit in case.held:
        case.held[unit] = yield from _least(case, unit)


def _second_chances(case: _Case) -> Generator[Names, Seen, None]:
    """Whatever is held is run on top of what is kept, alone, in pairs and in families; what passes is kept, and all is asked
    again."""
    kept = None
    while kept != case.kept:
        kept = case.kept
        for chosen in _chances(case, kept):
            if (yield from case.ask(kept.union(*chosen))).verdict is Verdict.PASSED:
                for unit in chosen:
                    del case.held[unit]
                case.together += [_union(chosen)] if len(chosen) > 1 else []
                break


def _chances(case: _Case, kept: Names) -> Iterator[tuple[Names, ...]]:
    """Sets of held units; those of several are chosen by what the single ones were seen to break."""
    held = tuple(case.held)
    yield from combinations(held, 1)
    breaks = {unit: case.seen[kept | unit].failed for unit in held}
    for pair in combinations(held, 2):
        if len(held) <= PAIRED or breaks[pair[0]] & breaks[pair[1]]:
            yield pair
    families = {tuple(unit for unit in held if test in breaks[unit]) for test in _union(breaks.values())}
    for family in sorted(
        (family for family in families if 2 < len(family) <= FAMILY), key=lambda family: [*map(sorted, family)]
    ):
        for size in range(len(family), 2, -1):
            yield from combinations(family, size)


def _least(case: _Case, unit: Names) -> Generator[Names, Seen, Names]:
    """The culprit that `unit` is held for, without anything that it does not need to be red."""
    culprit = case.held[unit]
    for part in [part for part in case.units if part < culprit and part != unit]:
        if (yield from case.ask(culprit - part)).verdict is Verdict.FAILED:
            culprit -= part
    if culprit != unit and (yield from case.ask(culprit - unit)).verdict is Verdict.FAILED:
        raise _Unclear  # what is kept is red without its company and misled the search
    return culprit


def _result(case: _Case) -> SearchResult:
    blamed = {culprit: unit for unit, culprit in case.held.items()}
    return SearchResult(
        culprits=tuple(blamed),
        kept=case.kept,
        held=_union(case.held),
        confidence=tuple(_confidence(case, culprit, unit) for culprit, unit in blamed.items()),
        kinds=tuple(_kind(case, culprit) for culprit in blamed),
        together=tuple(case.together),
    )


def _confidence(case: _Case, culprit: Names, unit: Names) -> float:
    green = sum(run.verdict is Verdict.PASSED for run in case.seen.values())
    red = sum(case.seen[moved].verdict is Verdict.FAILED for moved in {culprit, case.kept | unit} if moved in case.seen)
    return round(certainty(flaky=0, green=green, red=red), 6)


def _kind(case: _Case, culprit: Names) -> str:
    if culprit not in case.units:
        return "conjunction"
    return "coupled" if len(culprit) > 1 else "single"


def _fails(test: str, run: Seen) -> bool | None:
    if test in run.failed:
        return True
    if run.verdict not in (Verdict.PASSED, Verdict.FAILED):
        return None
    return False if run.verdict is Verdict.PASSED or run.telling else None


def _union(units: Iterable[Names]) -> Names:
    return frozenset[str]().union(*units)
