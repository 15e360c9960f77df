"""The result of an upgrade as Markdown, for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.model.trial import Culprit, Verdict
from steadypin.model.upgrade import UpgradeResult
from steadypin.reporters.layout import count
from steadypin.reporters.markdown import code, escape, section
from steadypin.reporters.plan_markdown import edits
from steadypin.reporters.quotes import said
from steadypin.reporters.reporter import Presentation
from steadypin.reporters.upgrade_terminal import culprit_words, headline, parted_gaps


def render(result: UpgradeResult, presentation: Presentation) -> str:
    """The whole result."""
    del presentation
    cost = (
        f"{count(result.runs.total, 'run')} of {code(result.command)} on Python {escape(result.python)}, {result.seconds:.0f} s"
    )
    lines = ["# Upgrade", "", f"**{escape(headline(result))}**", "", f"{cost}.", ""]
    for part in (_baseline, _stages, _moved, _edits, _culprits, _held, _rest):
        lines += part(result)
    return "\n".join(lines).rstrip("\n") + "\n"


def _baseline(result: UpgradeResult) -> Iterator[str]:
    passed = result.baseline.verdict is Verdict.PASSED
    if result.baseline.verdict is Verdict.NOT_RUN or (passed and not result.baseline.failed):
        return
    title = "Failing already, and no obstacle" if passed else f"Baseline: {escape(result.baseline.outcome)}"
    yield from (f"## {title}", "")
    yield from (f"- {code(test)}" for test in result.baseline.failed[:50])
    yield from ("", escape(result.baseline.error), "")


def _stages(result: UpgradeResult) -> Iterator[str]:
    rows = ((str(stage.number), escape(stage.title), stage.verdict.value, str(stage.runs)) for stage in result.stages)
    yield from section("", ("stage", "what", "as a whole", "runs"), rows)


def _moved(result: UpgradeResult) -> Iterator[str]:
    if not result.moved:
        return
    rows = ((code(move.name), code(move.before or "-"), code(move.after or "removed")) for move in result.moved)
    yield from section(f"## Moved ({len(result.moved)})", ("package", "from", "to"), rows)
    yield from (f"Only together: {', '.join(map(code, names))}" for names in result.together)
    yield ""


def _edits(result: UpgradeResult) -> Iterator[str]:
    yield from edits(result.edits)


def _culprits(result: UpgradeResult) -> Iterator[str]:
    if not result.culprits:
        return
    yield from (f"## Culprits ({len(result.culprits)})", "")
    for culprit in result.culprits:
        yield from _culprit(culprit)
    yield ""


def _culprit(culprit: Culprit) -> Iterator[str]:
    yield f"- **{escape(culprit_words(culprit))}**"
    if culprit.error:
        yield f"  - {code(culprit.error)}"
    if culprit.boundary:
        yield f"  - at {code(culprit.boundary)}"
    yield from (f"  - red: {code(test)}" for test in culprit.failing_tests[:10])
    yield from (f"  - changelog: {escape(line)}" for line in said(culprit.quotes, most=8))


def _held(result: UpgradeResult) -> Iterator[str]:
    rows = ((code(item.name), code(item.at), code(item.wanted), escape(item.because)) for item in result.held)
    yield from section(f"## Held ({len(result.held)})", ("package", "at", "wanted", "because"), rows)


def _rest(result: UpgradeResult) -> Iterator[str]:
    if result.flaky:
        yield from (f"Flaky, blamed on nothing: {', '.join(map(code, result.flaky[:50]))}", "")
    known, unwritten = parted_gaps(result)
    if known:
        yield from ("<details>", f"<summary>{count(len(known), 'thing')} not known</summary>", "")
        yield from (f"- {code(gap.subject)}: {escape(gap.detail or gap.reason)}" for gap in known[:50])
        yield from ("", "</details>", "")
    for gap in unwritten:
        yield from (f"Not written: {code(gap.subject)}: {escape(gap.detail or gap.reason)}", "")
    if result.written:
        yield f"Written: {', '.join(map(code, result.written))}"
