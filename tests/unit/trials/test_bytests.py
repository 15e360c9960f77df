"""The search that listens to single tests, driven by worlds that are known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from steadypin.model.trial import Verdict
from steadypin.trials.bytests import Seen, search_by_tests
from steadypin.trials.culprits import SearchResult

Failing = Callable[[frozenset[str]], frozenset[str]]
SHAPES = ("colorama", "humanize", "inflection", "more-itertools", "sortedcontainers", "tabulate", "toolz", "wcwidth")


def three_shapes(moved: frozenset[str]) -> frozenset[str]:
    failed = set()
    if "more-itertools" in moved:
        failed.add("alone")
    if {"sortedcontainers", "toolz"} <= moved:
        failed.add("together")
    if ("humanize" in moved) != ("wcwidth" in moved):
        failed.add("masked")
    return frozenset(failed)


def drive(names: tuple[str, ...], failing: Failing, **words: object) -> tuple[int, SearchResult | None, list[frozenset[str]]]:
    steps = search_by_tests(names, **words)  # type: ignore[arg-type]
    asked = [next(steps)]
    while True:
        failed = failing(asked[-1])
        try:
            asked.append(steps.send(Seen(verdict=Verdict.FAILED if failed else Verdict.PASSED, failed=failed)))
        except StopIteration as stop:
            return len(asked), stop.value, asked


def test_three_shapes_are_told_apart_in_few_runs() -> None:
    runs, result, _ = drive(SHAPES, three_shapes)
    assert result is not None and runs <= 16
    assert set(result.culprits) == {frozenset({"more-itertools"}), frozenset({"sortedcontainers", "toolz"})}
    assert dict(zip(result.culprits, result.kinds, strict=True))[frozenset({"sortedcontainers", "toolz"})] == "conjunction"
    assert len(result.kept) == 6 and {"humanize", "wcwidth"} <= result.kept
    assert all(group == {"humanize", "wcwidth"} for group in result.together)


def test_hints_save_runs() -> None:
    hints = dict.fromkeys(("more-itertools", "sortedcontainers", "toolz"), 1.0)
    assert drive(SHAPES, three_shapes, hints=hints)[0] <= 11


def test_nothing_breaks_in_two_runs() -> None:
    runs, result, _ = drive(SHAPES, lambda moved: frozenset())
    assert runs == 2 and result is not None and result.kept == frozenset(SHAPES) and not result.culprits


@pytest.mark.parametrize("seed", range(60))
def test_laws_in_random_worlds(seed: int) -> None:
    """What is kept is green and maximal; each culprit is red, alone and on top of what is kept; no set is asked for twice."""
    rng = random.Random(seed)
    names = tuple(f"p{i}" for i in range(rng.choice((4, 8, 20, 40))))
    culprits = [frozenset(rng.sample(names, rng.choice((1, 1, 2)))) for _ in range(rng.randint(0, 3))]
    one_test = rng.random() < 0.3

    def failing(moved: frozenset[str]) -> frozenset[str]:
        return frozenset("t" if one_test else f"t{i}" for i, culprit in enumerate(culprits) if culprit <= moved)

    _, result, asked = drive(names, failing)
    assert result is not None
    assert len(asked) == len(set(asked))
    assert not failing(result.kept) and result.kept in asked
    for culprit in result.culprits:
        assert culprit in culprits and failing(culprit | result.kept)
    for held in result.held:
        assert failing(result.kept | {held}) and result.kept | {held} in asked


@pytest.mark.parametrize("hidden", SHAPES[1:])
@pytest.mark.parametrize("count", [3, 8])
def test_what_one_change_hides_of_another_is_blamed_on_no_third(hidden: str, count: int) -> None:
    """The first breaks tests one by one; without it the other breaks their file already when it is imported."""
    hiding, names = SHAPES[0], (*SHAPES[:count], hidden)

    def failing(moved: frozenset[str]) -> frozenset[str]:
        return frozenset({"a", "b"} if hiding in moved else {"file"} if hidden in moved else ())

    runs, result, _ = drive(names, failing, hints={hiding: 1.0})
    assert result is not None and runs <= 11
    assert set(result.culprits) == {frozenset({hiding}), frozenset({hidden})} and result.kinds == ("single", "single")


def test_a_red_run_that_names_no_test_is_left_to_the_plain_search() -> None:
    steps = search_by_tests(SHAPES)
    next(steps)
    steps.send(Seen(verdict=Verdict.PASSED))
    with pytest.raises(StopIteration) as stop:
        steps.send(Seen(verdict=Verdict.FAILED, failed=frozenset(), telling=False))
    assert stop.value.value is None


def test_a_set_that_cannot_be_tried_is_left_to_the_plain_search() -> None:
    steps = search_by_tests(SHAPES)
    next(steps)
    steps.send(Seen(verdict=Verdict.PASSED))
    with pytest.raises(StopIteration) as stop:
        steps.send(Seen(verdict=Verdict.UNRESOLVED))
    assert stop.value.value is None


def test_coupled_names_are_never_split() -> None:
    coupled = (("p1", "p2", "p3"),)
    _, result, asked = drive(
        tuple(f"p{i}" for i in range(8)), lambda moved: frozenset("t") if "p2" in moved else frozenset(), coupled=coupled
    )
    assert all(len(moved & frozenset(coupled[0])) in (0, 3) for moved in asked)
    assert result is not None and result.kinds == ("coupled",) and result.held == frozenset(coupled[0])
