"""A plan for people: stages as tables, holds with their reasons, what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steadypin.model.plan import Change, ManifestEdit, Plan, Reason, Stage
from steadypin.reporters.layout import Cell, Column, count, names, paragraph, styled, table
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_COLUMNS = (
    Column(title="package", least=12, most=36),
    Column(title="from", least=7, most=18),
    Column(title="to", least=7, most=18),
    Column(title="why", least=20, most=110),
)
_RISK_STYLES = {"low": "green", "medium": "yellow", "high": "red"}
_KIND_STYLES = {"add": "green", "remove": "dim", "downgrade": "yellow"}


def render(plan: Plan, presentation: Presentation) -> str:
    """The whole plan as text."""
    blocks = [list(_headline(plan))]
    blocks += [list(_stage(stage, presentation)) for stage in plan.stages]
    blocks.append(list(edits(plan.edits, presentation)))
    blocks += [list(part(plan, presentation)) for part in (_holds, _gaps, _next)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def headline(plan: Plan) -> str:
    """How much moves, and how much does not."""
    moves = {change.name for stage in plan.stages for change in stage.changes}
    if not moves and not plan.holds:
        return "Nothing to do: everything stands where it can stand."
    parts = [count(len(plan.stages), "stage"), f"{count(len(moves), 'package')} to move", f"{len(plan.holds)} held"]
    return ", ".join(parts)


def _headline(plan: Plan) -> Iterator[str]:
    yield shown(headline(plan))
    yield shown(f"{plan.target}; {plan.resolver}, {count(plan.stats.resolver_runs, 'run')} in {plan.stats.seconds:.1f} s")


def _stage(stage: Stage, how: Presentation) -> Iterator[str]:
    risk = styled(f"{stage.risk} risk", _RISK_STYLES.get(stage.risk, ""), color=how.color)
    title = styled(f"Stage {stage.number}: {shown(stage.title)}", "bold", color=how.color)
    yield f"{title} ({risk}, {count(len(stage.changes), 'change')})"
    if how.quiet:
        yield f"  {shown(names([change.name for change in stage.changes], most=20))}"
        return
    rows = [_row(change) for change in stage.changes]
    yield from (f"  {line}" for line in table(_COLUMNS, rows, width=max(40, how.width - 2), color=how.color, ascii=how.ascii))


def _row(change: Change) -> tuple[Cell, ...]:
    style = _KIND_STYLES.get(change.kind, "bold" if change.direct else "")
    why = "; ".join([*flaw_words(change), change.why])
    before = change.before or "-"
    after = change.after or "removed"
    return (
        Cell(text=shown(change.name), style=style),
        Cell(text=shown(before)),
        Cell(text=shown(after)),
        Cell(text=shown(why)),
    )


def flaw_words(change: Change) -> Iterator[str]:
    """What a change does about known flaws, worst news first."""
    if change.flaws:
        yield f"{'has' if change.before is None else 'still has'} {names(change.flaws, most=3)}"
    if change.cures:
        yield f"cures {', '.join(change.cures)}"


def edits(lifted: Sequence[ManifestEdit], how: Presentation) -> Iterator[str]:
    """Caps of manifests that move."""
    if not lifted:
        return
    yield styled(f"Caps raised in manifests ({len(lifted)})", "bold", color=how.color)
    yield from (shown(f"  {edit.place}: {edit.before} becomes {edit.after}", 200) for edit in lifted)


def _holds(plan: Plan, how: Presentation) -> Iterator[str]:
    if not plan.holds:
        return
    yield styled(f"Held ({len(plan.holds)})", "bold", color=how.color)
    for hold in plan.holds:
        flaws = f" with {names(hold.flaws, most=3)}" if hold.flaws else ""
        yield from paragraph(
            shown(f"{hold.name} stays at {hold.at or '?'}{flaws}, latest is {hold.latest or '?'}"), width=how.width, indent="  "
        )
        if not how.quiet:
            for reason in hold.because if how.verbose else hold.because[:2]:
                yield from paragraph(shown(reason_words(reason)), width=how.width, indent="    ")


def reason_words(reason: Reason) -> str:
    """One reason as a sentence, with what would free the package."""
    words = {
        "requirement": f"{reason.by} requires {reason.requirement}",
        "python": f"needs Python {reason.requirement}, here is {reason.by}",
        "policy": f"policy: {reason.by} {reason.requirement}".rstrip(),
        "cooldown": f"younger than {reason.by}",
        "yanked": f"yanked: {reason.by}",
        "no-wheel": f"no wheel for {reason.by} and no source distribution",
        "unsolvable": f"does not fit with {reason.by} {reason.requirement}".rstrip(),
    }.get(reason.kind, reason.kind)
    return f"{words}: {reason.release}" if reason.release else words


def _gaps(plan: Plan, how: Presentation) -> Iterator[str]:
    if not plan.gaps:
        return
    yield styled(f"Not known ({len(plan.gaps)})", "bold", color=how.color)
    for gap in plan.gaps if how.verbose else plan.gaps[:5]:
        yield from paragraph(shown(f"{gap.subject}: {gap.detail or gap.reason}"), width=how.width, indent="  ")
    if len(plan.gaps) > 5 and not how.verbose:
        yield f"  and {len(plan.gaps) - 5} more (--verbose)"


def _next(plan: Plan, how: Presentation) -> Iterator[str]:
    if plan.stages and not how.quiet:
        said = "Next: `steadypin upgrade` tries each stage with your tests and keeps what is green"
        yield from paragraph(said, width=how.width)
