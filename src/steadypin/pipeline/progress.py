"""What an upgrade says while it works: which run, what is tried, what came of it, and about how much is left. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import ceil, log2
from statistics import median
from typing import Protocol

from steadypin.model.trial import TestRun
from steadypin.values import dataclass

LONG = 30.0
"""Seconds from which on a run is announced also where nobody watches."""

MANY = 3
"""Names that are listed; more are counted."""

_PHASES = {"baseline": "today's pins", "confirm": "the final pins as a whole"}
_WORDS = {"timeout": "no end", "signal": "a crash", "collection-error": "not importable", "no-tests": "no tests ran"}


class Tell(Protocol):
    """A line for people; one that is `passing` is shown until the next comes, and only where somebody watches."""

    def __call__(self, what: str, /, *, passing: bool = False) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is not known yet: `suspects` that may break the tests, None where nobody is suspected, and about how many `runs`
    there will be after this one.
    """

    suspects: int | None = None
    runs: int = 0


def search_outlook(units: Collection[str], green: Iterable[Collection[str]], *, begun: bool) -> Outlook:
    """Of a search for one or two culprits that halves what is possible; what has moved in a green run is cleared.

    Where everybody is cleared, it is two together that break.
    """
    if not begun:
        return Outlook()
    suspects = len(units) - len({name for names in green for name in names})
    possible = suspects * (suspects + 1) / 2 if suspects else max(1, len(units) * (len(units) - 1) / 2)
    return Outlook(suspects=suspects or len(units), runs=ceil(log2(possible)))


def versions_outlook(releases: int, made: int) -> Outlook:
    """Of a bisection over so many releases, after so many runs."""
    return Outlook(runs=max(0, ceil(log2(releases + 1)) - made - 1))


def moved(names: Collection[str], units: Collection[str]) -> str:
    """`3 of 8 moved: a, b, c`."""
    still = sorted(set(units).difference(names))
    if not still:
        return f"all {len(units)} moved" if len(units) > 1 else f"{''.join(units)} moved"
    listed = f": {', '.join(sorted(names))}" if len(names) <= MANY else ""
    listed = f", not {', '.join(still)}" if not listed and len(still) <= MANY else listed
    return f"{len(names)} of {len(units)} moved{listed}"


def tried(number: int, phase: str, note: str) -> str:
    """Which run it is, and of what."""
    what = _PHASES.get(phase, note)
    return f"run {number}: {what}{', once more' if phase == 'repeated' else ''}"


def left(outlook: Outlook, seconds: Sequence[float]) -> str:
    """What is left to find out, in parentheses; `seconds` are those of the runs so far."""
    words = [f"{outlook.suspects} suspects"] if outlook.suspects and outlook.suspects > 1 else []
    if outlook.runs > 0:
        words.append(f"about {outlook.runs} run{'s' * (outlook.runs > 1)}{_time(outlook.runs, seconds)} left")
    return f" ({', '.join(words)})" if words else ""


def _time(runs: int, seconds: Sequence[float]) -> str:
    each = median(seconds) if seconds else 0.0
    return f" and {span(runs * each)}" if runs * each >= LONG else ""


def span(seconds: float) -> str:
    """`0.4 s`, `12 s`, `5 min`, `2.5 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def ended(run: TestRun) -> str:
    """What came of a run."""
    if run.outcome == "passed":
        word = "green"
    elif run.outcome == "failed":
        word = f"red, {len(run.failed)} test{'s' * (len(run.failed) != 1)}" if run.failed else "red"
    else:
        word = f"red, {_WORDS.get(run.outcome, run.outcome)}"
    return f"{word}, {span(run.seconds)}"
