"""What do several runs of the same tests mean? A verdict, and which tests are not to be trusted.

Pure: it looks at runs that were made, and says whether one more would help. A test is flaky when the same lock has seen it
both fail and not fail. A test that fails on the last green lock as well is not blamed on what changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from steadypin.model.trial import TestRun, Verdict

PASSED, FAILED = "passed", "failed"
NEVER_RAN = frozenset({"cannot-start"})  # outcomes that say nothing about the tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the runs of one lock say.

    `blamed` are the tests that fail on this lock and cannot be excused; `excused` fail on it, but fail on the last green lock
    too or are known to be flaky; `flaky` are all that are known to be flaky now, the remembered ones included. `because` says
    in a few words why.
    """

    verdict: Verdict
    blamed: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    because: str = ""


def judge(
    runs: Sequence[TestRun],
    *,
    green: Sequence[TestRun] = (),
    remembered: Collection[str] = (),
    allowed: Collection[str] = (),
) -> Judgement:
    """Judge the runs of one lock, the first to the last.

    `green` are runs on the last green lock (reruns of what failed, too), `remembered` the ids of tests known to be flaky in
    this project, `allowed` those that failed at the baseline and are allowed to. Reruns may cover only some of the tests: a
    test that a rerun did not report as failed counts as passed in it where the rerun passed or named other failures.
    """
    told = [run for run in runs if run.outcome not in NEVER_RAN]
    flaky = frozenset(remembered) | unsteady(told) | unsteady(green)
    if not told:
        return _judgement(Verdict.NOT_RUN, flaky, because="the tests could not be started")
    reds = [run for run in told if not _fine(run, frozenset(allowed))]
    excused = frozenset[str]().union(*(run.failed for run in told)) & frozenset(allowed)
    if not reds:
        return _judgement(Verdict.PASSED, flaky, excused=excused, because="only what may fail has failed" if excused else "")
    if len(reds) == len(told):
        return _judge_reds(reds, green, flaky, frozenset(allowed))
    if all(_fine(run, frozenset({*allowed, *remembered})) for run in reds):
        return _judgement(
            Verdict.PASSED, flaky, excused=excused, because="what failed is known to be flaky and passed when run again"
        )
    return _judgement(Verdict.FLAKY, flaky, excused=excused, because="the same lock was red and green")


def _judge_reds(reds: Sequence[TestRun], green: Sequence[TestRun], flaky: frozenset[str], allowed: frozenset[str]) -> Judgement:
    """No run passed: is there anything in them that the change is to blame for?"""
    broken = next((run for run in reds if not _names_tests(run)), None)
    if broken is not None:
        return _judge_broken(broken, green, flaky)
    always = frozenset.intersection(*(frozenset(run.failed) for run in reds))
    before = frozenset(test for run in green for test in run.failed)
    excused = always & (before | flaky | allowed)
    if always - excused:
        return _judgement(Verdict.FAILED, flaky, blamed=always - excused, excused=excused)
    return _judgement(Verdict.FLAKY, flaky, excused=excused, because="no test fails every time on this lock and only on it")


def _judge_broken(run: TestRun, green: Sequence[TestRun], flaky: frozenset[str]) -> Judgement:
    """A run that ended before it could name tests: a time limit, a signal, a collection error, no tests."""
    if any(other.outcome == run.outcome for other in green):
        return _judgement(Verdict.FLAKY, flaky, because=f"{run.outcome} happens on the last green lock too")
    return _judgement(Verdict.FAILED, flaky, blamed=frozenset(run.failed), because=run.outcome)


def _fine(run: TestRun, may_fail: frozenset[str]) -> bool:
    return run.outcome == PASSED or (_names_tests(run) and may_fail.issuperset(run.failed))


def _names_tests(run: TestRun) -> bool:
    return run.outcome == FAILED and bool(run.failed)


def _judgement(
    verdict: Verdict,
    flaky: frozenset[str],
    *,
    blamed: frozenset[str] = frozenset(),
    excused: frozenset[str] = frozenset(),
    because: str = "",
) -> Judgement:
    return Judgement(
        verdict=verdict,
        blamed=tuple(sorted(blamed)),
        excused=tuple(sorted(excused)),
        flaky=tuple(sorted(flaky)),
        because=because,
    )


def unsteady(runs: Sequence[TestRun]) -> frozenset[str]:
    """Tests that failed in one of these runs of one lock and not in another that got far enough to say so."""
    telling = [frozenset(run.failed) for run in runs if run.outcome == PASSED or _names_tests(run)]
    return frozenset().union(*telling) - frozenset.intersection(*telling) if telling else frozenset()


def to_rerun(run: TestRun, *, remembered: Collection[str] = (), allowed: Collection[str] = ()) -> tuple[str, ...]:
    """The tests of a red run that are worth running again, on the same lock and on the last green one.

    Empty when the run passed, or when it named no tests: then the whole command has to be repeated. Tests that are known to
    be flaky or allowed to fail need no second look unless nothing else failed.
    """
    if run.outcome == PASSED:
        return ()
    doubtful = frozenset(run.failed) - frozenset(remembered) - frozenset(allowed)
    return tuple(sorted(doubtful or frozenset(run.failed)))
