"""Many slow questions at once, without ever waiting for one that hangs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from steadypin.errors import NetworkError

T = TypeVar("T")

_FIRST = 4
_PATIENCE = 0.01
_GLANCE = 0.25


def run_all(jobs: Sequence[Callable[[], T]], *, workers: int, limit: float) -> Iterator[tuple[int, T | BaseException]]:
    """(position, result or exception) of each job, in the order in which they end.

    A few threads begin, and one more comes whenever nothing has ended for `_PATIENCE` seconds: where answers are quick, more
    threads would only stand in each other's way. A job that takes longer than `limit` seconds gives a NetworkError "timeout"
    and is left behind. The threads are daemons: an interrupt, or dropping the iterator, does not wait for them.
    """
    return _Pool(jobs, limit).run(min(workers, len(jobs)))


class _Pool(Generic[T]):
    def __init__(self, jobs: Sequence[Callable[[], T]], limit: float) -> None:
        self.jobs = jobs
        self.limit = limit
        self.waiting = iter(range(len(jobs)))
        self.lock = threading.Lock()
        self.started: dict[int, float] = {}
        self.ended: queue.SimpleQueue[tuple[int, T | BaseException]] = queue.SimpleQueue()
        self.stopped = False
        self.vacancies = 0

    def run(self, workers: int) -> Iterator[tuple[int, T | BaseException]]:
        self.vacancies = workers - min(_FIRST, workers)
        for _ in range(min(_FIRST, workers)):
            self._hire()
        open_jobs = set(range(len(self.jobs)))
        try:
            while open_jobs:
                for position, result in self._news():
                    if position in open_jobs:
                        open_jobs.discard(position)
                        yield position, result
        finally:
            self.stopped = True

    def _news(self) -> Iterator[tuple[int, T | BaseException]]:
        try:
            yield self.ended.get(timeout=_PATIENCE if self.vacancies else _GLANCE)
        except queue.Empty:
            if self.vacancies:
                self.vacancies -= 1
                self._hire()
            yield from self._overdue()

    def _overdue(self) -> Iterator[tuple[int, T | BaseException]]:
        now = time.monotonic()
        with self.lock:
            late = [position for position, began in self.started.items() if now - began > self.limit]
            for position in late:
                del self.started[position]
        for position in late:
            self._hire()  # in the place of the one that hangs
            yield position, NetworkError(f"no answer within {self.limit:g} s", reason="timeout")

    def _hire(self) -> None:
        threading.Thread(target=self._work, daemon=True, name="steadypin-network").start()

    def _work(self) -> None:
        while not self.stopped:
            with self.lock:
                position = next(self.waiting, None)
                if position is None:
                    return
                self.started[position] = time.monotonic()
            try:
                result: T | BaseException = self.jobs[position]()
            except BaseException as error:  # handed to the caller, who judges it
                result = error
            with self.lock:
                left_behind = self.started.pop(position, None) is None
            self.ended.put((position, result))
            if left_behind:
                return
