"""Runs that are begun before they are asked for, where there is a place for them, and ended when nobody will ask any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from time import monotonic

from steadypin.errors import SteadypinError
from steadypin.model.trial import TestRun
from steadypin.trials.executors.executor import Cancelled, Executor, Pending, Trial
from steadypin.values import dataclass, field

LOOK = 0.2
"""Seconds between two looks at what is under way."""

PREPARING = 120.0
"""Seconds that making an environment may take before a run that was begun with too long a time limit is begun anew."""

Likely = Callable[[], Iterable[tuple[str, Trial]]]
Made = Callable[[str, TestRun], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    trial: Trial
    pending: Pending


@dataclass(slots=True, kw_only=True)
class Ahead:
    """`executor` carries out; `guessing` is whether anything is begun ahead at all.

    `cancelled` counts runs that were begun and ended without an outcome, `lost` those that went down with their worker.
    """

    executor: Executor
    guessing: bool = True
    cancelled: int = 0
    lost: int = 0
    _under_way: dict[str, _Begun] = field(default_factory=dict)

    def carry_out(self, key: str, trial: Trial, likely: Likely, made: Made) -> TestRun:
        """The outcome of a trial, with what is likely to follow tried beside it. `made` is told each run that was made ahead
        (its key, its outcome) as soon as it is over: it is as good as one that was asked for. Raises as `Pending.result` does.
        """
        while True:
            begun = self._taken(key, trial)
            limit = monotonic() + trial.timeout + PREPARING if begun.trial.timeout > trial.timeout else None
            try:
                run = self._outcome(key, begun.pending, likely, made, limit)
            except SteadypinError:
                self.lost += begun.pending.lost
                raise
            self.lost += begun.pending.lost
            if run is not None and (limit is None or run.seconds <= trial.timeout):
                return run
            self.cancelled += 1

    def _outcome(self, key: str, mine: Pending, likely: Likely, made: Made, limit: float | None) -> TestRun | None:
        """None where it takes longer than it may."""
        self._look_ahead(key, mine, likely)
        while not mine.wait(LOOK):
            if self._collect(made):
                self._look_ahead(key, mine, likely)
            if limit is not None and monotonic() > limit:
                mine.cancel()
                return None
        self._collect(made)
        return mine.result()

    def _taken(self, key: str, trial: Trial) -> _Begun:
        """What is under way already, else a new one, for which a guess makes room."""
        if key in self._under_way:
            return self._under_way.pop(key)
        if self._busy() >= self.executor.places:
            self._cancel([key for key, begun in self._under_way.items() if not begun.pending.wait(0)][-1])
        return _Begun(trial=trial, pending=self.executor.submit(trial))

    def _busy(self) -> int:
        return sum(not begun.pending.wait(0) for begun in self._under_way.values())

    def _look_ahead(self, key: str, mine: Pending, likely: Likely) -> None:
        """Fill idle places with what is likely to be asked for; what is no longer likely is cancelled first."""
        if not self.guessing or self.executor.places < 2:
            return
        found: dict[str, Trial] = {}
        for other, trial in islice(likely(), 2 * self.executor.places):
            if other != key:
                found[other] = trial
                self._begin(other, trial)
            if mine.wait(0):  # answered: the next question is asked at once, and comes with better guesses
                return
            if self._busy() + 1 >= self.executor.places and self._under_way.keys() <= found.keys():
                return
        for other in self._under_way.keys() - found.keys():
            self._cancel(other)
        for other, trial in found.items():
            self._begin(other, trial)

    def _begin(self, key: str, trial: Trial) -> None:
        if key not in self._under_way and self._busy() + 1 < self.executor.places:
            self._under_way[key] = _Begun(trial=trial, pending=self.executor.submit(trial))

    def _collect(self, made: Made) -> bool:
        """Tell what is over; whether there was anything. What ended with an error waits for being asked for."""
        over = False
        for key, begun in list(self._under_way.items()):
            if not begun.pending.wait(0):
                continue
            try:
                run = begun.pending.result()
            except (SteadypinError, OSError):
                continue
            except Cancelled:
                del self._under_way[key]
                continue
            del self._under_way[key]
            self.lost += begun.pending.lost
            made(key, run)
            over = True
        return over

    def _cancel(self, key: str) -> None:
        """What is over by now stays, to be told."""
        pending = self._under_way[key].pending
        if pending.wait(0):
            return
        del self._under_way[key]
        pending.cancel()
        self.cancelled += pending.begun
        self.lost += pending.lost

    def finish(self, made: Made) -> None:
        """Nobody asks any more."""
        for key in list(self._under_way):
            self._cancel(key)
        self._collect(made)
