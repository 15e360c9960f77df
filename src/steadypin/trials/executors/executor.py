"""What every executor promises, and the trial as a value that can be sent anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from steadypin.model.trial import TestRun
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The test command, once, with exactly these pins. `timeout` is in seconds, for the tests alone; `tests` are the ids to run
    where not all are, `log` is where what was printed is put.
    """

    pins: Pins
    command: str
    timeout: float
    log: Path
    tests: tuple[str, ...] = ()


class Cancelled(Exception):
    """The trial was cancelled, so it has no outcome. Never leaves the pipeline."""


class Pending(Protocol):
    """A trial that was submitted."""

    @property
    def begun(self) -> bool:
        """Whether anything of it may have been executed."""

    @property
    def lost(self) -> int:
        """How often it was begun and went down with its worker."""

    def wait(self, seconds: float) -> bool:
        """Whether it is over, be it with an outcome or an error; waits so long at most where it is under way elsewhere."""

    def result(self) -> TestRun:
        """The outcome; waits for it. Raises CommandError where the pins cannot be installed, Inconclusive where no worker lived
        through it, Cancelled.
        """

    def cancel(self) -> None:
        """Nobody needs it any more: what it has started is ended, soon."""


class Executor(Protocol):
    """Carries trials out. What it was given at its making (tree, interpreter, installer) is the same for all of them."""

    @property
    def places(self) -> int:
        """How many trials can be under way at once, 1 or more."""

    def submit(self, trial: Trial) -> Pending:
        """Begin a trial as soon as there is a place. Never blocks for long."""

    def narrow(self, each: int) -> str:
        """Told how many bytes of memory a trial takes: a sentence for people where that leaves fewer places, "" otherwise."""

    def close(self) -> None:
        """Cancel what is under way and remove what was made."""
