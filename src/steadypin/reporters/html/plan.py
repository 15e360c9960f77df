"""A plan as one HTML file: the stages as a path, what each brings, and who stays behind."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.model.gap import Gap
from steadypin.model.plan import Change, ManifestEdit, Plan, Quote, Stage
from steadypin.reporters.html.links import Link, Tile, group_gaps, plain_url
from steadypin.reporters.html.rendering import render_page
from steadypin.reporters.layout import count, names
from steadypin.reporters.plan_json import plan_digest
from steadypin.reporters.plan_terminal import flaw_words, headline, reason_words
from steadypin.reporters.reporter import Presentation
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One package that moves; `kind` is "add", "downgrade", or "" for what goes without saying."""

    name: str
    before: str
    after: str
    kind: str
    direct: bool
    why: str
    flaws: str
    together: tuple[str, ...]
    links: tuple[Link, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """A stage and its place on the path."""

    number: int
    title: str
    risk: str
    summary: str
    changes: tuple[ChangeView, ...]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A package that stays behind, and what would free it."""

    name: str
    at: str
    latest: str
    flaws: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """The whole page of a plan."""

    title: str
    headline: str
    target: str
    resolver: str
    digest: str
    facts: str
    tiles: tuple[Tile, ...]
    stages: tuple[StageView, ...]
    holds: tuple[HoldView, ...]
    edits: tuple[ManifestEdit, ...]
    couplings: tuple[tuple[str, str], ...]
    gaps: tuple[tuple[str, str, tuple[Gap, ...]], ...]
    gap_count: int


def render(plan: Plan, presentation: Presentation) -> str:
    """The whole page; the presentation changes nothing."""
    del presentation
    return render_page("plan.html", plan_page(plan))


def plan_page(plan: Plan) -> PlanPage:
    """The page of a plan."""
    return PlanPage(
        title="upgrade plan",
        headline=headline(plan),
        target=plan.target,
        resolver=f"{plan.resolver}, {count(plan.stats.resolver_runs, 'run')}",
        digest=plan_digest(plan)[:16],
        facts=plan.facts_digest[:16],
        tiles=tuple(_tiles(plan)),
        stages=tuple(_stage(stage, last=stage is plan.stages[-1]) for stage in plan.stages),
        holds=tuple(
            HoldView(
                name=hold.name,
                at=hold.at or "?",
                latest=hold.latest or "?",
                flaws=names(hold.flaws, most=3),
                because=tuple(reason_words(reason) for reason in hold.because[:12]),
            )
            for hold in plan.holds
        ),
        edits=plan.edits,
        couplings=tuple((", ".join(c.members), "; ".join(c.because[:6])) for c in plan.couplings if len(c.members) > 1),
        gaps=tuple(group_gaps(plan.gaps)),
        gap_count=len(plan.gaps),
    )


def _tiles(plan: Plan) -> Iterator[Tile]:
    changes = [change for stage in plan.stages for change in stage.changes]
    direct = len({change.name for change in changes if change.direct})
    cured = {flaw for change in changes for flaw in change.cures}
    risky = sum(1 for stage in plan.stages if stage.risk == "high")
    moving = len({change.name for change in changes})
    yield Tile(label="stages", value=str(len(plan.stages)), note=f"{risky} of high risk", href="#stages")
    yield Tile(label="packages to move", value=str(moving), note=f"{direct} declared directly", href="#stages")
    yield Tile(label="flaws cured", value=str(len(cured)), note="known today", href="#stages", tone="good" if cured else "")
    yield Tile(label="held back", value=str(len(plan.holds)), note="with what would free them", href="#holds")
    yield Tile(
        label="not found out",
        value=str(len(plan.gaps)),
        note="read these first" if plan.gaps else "every question was answered",
        href="#gaps",
        tone="warn" if plan.gaps else "good",
    )


def _stage(stage: Stage, *, last: bool) -> StageView:
    cured = {flaw for change in stage.changes for flaw in change.cures}
    parts = [count(len(stage.changes), "change"), *([f"cures {count(len(cured), 'flaw')}"] if cured else [])]
    return StageView(
        number=stage.number,
        title=stage.title,
        risk=stage.risk,
        summary=", ".join(parts),
        changes=tuple(map(_change, stage.changes)),
        last=last,
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(
        name=change.name,
        before=change.before or "–",
        after=change.after or "removed",
        kind=change.kind if change.kind in ("add", "downgrade") else "",
        direct=change.direct,
        why=change.why,
        flaws="; ".join(flaw_words(change)),
        together=change.coupled_with[:12],
        links=tuple(Link(text=label, href=url) for label, url in change.links[:6] if plain_url(url)),
        quotes=change.quotes,
    )
