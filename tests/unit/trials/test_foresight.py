"""Looking ahead: what is foreseen is what the search then asks, whatever the answer was, and the likely comes first."""

from __future__ import annotations

from random import Random

import pytest

from bench.worlds import mixed, singles
from steadypin.model.trial import Verdict
from steadypin.trials.bytests import Seen, search_by_tests
from steadypin.trials.culprits import search
from steadypin.trials.foresight import Foresight, likely_sights, likely_verdicts, weights_of

GREEN, RED = Verdict.PASSED, Verdict.FAILED
ABC = frozenset("abc")


def guess(asked, question):
    return likely_verdicts(asked, question, {})


def test_most_questions_were_among_those_that_were_foreseen() -> None:
    """Not each: a refusal, or a second look at what was red, is never guessed."""
    counts = [_foreseen(seed) for seed in range(12)]
    assert sum(seen for seen, _ in counts) >= 0.6 * sum(asked for _, asked in counts)


def _foreseen(seed: int) -> tuple[int, int]:
    """How many of a search's questions were foreseen one answer before, and how many there were."""
    random = Random(seed)
    world = mixed(random, 10) if seed % 2 else singles(random, 30, 2)
    foresight = Foresight(lambda: search(world.names, coupled=world.coupled))
    steps, asked, seen, foreseen = foresight.start(), [], 0, frozenset()
    try:
        tried = next(steps)
        while True:
            seen += tried in foreseen
            ahead = list(foresight.ahead(asked, guess, most=16))
            foreseen = {question for _, _, question in ahead}
            chances = [chance for chance, _, _ in ahead]
            assert chances == sorted(chances, reverse=True)
            asked.append((tried, RED if world.red(tried) else GREEN))
            tried = steps.send(asked[-1][1])
    except StopIteration:
        return seen, len(asked)


def test_every_branch_is_followed_by_a_search_of_its_own() -> None:
    foresight = Foresight(lambda: search("abcd"))
    asked = [(frozenset(), GREEN), (frozenset("abcd"), RED)]
    for _, path, question in foresight.ahead(asked, guess):
        steps = search("abcd")
        expected = next(steps)
        for moved, verdict in path:
            assert moved == expected
            expected = steps.send(verdict)
        assert question == expected


def test_known_answers_are_certain_and_lead_on() -> None:
    foresight = Foresight(lambda: search("abcd"))
    known = {frozenset(): GREEN, frozenset("abcd"): RED}
    first = next(foresight.ahead([], lambda asked, moved: [(1.0, known[moved])] if moved in known else []))
    assert first == (1.0, ((frozenset(), GREEN),), frozenset("abcd"))


def test_what_was_seen_decides_what_is_likely() -> None:
    seen = [(frozenset(), Seen(verdict=GREEN)), (ABC, Seen(verdict=RED, failed=frozenset({"t"})))]
    (chance, answer), (other, _) = likely_sights(seen, frozenset("ab"), {})
    assert (answer.verdict, round(chance, 2), round(other, 2)) == (RED, 0.67, 0.33)
    seen.append((frozenset("ab"), Seen(verdict=GREEN)))
    assert likely_sights(seen, frozenset("a"), {})[0][1].verdict is GREEN
    assert likely_sights(seen, frozenset("c"), {})[0][1] == Seen(verdict=RED, failed=frozenset({"t"}))


def test_tests_that_fail_apart_are_guessed_apart() -> None:
    both = Seen(verdict=RED, failed=frozenset({"t", "u"}))
    seen = [(frozenset(), Seen(verdict=GREEN)), (ABC, both), (frozenset("a"), Seen(verdict=RED, failed=frozenset({"t"})))]
    found = likely_sights(seen, frozenset("ab"), {})
    assert {answer.failed for _, answer in found[:2]} == {frozenset({"t"}), frozenset({"t", "u"})}
    assert sum(chance for chance, _ in found) == pytest.approx(1.0)


def test_suspects_weigh_more() -> None:
    weights = weights_of("abcdefgh", {"a": 1.0, "nobody": 1.0})
    assert weights["a"] / (weights["a"] + 7) == pytest.approx(0.7)
    assert weights_of("ab", {}) == {}
    asked = [(frozenset(), GREEN), (frozenset("abcdefgh"), RED)]
    assert likely_verdicts(asked, frozenset("a"), weights)[0][1] is RED


def test_a_search_by_tests_is_foreseen_as_well() -> None:
    foresight = Foresight(lambda: search_by_tests("abcd"))
    red = Seen(verdict=RED, failed=frozenset({"t"}))
    asked = [(frozenset(), Seen(verdict=GREEN)), (frozenset("abcd"), red)]
    found = list(foresight.ahead(asked, lambda asked, moved: likely_sights(asked, moved, {})))
    assert found and all(0 < chance <= 1 for chance, _, _ in found)
