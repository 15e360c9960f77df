"""How many runs the culprit search takes, and how rarely it blames an innocent: fast versions of the bars of bench/worlds.py."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import comb, log2
from random import Random
from statistics import mean

import pytest

from steadypin.model.trial import Verdict
from tests.unit.trials.test_culprits import Drive, Moved, drive, names_of


def singles(n: int, guilty: Moved, hints: Mapping[str, float] | None = None) -> Drive:
    done = drive(names_of(n), lambda moved: Verdict.FAILED if moved & guilty else Verdict.PASSED, hints=hints)
    assert frozenset().union(*done.result.culprits) == guilty == done.result.held
    return done


def bar(n: int, k: int) -> float:
    return 1.2 * (2 + log2(comb(n, k))) + 1 + k / 2 + k * (k - 1) / 2


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("n", [10, 30, 100, 300])
def test_worlds_of_singles_take_few_runs_and_never_many(n: int, k: int) -> None:
    random = Random(n + k)
    done = [singles(n, frozenset(random.sample(names_of(n), k))) for _ in range(60 if n < 300 else 25)]
    runs = [one.runs for one in done]
    assert mean(runs) <= bar(n, k)
    assert max(runs) <= n + 3 + k + comb(k, 2)
    for one in done:
        for culprit in one.result.culprits:
            assert (one.result.kept | culprit, Verdict.FAILED) in one.asked


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 20])
def test_no_number_of_singles_takes_more_runs_than_one_by_one_with_its_proof(n: int) -> None:
    random = Random(n)
    for k in range(1, n + 1):
        for _ in range(8):
            over = 4 if k == 4 and n <= 12 else 0  # four held get all their pairs tried: one could be a mask
            assert singles(n, frozenset(random.sample(names_of(n), k))).runs <= n + 3 + k + comb(k, 2) + over


def test_hints_that_name_a_culprit_in_seven_of_ten_worlds_save_a_fifth_of_the_runs() -> None:
    random = Random(7)
    without, hinted = [], []
    for n in (10, 30, 100, 300):
        for _ in range(40):
            guilty = frozenset(random.sample(names_of(n), random.randint(1, 3)))
            hints = {name if random.random() < 0.7 else random.choice(names_of(n)): 4.0 for name in sorted(guilty)}
            without.append(singles(n, guilty).runs)
            hinted.append(singles(n, guilty, hints).runs)
    assert mean(hinted) <= 0.8 * mean(without)


def test_weights_for_every_change_are_taken_and_cost_little() -> None:
    names = names_of(300)
    hints = {name: 0.1 + number % 37 for number, name in enumerate(names)}
    started = time.process_time()
    done = singles(300, frozenset({"p036", "p222"}), hints)
    assert (time.process_time() - started) / len(done.asked) < 0.05


def test_own_time_between_two_runs_is_milliseconds() -> None:
    started = time.process_time()
    done = singles(300, frozenset({"p021", "p144", "p299"}))
    assert (time.process_time() - started) / len(done.asked) < 0.02


def test_flaky_runs_blame_hardly_ever_an_innocent() -> None:
    """Of green runs one in twenty turns red; the runner reruns it once."""
    random, innocent = Random(3), 0
    for _ in range(250):
        guilty = frozenset(random.sample(names_of(30), random.randint(0, 2)))

        def flaky(moved: Moved, *, guilty: Moved = guilty) -> Verdict:
            if moved & guilty:
                return Verdict.FAILED
            if random.random() >= 0.05:
                return Verdict.PASSED
            return Verdict.FAILED if random.random() < 0.05 else Verdict.FLAKY

        done = drive(names_of(30), flaky)
        innocent += bool(frozenset().union(*done.result.culprits) - guilty)
        assert not done.result.kept & guilty
    assert innocent <= 2
