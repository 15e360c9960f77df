from __future__ import annotations

import threading
import time

import pytest

from steadypin.errors import NetworkError
from steadypin.transport.pool import run_all


def test_every_job_ends_once_in_any_order() -> None:
    found = dict(run_all([lambda number=number: number * 2 for number in range(100)], workers=8, limit=10))
    assert found == {number: number * 2 for number in range(100)}


def test_nothing_to_do() -> None:
    assert list(run_all([], workers=8, limit=10)) == []


def test_an_exception_is_a_result() -> None:
    (result,) = dict(run_all([lambda: 1 / 0], workers=1, limit=10)).values()
    assert isinstance(result, ZeroDivisionError)


def test_a_job_that_hangs_is_left_behind_and_the_rest_is_done() -> None:
    release = threading.Event()
    jobs = [lambda: release.wait(10) for _ in range(3)] + [lambda: True for _ in range(20)]
    began = time.monotonic()
    found = dict(run_all(jobs, workers=2, limit=0.2))
    release.set()
    assert time.monotonic() - began < 3
    assert [isinstance(found[at], NetworkError) for at in range(23)] == [True] * 3 + [False] * 20


def test_it_never_uses_more_threads_than_it_may() -> None:
    lock = threading.Lock()
    state = {"now": 0, "most": 0}

    def job() -> None:
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        time.sleep(0.02)
        with lock:
            state["now"] -= 1

    assert len(list(run_all([job] * 40, workers=6, limit=10))) == 40
    assert 4 <= state["most"] <= 6


def test_dropping_the_iterator_stops_the_work() -> None:
    done: list[int] = []
    iterator = run_all([lambda: done.append(time.sleep(0.01) or 1) for _ in range(500)], workers=2, limit=10)
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    time.sleep(0.1)
    assert len(done) < 50


def test_an_interrupt_of_a_job_is_handed_on() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    ((_, result),) = run_all([interrupted], workers=1, limit=10)
    with pytest.raises(KeyboardInterrupt):
        raise result  # type: ignore[misc]
