"""A plan as Markdown: for a wiki page or a job summary (the list with boxes is `checklist`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steadypin.model.plan import Change, ManifestEdit, Plan, Stage
from steadypin.reporters.markdown import code, escape
from steadypin.reporters.plan_terminal import flaw_words, headline, reason_words
from steadypin.reporters.reporter import Presentation


def render(plan: Plan, presentation: Presentation) -> str:
    """The whole plan."""
    del presentation
    lines = [
        "# Upgrade plan",
        "",
        f"{escape(headline(plan))}. Target {code(plan.target)}, solved with {escape(plan.resolver)}.",
        "",
    ]
    for stage in plan.stages:
        lines += [*_stage(stage), ""]
    lines += [*edits(plan.edits), *_holds(plan), *_gaps(plan)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _stage(stage: Stage) -> Iterator[str]:
    yield from (f"## Stage {stage.number}: {escape(stage.title)} ({stage.risk} risk)", "")
    yield from ("| package | from | to | kind | why | known flaws |", "| --- | --- | --- | --- | --- | --- |")
    yield from (_change(change) for change in stage.changes)


def _change(change: Change) -> str:
    name = f"**{code(change.name)}**" if change.direct else code(change.name)
    cells = (name, code(change.before or ""), code(change.after or ""), change.kind, escape(change.why))
    return f"| {' | '.join(cells)} | {escape('; '.join(flaw_words(change)))} |"


def edits(lifted: Sequence[ManifestEdit]) -> Iterator[str]:
    """Caps of manifests that move."""
    if not lifted:
        return
    yield from ("## Caps raised in manifests", "", "| where | from | to |", "| --- | --- | --- |")
    yield from (f"| {code(edit.place)} | {code(edit.before)} | {code(edit.after)} |" for edit in lifted)
    yield ""


def _holds(plan: Plan) -> Iterator[str]:
    if not plan.holds:
        return
    yield from ("## Held", "", "| package | at | latest | known flaws | because |", "| --- | --- | --- | --- | --- |")
    for hold in plan.holds:
        because = "<br>".join(escape(reason_words(reason)) for reason in hold.because)
        known = escape(", ".join(hold.flaws[:6]))
        yield f"| {code(hold.name)} | {code(hold.at or '')} | {code(hold.latest or '')} | {known} | {because} |"
    yield ""


def _gaps(plan: Plan) -> Iterator[str]:
    if not plan.gaps:
        return
    yield from ("## Not known", "", "| subject | stage | detail |", "| --- | --- | --- |")
    for gap in plan.gaps:
        yield f"| {code(gap.subject)} | {escape(gap.stage)} | {escape(gap.detail or gap.reason)} |"
    yield ""
