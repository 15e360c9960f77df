"""A plan as Markdown: for a wiki page or a job summary (the list with boxes is `checklist`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steadypin.model.plan import Change, Hold, ManifestEdit, Plan, Stage
from steadypin.reporters.markdown import code, escape, section
from steadypin.reporters.plan_terminal import flaw_words, headline, reason_words
from steadypin.reporters.quotes import folded
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
        lines += _stage(stage)
    lines += [*edits(plan.edits), *_holds(plan), *_gaps(plan)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _stage(stage: Stage) -> Iterator[str]:
    heading = f"## Stage {stage.number}: {escape(stage.title)} ({stage.risk} risk)"
    yield from section(heading, ("package", "from", "to", "kind", "why", "known flaws"), map(_change, stage.changes))
    for change in stage.changes:
        yield from folded(change.name, change.quotes)


def _change(change: Change) -> Sequence[str]:
    name = f"**{code(change.name)}**" if change.direct else code(change.name)
    cells = (name, code(change.before or ""), code(change.after or ""), change.kind, escape(change.why))
    return *cells, escape("; ".join(flaw_words(change)))


def edits(lifted: Sequence[ManifestEdit]) -> Iterator[str]:
    """Caps of manifests that move."""
    rows = ((code(edit.place), code(edit.before), code(edit.after)) for edit in lifted)
    yield from section("## Caps raised in manifests", ("where", "from", "to"), rows)


def _holds(plan: Plan) -> Iterator[str]:
    yield from section("## Held", ("package", "at", "latest", "known flaws", "because"), map(_hold, plan.holds))


def _hold(hold: Hold) -> Sequence[str]:
    because = "<br>".join(escape(reason_words(reason)) for reason in hold.because)
    known = escape(", ".join(hold.flaws[:6]))
    return code(hold.name), code(hold.at or ""), code(hold.latest or ""), known, because


def _gaps(plan: Plan) -> Iterator[str]:
    rows = ((code(gap.subject), escape(gap.stage), escape(gap.detail or gap.reason)) for gap in plan.gaps)
    yield from section("## Not known", ("subject", "stage", "detail"), rows)
