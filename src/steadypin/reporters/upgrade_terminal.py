"""The result of an upgrade for people: what moved, what did not and why, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.model.gap import Gap
from steadypin.model.trial import Culprit, Verdict
from steadypin.model.upgrade import Move, UpgradeResult
from steadypin.reporters.layout import Cell, Column, count, names, paragraph, styled, table
from steadypin.reporters.plan_terminal import edits
from steadypin.reporters.quotes import said
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red"}
_COLUMNS = (
    Column(title="package", least=12, most=36),
    Column(title="from", least=7, most=18),
    Column(title="to", least=7, most=18),
)


def render(result: UpgradeResult, presentation: Presentation) -> str:
    """The whole result as text."""
    parts = (_headline, _baseline, _stages, _moved, _edits, _culprits, _held, _rest)
    blocks = [list(part(result, presentation)) for part in parts]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


_WENT = {
    Verdict.FAILED: "fail already",
    Verdict.FLAKY: "pass and fail by turns",
    Verdict.UNRESOLVED: "cannot be run",
}


def headline(result: UpgradeResult) -> str:
    """One line that says how it went."""
    if result.baseline.verdict is Verdict.NOT_RUN:
        return f"Nothing was tried: {result.stopped} was reached before the first run."
    if result.baseline.verdict is not Verdict.PASSED:
        return f"Nothing was tried: the tests {_WENT[result.baseline.verdict]} on today's pins."
    if not result.moved and not result.held:
        return "Nothing to do: everything stands where it can stand."
    proof = "tested as a whole and green" if result.confirmed else "NOT proved as a whole"
    early = f"; {result.stopped} ended the search" if result.stopped else ""
    return f"{count(len(result.kept), 'package')} moved, {len(result.held)} held; the lock is {proof}{early}."


def _headline(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    yield styled(shown(headline(result)), "bold", color=how.color)
    runs = result.runs
    parts = [("baseline", runs.baseline), ("search", runs.search), ("versions", runs.versions), ("confirm", runs.confirm)]
    spent = ", ".join(f"{number} {word}" for word, number in [*parts, ("repeated", runs.repeated)] if number)
    known = f", {runs.remembered} known from before" if runs.remembered else ""
    ended = f", {runs.cancelled} more begun ahead and not needed" if runs.cancelled else ""
    lost = f", {runs.lost} lost with a worker and made again" if runs.lost else ""
    cost = f"{spent or 'none'}{known}{ended}{lost}"
    who = f"{result.command} on Python {result.python}"
    yield shown(f"{count(runs.total, 'run')} of {who} ({cost}) in {result.seconds:.0f} s")


def _baseline(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    baseline = result.baseline
    if baseline.verdict is Verdict.PASSED and baseline.failed:
        yield shown(f"Failing already, and no obstacle: {names(baseline.failed, most=100 if how.verbose else 5)}")
    if baseline.verdict in (Verdict.PASSED, Verdict.NOT_RUN):
        return
    yield styled(shown(f"Baseline: {baseline.outcome}"), "red", color=how.color)
    yield from (f"  {shown(test)}" for test in baseline.failed[: None if how.verbose else 10])
    if baseline.error:
        yield from paragraph(shown(baseline.error), width=how.width, indent="  ")
    yield shown(f"  log: {baseline.log}")
    yield "  Make the tests pass first, or gate on new failures only with --allow-failing."


def _stages(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    for stage in result.stages:
        verdict = styled(stage.verdict.value, _STYLES.get(stage.verdict, "yellow"), color=how.color)
        yield f"Stage {stage.number}: {shown(stage.title)}: {verdict} as a whole, {count(stage.runs, 'run')}"


def _moved(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    if not result.moved:
        return
    if how.quiet:
        yield f"Moved: {shown(names([move.name for move in result.moved], most=20))}"
        return
    yield styled(f"Moved ({len(result.moved)})", "bold", color=how.color)
    rows = [_row(move) for move in result.moved]
    yield from (f"  {line}" for line in table(_COLUMNS, rows, width=max(40, how.width - 2), color=how.color, ascii=how.ascii))
    for group in result.together:
        yield shown(f"  only together: {', '.join(group)}")


def _edits(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    yield from edits(result.edits, how)


def _row(move: Move) -> tuple[Cell, ...]:
    return (
        Cell(text=shown(move.name)),
        Cell(text=shown(move.before or "-")),
        Cell(text=shown(move.after or "removed")),
    )


def _culprits(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    if not result.culprits:
        return
    yield styled(f"Culprits ({len(result.culprits)})", "bold", color=how.color)
    for culprit in result.culprits:
        yield f"  {styled(shown(culprit_words(culprit)), 'red', color=how.color)}"
        for line in _evidence(culprit, how):
            yield from paragraph(shown(line), width=how.width, indent="    ")


def culprit_words(culprit: Culprit) -> str:
    """Who, how, and between which releases."""
    who = " and ".join(culprit.changes)
    how = {"single": "breaks alone", "conjunction": "break only together", "coupled": "only move together, and break"}[
        culprit.kind
    ]
    between = (
        f"; last good {culprit.last_good}, first bad {culprit.first_bad}" if culprit.last_good and culprit.first_bad else ""
    )
    freed = "; moved all the same, once what is held had moved as far as it goes" if culprit.freed else ""
    return f"{who}: {how}{between}{freed}"


def _evidence(culprit: Culprit, how: Presentation) -> Iterator[str]:
    if culprit.error:
        yield culprit.error
    if culprit.boundary:
        yield f"at {culprit.boundary}"
    tests = culprit.failing_tests
    if tests:
        yield f"red: {names(tests, most=100 if how.verbose else 3)}"
    yield from (f"changelog: {line}" for line in said(culprit.quotes, most=40 if how.verbose else 3))
    if culprit.confidence < 0.995:
        yield f"confidence {culprit.confidence:.0%}"


def _held(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    if not result.held:
        return
    yield styled(f"Held ({len(result.held)})", "bold", color=how.color)
    for item in result.held:
        since = f" (from {item.before})" if item.before != item.at else ""
        yield shown(f"  {item.name} at {item.at}{since}, wanted {item.wanted}")
        if not how.quiet:
            yield from paragraph(shown(item.because), width=how.width, indent="    ")


def parted_gaps(result: UpgradeResult) -> tuple[list[Gap], list[Gap]]:
    """(what is not known, with what changes what was tried first; locks that were not written)."""
    unwritten = [gap for gap in result.gaps if gap.stage == "locking" and gap.reason != "manifest"]
    known = [gap for gap in result.gaps if gap not in unwritten]
    return sorted(known, key=lambda gap: (gap.reason != "older-build-tools", gap.stage != "trials")), unwritten


def _rest(result: UpgradeResult, how: Presentation) -> Iterator[str]:
    if result.flaky:
        yield shown(f"Flaky, blamed on nothing: {names(result.flaky, most=20)}")
    known, unwritten = parted_gaps(result)
    gaps = known if how.verbose else known[:5]
    for gap in gaps:
        yield from paragraph(shown(f"Not known: {gap.subject}: {gap.detail or gap.reason}"), width=how.width)
    if len(gaps) < len(known):
        yield f"and {len(known) - len(gaps)} more, with --verbose"
    for gap in unwritten:
        yield from paragraph(shown(f"Not written: {gap.subject}: {gap.detail or gap.reason}"), width=how.width)
    if result.written:
        yield shown(f"Written: {', '.join(result.written)}")
    elif unwritten:
        return
    elif result.moved and result.confirmed:
        also = " and raises the caps" if result.edits else ""
        yield f"Nothing was written; --apply writes the lock that was tested{also}."
