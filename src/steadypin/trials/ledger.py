"""What was asked in a culprit search, what was answered, and what follows from it. Pure: the asking is left to a driver."""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property

from steadypin.model.trial import Verdict
from steadypin.trials.posterior import bits, union
from steadypin.values import dataclass, field

PATIENCE = 3  # runs of one set before its flakiness is taken as its answer

MEMORY = 12  # refusals that are weighed, the latest

Pairs = list[tuple[int, int, int]]  # a unit, what it may need, what it may clash with
Suspicion = tuple[Pairs, int]  # why a set was refused, perhaps; number of pairs
Asking = Generator[frozenset[str], Verdict, Verdict]


class OutOfRuns(Exception):
    """The driver answered NOT_RUN: it will not try anything more. Never leaves the search."""


@dataclass(kw_only=True)
class Ledger:
    """The answers so far. A set of units is a bit mask; `kept` is the largest set that has passed as a whole."""

    units: tuple[frozenset[str], ...]
    rationed: bool = True  # whether the promised number of runs matters more than the last doubt
    kept: int = 0
    answers: dict[int, Verdict] = field(default_factory=dict)
    reds: dict[int, int] = field(default_factory=dict)  # how often a set was red
    runs: int = 0
    refusals: int = 0
    in_a_row: int = 0  # refusals since the last run
    flaky: int = 0
    contradicted: bool = False  # not every culprit breaks the tests alone, or chance had a hand in it
    companies: dict[int, int] = field(default_factory=dict)  # a held unit and what breaks only together with it
    together: list[int] = field(default_factory=list)  # kept sets that pass only as a whole
    _bonds: dict[int, tuple[int, int]] = field(default_factory=dict)  # per unit: what always, what ever moved with it
    _suspicions: dict[int, Suspicion] = field(default_factory=dict)

    @cached_property
    def everything(self) -> int:
        return (1 << len(self.units)) - 1

    @property
    def held(self) -> int:
        return self.everything & ~self.kept

    def names(self, mask: int) -> frozenset[str]:
        return frozenset[str]().union(*(self.units[unit.bit_length() - 1] for unit in bits(mask)))

    def asked(self, mask: int) -> bool:
        return mask in self.answers

    def of(self, *verdicts: Verdict) -> list[int]:
        """The sets that have one of these answers, in the order of asking."""
        return [mask for mask, verdict in self.answers.items() if verdict in verdicts]

    def ask(self, mask: int) -> Asking:
        """The answer for a set, from memory where it is known."""
        if mask not in self.answers:
            yield from self.ask_again(mask)
        return self.answers[mask]

    def ask_again(self, mask: int) -> Asking:
        """Try a set that was not tried or was not green. One that is red and green at once is tried up to `PATIENCE` times and
        stays FLAKY unless a run passes: flakiness is neither proof nor blame."""
        if self.answers.get(mask) in (Verdict.PASSED, Verdict.UNRESOLVED):
            return self.answers[mask]
        verdict = again = yield from self._try(mask)
        for _ in range(PATIENCE - 1 if verdict is Verdict.FLAKY else 0):
            if again in (Verdict.PASSED, Verdict.UNRESOLVED):
                break
            again = yield from self._try(mask)
        if verdict is Verdict.FLAKY and again in (Verdict.PASSED, Verdict.UNRESOLVED):
            verdict = again
        self._enter(mask, verdict)
        return verdict

    def _try(self, mask: int) -> Asking:
        verdict = yield self.names(mask)
        if not isinstance(verdict, Verdict):
            raise TypeError(f"a search is sent a Verdict, not {verdict!r}")
        if verdict is Verdict.NOT_RUN:
            raise OutOfRuns
        self.runs += verdict is not Verdict.UNRESOLVED
        self.refusals += verdict is Verdict.UNRESOLVED
        self.in_a_row = self.in_a_row + 1 if verdict is Verdict.UNRESOLVED else 0
        self.flaky += verdict is Verdict.FLAKY
        return verdict

    def _enter(self, mask: int, verdict: Verdict) -> None:
        self.answers[mask] = verdict
        if verdict is Verdict.FAILED:
            self.reds[mask] = self.reds.get(mask, 0) + 1
        if verdict is Verdict.PASSED and mask.bit_count() > self.kept.bit_count():
            self.kept = mask
        if verdict is not Verdict.UNRESOLVED:
            self._learn(mask)

    def _learn(self, mask: int) -> None:
        """This set could be tried: no unit of it needs one outside of it, no two of it clash."""
        for unit in bits(mask):
            always, ever = self._bonds.get(unit, (self.everything, 0))
            self._bonds[unit] = always & mask, ever | mask
        self._suspicions.clear()

    @property
    def simple(self) -> bool:
        """Whether each answer so far fits a world where every culprit breaks the tests alone and nothing else happens."""
        if self.contradicted or self.refusals or self.flaky:
            return False
        clean = union(self.of(Verdict.PASSED))
        return all(red & ~clean for red in self.of(Verdict.FAILED))

    def odds(self, mask: int) -> float:
        """How likely the resolver takes this set, judged by the sets that it refused.

        Each refusal is explained by "some unit in it needs one that was not" or "two in it do not go together"; pairs that a
        set that could be tried has disproved are out. The more of the remaining explanations a new set repeats, the worse; the
        refusals share their causes, so it is the mean over them that counts.
        """
        refusals = self.of(Verdict.UNRESOLVED)[-MEMORY:]
        return 1 - sum(self._repeats(refused, mask) for refused in refusals) / len(refusals) if refusals else 1.0

    def _repeats(self, refused: int, mask: int) -> float:
        pairs, possible = self._suspect(refused)
        repeated = sum(
            (needs & ~mask).bit_count() + (clashes & mask).bit_count() for unit, needs, clashes in pairs if unit & mask
        )
        return repeated / possible if possible else 0.0

    def _suspect(self, refused: int) -> Suspicion:
        if refused not in self._suspicions:
            pairs: Pairs = []
            for unit in bits(refused):
                always, ever = self._bonds.get(unit, (self.everything, 0))
                pairs.append((unit, always & ~refused, refused & ~ever & ~unit))
            possible = sum(needs.bit_count() + clashes.bit_count() for _, needs, clashes in pairs)
            self._suspicions[refused] = [pair for pair in pairs if pair[1] or pair[2]], possible
        return self._suspicions[refused]
