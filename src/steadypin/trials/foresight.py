"""What a search is likely to ask next, so that idle places can find the answers out before they are asked for. Pure.

A search is a generator that depends on nothing but the answers it was sent. So a fresh one can be sent what is known and then
each likely answer to the question that is open: what it asks for then is what the real one will ask for, should the answer be
that. Branches are followed in the order of their chance (as a processor's branch prediction would), and a wrong guess costs a
run, never truth: the real search sees only answers to what it asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from steadypin.model.trial import Verdict
from steadypin.trials.bytests import Names, Seen
from steadypin.values import dataclass, field

Q = TypeVar("Q")
A = TypeVar("A")

LEAST = 0.04
"""Chance below which a question is not worth a run."""

SURE = 0.97
GROUPS = 3
"""Groups of tests whose answers are guessed independently of each other."""

RECALL = 0.7
"""How often what is suspected is a culprit."""

_LIVE = 64
_ALL = "<the tests>"


@dataclass(slots=True)
class Foresight(Generic[Q, A]):
    """`start` makes the search anew; its answers must be hashable."""

    start: Callable[[], Generator[Q, A, Any]]
    _questions: dict[tuple[A, ...], Q | None] = field(default_factory=dict)
    _live: dict[tuple[A, ...], Generator[Q, A, Any]] = field(default_factory=dict)

    def ahead(
        self,
        asked: Sequence[tuple[Q, A]],
        guess: Callable[[Sequence[tuple[Q, A]], Q], Iterable[tuple[float, A]]],
        *,
        least: float = LEAST,
        most: int = 256,
    ) -> Iterator[tuple[float, tuple[tuple[Q, A], ...], Q]]:
        """(chance, what was asked until then, question), the likeliest first, without the question that is open now.

        `guess` says how likely which answer to a question is; `most` bounds the branches that are looked at.
        """
        turn = count()
        heap = [(-1.0, next(turn), tuple(asked))]
        while heap and most:
            chance, _, path = heappop(heap)
            most -= 1
            question = self._question(tuple(answer for _, answer in path))
            if question is None:
                continue
            if len(path) > len(asked):
                yield -chance, path, question
            for likely, answer in guess(path, question):
                if -chance * likely >= least:
                    heappush(heap, (chance * likely, next(turn), (*path, (question, answer))))

    def _question(self, answers: tuple[A, ...]) -> Q | None:
        """What is asked after these answers, None at the end."""
        if answers not in self._questions:
            self._questions[answers] = self._replay(answers)
        return self._questions[answers]

    def _replay(self, answers: tuple[A, ...]) -> Q | None:
        """From where a generator stands already, one answer before; else from the start."""
        steps = self._live.pop(answers[:-1], None) if answers else None
        try:
            if steps is not None:
                question = steps.send(answers[-1])
            else:
                steps = self.start()
                question = next(steps)
                for answer in answers:
                    question = steps.send(answer)
        except StopIteration:
            return None
        while len(self._live) >= _LIVE:
            del self._live[next(iter(self._live))]
        self._live[answers] = steps
        return question


def likely_verdicts(
    asked: Iterable[tuple[Names, Verdict]], question: Names, weights: Mapping[str, float]
) -> list[tuple[float, Verdict]]:
    """How likely a set is green and red, judged by what was seen of others."""
    seen = [(moved, _as_seen(verdict)) for moved, verdict in asked if verdict in (Verdict.PASSED, Verdict.FAILED)]
    return [(chance, answer.verdict) for chance, answer in likely_sights(seen, question, weights)]


def _as_seen(verdict: Verdict) -> Seen:
    return Seen(verdict=verdict, failed=frozenset({_ALL}) if verdict is Verdict.FAILED else frozenset())


def likely_sights(
    asked: Collection[tuple[Names, Seen]], question: Names, weights: Mapping[str, float]
) -> list[tuple[float, Seen]]:
    """Which tests are likely to fail with a set: the likeliest combinations and their chances, the best first.

    Tests that have failed in the same runs are taken to have one cause. It is among what moved in their smallest red runs and
    in none of their green ones, each candidate as likely as its weight (1 where none is given).
    """
    groups: dict[tuple[bool | None, ...], set[str]] = {}
    for test in sorted({test for _, run in asked for test in run.failed}):
        groups.setdefault(tuple(_failed(test, run) for _, run in asked), set()).add(test)
    moved = [names for names, _ in asked]
    combined: list[tuple[float, frozenset[str]]] = [(1.0, frozenset())]
    chances = [(_chance_of_red(moved, signs, question, weights), frozenset(tests)) for signs, tests in groups.items()]
    for red, tests in sorted(chances, key=lambda one: abs(one[0] - 0.5))[:GROUPS]:
        combined = [(p * red, failed | tests) for p, failed in combined] + [(p * (1 - red), failed) for p, failed in combined]
    certain = frozenset[str]().union(
        *(t for red, t in sorted(chances, key=lambda one: abs(one[0] - 0.5))[GROUPS:] if red > 0.5)
    )
    return sorted(((p, _sight(failed | certain)) for p, failed in combined), key=lambda one: -one[0])


def _sight(failed: frozenset[str]) -> Seen:
    return Seen(verdict=Verdict.FAILED if failed else Verdict.PASSED, failed=failed)


def _failed(test: str, run: Seen) -> bool | None:
    if test in run.failed:
        return True
    return False if run.verdict is Verdict.PASSED or (run.verdict is Verdict.FAILED and run.telling) else None


def _chance_of_red(
    moved: Sequence[Names], signs: Sequence[bool | None], question: Names, weights: Mapping[str, float]
) -> float:
    reds = [names for names, sign in zip(moved, signs, strict=True) if sign is True]
    greens = [names for names, sign in zip(moved, signs, strict=True) if sign is False]
    if any(red <= question for red in reds):
        return SURE
    if any(question <= green for green in greens):
        return 1 - SURE
    clean = frozenset[str]().union(*greens)
    suspects = {red - clean or red for red in reds}
    spared = 1.0
    for group in suspects:
        if not any(other < group for other in suspects):
            total = sum(weights.get(name, 1.0) for name in group)
            spared *= 1 - sum(weights.get(name, 1.0) for name in group & question) / total if total else 0.5
    return min(SURE, max(1 - SURE, 1 - spared))


def weights_of(units: Collection[str], hints: Mapping[str, float]) -> dict[str, float]:
    """What is suspected shares `RECALL` of the weight, everything else the rest."""
    named = [name for name in units if hints.get(name, 0) > 0]
    rest = len(units) - len(named)
    if not named or not rest:
        return {}
    return dict.fromkeys(named, RECALL / (1 - RECALL) * rest / len(named))
