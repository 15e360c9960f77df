"""What an upgrade says of its runs."""

from __future__ import annotations

import pytest

from steadypin.model.trial import TestRun
from steadypin.pipeline.progress import Outlook, ended, left, moved, search_outlook, tried, versions_outlook

UNITS = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("abcdefgh", "all 8 moved"),
        ("abc", "3 of 8 moved: a, b, c"),
        ("abcdef", "6 of 8 moved, not g, h"),
        ("abcd", "4 of 8 moved"),
    ],
)
def test_sets_are_told_by_what_is_shorter(names: str, said: str) -> None:
    assert moved(frozenset(names), UNITS) == said


def test_one_package_is_named() -> None:
    assert moved(frozenset({"flask"}), ("flask",)) == "flask moved"


def test_the_outlook_shrinks_with_what_is_cleared() -> None:
    outlooks = [search_outlook(UNITS, green, begun=True) for green in ([], ["abcd"], ["abcd", "aef"], ["abcd", "efg"])]
    assert [outlook.suspects for outlook in outlooks] == [8, 4, 2, 1]
    assert [outlook.runs for outlook in outlooks] == sorted((outlook.runs for outlook in outlooks), reverse=True)
    assert search_outlook(UNITS, [UNITS], begun=True).runs == 5, "28 pairs are possible"
    assert search_outlook(UNITS, [], begun=False) == Outlook()
    assert [versions_outlook(7, made).runs for made in range(4)] == [2, 1, 0, 0]


def test_time_is_told_once_it_matters() -> None:
    assert left(Outlook(suspects=5, runs=4), [0.1, 0.3, 0.2]) == " (5 suspects, about 4 runs left)"
    assert left(Outlook(runs=1), [60.0, 62.0, 500.0]) == " (about 1 run and 62 s left)"
    assert left(Outlook(runs=10), [1200.0]) == " (about 10 runs and 3.3 h left)"
    assert left(Outlook(), [1200.0]) == ""


def test_a_run_says_what_it_was_and_what_came_of_it() -> None:
    assert tried(1, "baseline", "") == "run 1: today's pins"
    assert tried(4, "repeated", "all 8 moved") == "run 4: all 8 moved, once more"
    run = TestRun(command=(), outcome="failed", exit_code=1, seconds=0.42, failed=("t",))
    assert ended(run) == "red, 1 test, 0.4 s"
    assert ended(TestRun(command=(), outcome="passed", exit_code=0, seconds=130.0)) == "green, 2 min"
    assert ended(TestRun(command=(), outcome="timeout", exit_code=None, seconds=3.0)) == "red, no end, 3.0 s"
