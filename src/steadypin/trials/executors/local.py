"""Trials on this machine: one by one in the caller's own thread, or several side by side, each in a lab of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, TimeoutError, wait
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock

from steadypin.model.trial import TestRun
from steadypin.trials.executors.executor import Cancelled, Trial
from steadypin.trials.runner.command import Stopped
from steadypin.trials.runner.reports import packages_passed
from steadypin.trials.runner.run import Place, run_tests
from steadypin.trials.sandbox.lab import Lab
from steadypin.values import dataclass, field, replace

LEAST = 512 * 1024**2
"""Bytes of memory that a trial is taken to need where nobody knows better."""

_CGROUP = Path("/sys/fs/cgroup")
_FAREWELL = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A lab, and where in it tests run."""

    lab: Lab
    place: Place


def carry_out(room: Room, trial: Trial, stop: Callable[[], bool] | None = None) -> TestRun:
    """Prepare the lab and run the tests. Raises CommandError where the pins cannot be installed, Stopped."""
    room.lab.prepare(trial.pins)
    done = run_tests(
        trial.command,
        room.place,
        timeout=trial.timeout,
        only=trial.tests,
        log=trial.log,
        lock_digest=trial.pins.digest,
        stop=stop,
    )
    return done if done.outcome == "passed" else replace(done, packages=_packages(room.lab, trial.log))


def _packages(lab: Lab, log: Path) -> tuple[str, ...]:
    """The distributions that the tracebacks of a log pass through, the nearest to the error last."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    modules = reversed(dict.fromkeys(reversed(list(packages_passed(text)))))
    names = (lab.environment.owner(module) for module in modules)
    return tuple(name for name in names if name is not None)[-50:]


# --- one by one


@dataclass(slots=True, kw_only=True)
class Here:
    """One trial at a time, carried out when its outcome is asked for."""

    room: Room
    places: int = 1

    def submit(self, trial: Trial) -> Asked:
        return Asked(room=self.room, trial=trial)

    def narrow(self, each: int) -> str:
        return ""

    def close(self) -> None:
        """Nothing is under way when nobody asks; the lab is its owner's."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """A trial that waits for being asked for."""

    room: Room
    trial: Trial
    begun: bool = False
    lost: int = 0
    _cancelled: bool = False
    _run: TestRun | None = None

    def wait(self, seconds: float) -> bool:
        if not self._cancelled and self._run is None:
            self.begun = True
            self._run = carry_out(self.room, self.trial)
        return True

    def result(self) -> TestRun:
        self.wait(0)
        if self._run is None:
            raise Cancelled
        return self._run

    def cancel(self) -> None:
        self._cancelled = self._run is None


# --- side by side


class SideBySide:
    """Up to `places` trials at once, each in a room of its own, which `make` gives by its number when it is needed."""

    def __init__(self, places: int, make: Callable[[int], Room]) -> None:
        self.places = places
        self._make = make
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="trial")
        self._free: SimpleQueue[Room] = SimpleQueue()
        self._made: list[Room] = []
        self._making = Lock()
        self._running: set[Future[TestRun]] = set()
        self._closing = Event()
        self._free.put(self._new_room())

    def submit(self, trial: Trial) -> Running:
        stop = Event()
        running = Running(stop)
        running.future = self._pool.submit(self._carry_out, trial, running)
        self._running = {future for future in self._running if not future.done()} | {running.future}
        return running

    def _carry_out(self, trial: Trial, running: Running) -> TestRun:
        def stop() -> bool:
            return running.stop.is_set() or self._closing.is_set()

        room = self._room()
        try:
            if stop():
                raise Stopped
            running.begun = True
            return carry_out(room, trial, stop)
        finally:
            self._free.put(room)

    def _room(self) -> Room:
        """A free one, else a new one: there are never more threads than places."""
        with contextlib.suppress(Empty):
            return self._free.get_nowait()
        return self._new_room()

    def _new_room(self) -> Room:
        with self._making:
            self._made.append(self._make(len(self._made)))
            return self._made[-1]

    def narrow(self, each: int) -> str:
        """Fewer places where the memory that is free now does not suffice: one trial has to fit in any case."""
        free = free_memory()
        fit = max(1, free // max(LEAST, each)) if free is not None else self.places
        if fit >= self.places:
            return ""
        words = f"--jobs {self.places} is too many: {fit} fit into {free // 1024**2} MiB of free memory" if free else ""
        self.places = fit
        return words

    def close(self) -> None:
        self._closing.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(self._running, timeout=_FAREWELL)
        for room in self._made[1:]:  # the first is its owner's
            room.lab.close()


@dataclass(slots=True)
class Running:
    """A trial in a thread."""

    stop: Event
    begun: bool = False
    lost: int = 0
    future: Future[TestRun] = field(default_factory=Future)

    def wait(self, seconds: float) -> bool:
        wait([self.future], timeout=seconds)
        return self.future.done()

    def result(self) -> TestRun:
        while True:
            try:
                return self.future.result(timeout=1.0)  # a wait without end could not be interrupted everywhere
            except (CancelledError, Stopped):
                raise Cancelled from None
            except TimeoutError:
                if self.future.done():
                    raise

    def cancel(self) -> None:
        self.stop.set()
        self.future.cancel()


def free_memory() -> int | None:
    """Bytes that this machine, or the container we are in, still has; None where nothing tells."""
    known = [number for number in (_available(), _in_container()) if number is not None]
    return min(known, default=None)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return None
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _in_container() -> int | None:
    try:
        most, used = ((_CGROUP / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        return max(0, int(most) - int(used)) if most.isdigit() else None
    except (OSError, ValueError):
        return None


def peak_memory() -> int:
    """Bytes of the largest process that this one has started and that is over; 0 where nothing tells."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
