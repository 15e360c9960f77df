"""The search that listens to single tests, driven by worlds that are known."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.model.trial import Verdict
from steadypin.trials.bytests import PAIRED, Seen, search_by_tests
from steadypin.trials.culprits import SearchResult
from tests.unit.trials.test_culprits import World, worlds

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
    def see(moved: frozenset[str]) -> Seen:
        failed = failing(moved)
        return Seen(verdict=Verdict.FAILED if failed else Verdict.PASSED, failed=failed)

    return drive_seen(names, see, **words)


def drive_seen(
    names: tuple[str, ...], see: Callable[[frozenset[str]], Seen], **words: object
) -> tuple[int, SearchResult | None, list[frozenset[str]]]:
    steps = search_by_tests(names, **words)  # type: ignore[arg-type]
    asked = [next(steps)]
    while True:
        try:
            asked.append(steps.send(see(asked[-1])))
        except StopIteration as stop:
            return len(asked), stop.value, asked


def test_three_shapes_are_told_apart_in_few_runs() -> None:
    runs, result, _ = drive(SHAPES, three_shapes)
    assert result is not None and runs <= 17
    assert set(result.culprits) == {frozenset({"more-itertools"}), frozenset({"sortedcontainers", "toolz"})}
    assert dict(zip(result.culprits, result.kinds, strict=True))[frozenset({"sortedcontainers", "toolz"})] == "conjunction"
    assert len(result.kept) == 6 and {"humanize", "wcwidth"} <= result.kept
    assert all(group == {"humanize", "wcwidth"} for group in result.together)


def test_hints_save_runs() -> None:
    hints = dict.fromkeys(("more-itertools", "sortedcontainers", "toolz"), 1.0)
    assert drive(SHAPES, three_shapes, hints=hints)[0] <= 12


def test_nothing_breaks_in_two_runs() -> None:
    runs, result, _ = drive(SHAPES, lambda moved: frozenset())
    assert runs == 2 and result is not None and result.kept == frozenset(SHAPES) and not result.culprits


def breaking(world: World, tests: int) -> Failing:
    """Which tests fail with a set, where so many tests are told apart."""
    broken = [
        *((lambda moved, name=name: name in moved) for name in sorted(world.singles)),
        *((lambda moved, some=some: some <= moved) for some in world.conjunctions),
        *((lambda moved, some=some: 0 < len(moved & some) < len(some)) for some in world.masks),
    ]
    return lambda moved: frozenset(f"t{place % tests}" for place, red in enumerate(broken) if red(moved))


@settings(max_examples=200, deadline=None)
@given(worlds(), st.sampled_from((1, 2, 9)))
def test_laws_in_random_worlds(world: World, tests: int) -> None:
    """What is kept is green and maximal, culprits are red and minimal, all in runs of their own; no set is asked for twice."""
    failing = breaking(world, tests)
    _, result, asked = drive(world.names, failing, coupled=world.coupled)
    assert len(asked) == len(set(asked))
    if result is None:  # the plain search has to decide
        return
    assert not failing(result.kept) and result.kept in asked
    assert result.kept | result.held == set(world.names)
    assert result.held <= frozenset().union(*result.culprits)
    for culprit, sure in zip(result.culprits, result.confidence, strict=True):
        assert failing(culprit) and culprit & result.held and 0.99 < sure <= 1
        assert not any(failing(culprit - unit) for unit in world.units(culprit))
        assert culprit in asked and all(culprit - unit in asked for unit in world.units(culprit))
    units = world.units(result.held)
    for some in [*combinations(units, 1), *combinations(units, 2)]:
        assert failing(result.kept.union(*some)) and (result.kept.union(*some) in asked or len(units) > PAIRED)


@pytest.mark.parametrize("single", [None, "p3", "p8"])
def test_a_family_that_passes_only_as_a_whole_is_kept(single: str | None) -> None:
    names, family = tuple(f"p{i}" for i in range(10)), frozenset({"p2", "p5", "p7"})
    failing = lambda moved: frozenset("t") if single in moved or 0 < len(moved & family) < 3 else frozenset()  # noqa: E731
    _, result, _ = drive(names, failing)
    assert result is not None and result.held == frozenset({single} if single else ())


def test_chance_blames_nobody() -> None:
    """Of green runs one in twenty turns red in some test; the runner reruns it once."""
    rng, names = random.Random(5), tuple(f"p{i}" for i in range(20))
    for _ in range(150):
        guilty = frozenset(rng.sample(names, rng.randint(0, 2)))

        def seen(moved: frozenset[str], guilty: frozenset[str] = guilty) -> Seen:
            failed = frozenset(f"t{name}" for name in moved & guilty) or frozenset({"t"} if rng.random() < 0.05 else ())
            if failed == {"t"} and rng.random() >= 0.05:
                return Seen(verdict=Verdict.FLAKY)
            return Seen(verdict=Verdict.FAILED if failed else Verdict.PASSED, failed=failed)

        _, result, _ = drive_seen(names, seen)
        assert result is None or (frozenset().union(*result.culprits) <= guilty and not result.kept & guilty)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 7), st.lists(st.tuples(st.sampled_from([*Verdict]), st.sets(st.sampled_from("abc")), st.booleans())))
def test_whatever_is_seen_the_search_ends_with_what_was_seen(n: int, told: list[tuple[Verdict, set[str], bool]]) -> None:
    answers = [Seen(verdict=verdict, failed=frozenset(failed), telling=telling) for verdict, failed, telling in told]
    answers.append(Seen(verdict=Verdict.PASSED))
    seen: dict[frozenset[str], Seen] = {}

    def see(moved: frozenset[str]) -> Seen:
        assert moved not in seen
        return seen.setdefault(moved, answers[len(seen) % len(answers)])

    names = tuple(f"p{i}" for i in range(n))
    _, result, _ = drive_seen(names, see)
    if result is not None:
        assert seen[result.kept].verdict is Verdict.PASSED and result.kept | result.held == set(names)
        assert all(seen[result.kept | {name}].verdict is Verdict.FAILED for name in result.held)


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
