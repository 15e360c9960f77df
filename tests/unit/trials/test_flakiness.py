"""Judging several runs of the same tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.model.trial import TestRun, Verdict
from steadypin.trials.flakiness import judge, to_rerun, unsteady


def run(*failed: str, outcome: str | None = None) -> TestRun:
    said = outcome or ("failed" if failed else "passed")
    return TestRun(command=("pytest",), outcome=said, exit_code=0 if said == "passed" else 1, seconds=1.0, failed=failed)


RUNS = st.builds(
    lambda failed, outcome: run(*failed, outcome=outcome or None),
    st.lists(st.sampled_from("abc"), unique=True),
    st.sampled_from(("", "", "timeout", "signal", "collection-error", "no-tests", "cannot-start")),
)


def test_a_run_that_passed_is_green() -> None:
    assert judge([run()]).verdict is Verdict.PASSED


def test_a_test_that_fails_in_each_run_is_blamed() -> None:
    judgement = judge([run("a", "b"), run("a")])
    assert (judgement.verdict, judgement.blamed, judgement.flaky) == (Verdict.FAILED, ("a",), ("b",))


def test_a_pass_on_the_same_lock_makes_it_flaky() -> None:
    judgement = judge([run("a"), run()])
    assert (judgement.verdict, judgement.blamed, judgement.flaky) == (Verdict.FLAKY, (), ("a",))


def test_a_test_that_fails_on_the_last_green_lock_too_is_not_blamed_on_the_update() -> None:
    judgement = judge([run("a"), run("a")], green=[run(), run("a")])
    assert (judgement.verdict, judgement.blamed, judgement.excused) == (Verdict.FLAKY, (), ("a",))
    assert judgement.flaky == ("a",)


def test_what_fails_only_on_the_new_lock_is_blamed_beside_what_is_excused() -> None:
    judgement = judge([run("a", "b"), run("a", "b")], green=[run("a")])
    assert (judgement.verdict, judgement.blamed, judgement.excused) == (Verdict.FAILED, ("b",), ("a",))


def test_different_failures_each_time_blame_nobody() -> None:
    judgement = judge([run("a"), run("b")])
    assert (judgement.verdict, judgement.flaky) == (Verdict.FLAKY, ("a", "b"))


def test_a_remembered_flaky_test_is_never_blamed() -> None:
    judgement = judge([run("a"), run("a")], remembered={"a", "old"})
    assert (judgement.verdict, judgement.blamed, judgement.flaky) == (Verdict.FLAKY, (), ("a", "old"))


def test_a_remembered_flaky_test_that_passes_on_rerun_disturbs_no_more() -> None:
    assert judge([run("a"), run()], remembered={"a"}).verdict is Verdict.PASSED


def test_tests_that_may_fail_do_not_make_a_run_red() -> None:
    judgement = judge([run("a")], allowed={"a"})
    assert (judgement.verdict, judgement.excused) == (Verdict.PASSED, ("a",))
    assert judge([run("a", "b"), run("b")], allowed={"a"}).blamed == ("b",)


@pytest.mark.parametrize("outcome", ["timeout", "signal", "collection-error", "no-tests"])
def test_a_run_that_names_no_test_is_red_unless_the_last_green_lock_does_the_same(outcome: str) -> None:
    assert judge([run(outcome=outcome)]).verdict is Verdict.FAILED
    assert judge([run(outcome=outcome)]).because == outcome
    assert judge([run(outcome=outcome)], green=[run(outcome=outcome), run()]).verdict is Verdict.FLAKY


def test_a_command_that_cannot_start_says_nothing_about_the_tests() -> None:
    assert judge([run(outcome="cannot-start")]).verdict is Verdict.NOT_RUN
    assert judge([]).verdict is Verdict.NOT_RUN


def test_unsteady_are_tests_that_one_lock_has_seen_both_ways() -> None:
    assert unsteady([run("a", "b"), run("b"), run(outcome="timeout")]) == {"a"}
    assert unsteady([]) == frozenset()


def test_only_doubtful_tests_are_run_again() -> None:
    assert to_rerun(run("a", "b"), remembered={"b"}) == ("a",)
    assert to_rerun(run("b"), remembered={"b"}) == ("b",)
    assert to_rerun(run()) == ()
    assert to_rerun(run(outcome="timeout")) == ()


@given(st.lists(RUNS, max_size=4), st.lists(RUNS, max_size=3), st.sets(st.sampled_from("abc")))
def test_blame_has_failed_here_every_time_and_never_where_it_was_green(
    runs: list[TestRun], green: list[TestRun], remembered: set[str]
) -> None:
    judgement = judge(runs, green=green, remembered=remembered)
    assert remembered <= set(judgement.flaky)
    assert not set(judgement.blamed) & set(judgement.excused)
    if any(one.outcome == "passed" for one in runs):
        assert judgement.verdict in {Verdict.PASSED, Verdict.FLAKY}
    if judgement.because not in {"timeout", "signal", "collection-error", "no-tests", "failed"}:
        assert all(set(judgement.blamed) <= set(one.failed) for one in runs if one.outcome != "cannot-start")
        assert not set(judgement.blamed) & {test for one in green for test in one.failed}
