"""The result of an upgrade as one HTML file: the stages as they went, the culprits, and what was proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steadypin.model.gap import Gap
from steadypin.model.plan import ManifestEdit, Quote
from steadypin.model.trial import Culprit, TrialResult, Verdict
from steadypin.model.upgrade import Held, Move, StageResult, UpgradeResult
from steadypin.reporters.html.links import Tile, group_gaps
from steadypin.reporters.html.rendering import render_page
from steadypin.reporters.layout import count, names
from steadypin.reporters.reporter import Presentation
from steadypin.reporters.upgrade_terminal import culprit_words, headline
from steadypin.values import dataclass

_TONES = {Verdict.PASSED: "low", Verdict.FAILED: "high"}
MOST_TRIED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CulpritView:
    """What broke, and the evidence."""

    words: str
    error: str
    boundary: str
    tests: tuple[str, ...]
    more: int
    confidence: str
    changelogs: tuple[tuple[str, tuple[Quote, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedView:
    """A set that was tried, below the set that it was taken from; `tone` as of a stage."""

    label: str
    verdict: str
    tone: str
    children: tuple[TriedView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """A stage that was tried: `tone` is "low" where it was green, "high" where it was red, else "medium"."""

    number: int
    title: str
    verdict: str
    tone: str
    runs: str
    changes: tuple[tuple[str, str], ...]
    tried: tuple[TriedView, ...]
    tried_count: int
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePage:
    """The whole page of a result."""

    title: str
    headline: str
    good: bool
    command: str
    python: str
    digest: str
    tiles: tuple[Tile, ...]
    baseline: str
    baseline_failed: tuple[str, ...]
    stages: tuple[StageView, ...]
    culprits: tuple[CulpritView, ...]
    moved: tuple[Move, ...]
    together: tuple[str, ...]
    edits: tuple[ManifestEdit, ...]
    held: tuple[Held, ...]
    flaky: tuple[str, ...]
    written: tuple[str, ...]
    gaps: tuple[tuple[str, str, tuple[Gap, ...]], ...]
    gap_count: int


def render(result: UpgradeResult, presentation: Presentation) -> str:
    """The whole page; the presentation changes nothing."""
    del presentation
    return render_page("upgrade.html", upgrade_page(result))


def upgrade_page(result: UpgradeResult) -> UpgradePage:
    """The page of a result."""
    base = result.baseline
    tests = f", {count(base.tests, 'test')}" if base.tests is not None else ""
    return UpgradePage(
        title="upgrade",
        headline=headline(result),
        good=base.verdict is Verdict.PASSED and (result.confirmed or not result.moved),
        command=result.command,
        python=result.python,
        digest=result.plan_digest[:16],
        tiles=tuple(_tiles(result)),
        baseline=f"{base.verdict.value}{tests}, {base.seconds:.1f} s" + (f": {base.error}" if base.error else ""),
        baseline_failed=base.failed[:20],
        stages=tuple(_stage(stage, result) for stage in result.stages),
        culprits=tuple(map(_culprit, result.culprits)),
        moved=result.moved,
        together=tuple(", ".join(group) for group in result.together),
        edits=result.edits,
        held=result.held,
        flaky=result.flaky[:40],
        written=result.written,
        gaps=tuple(group_gaps(result.gaps)),
        gap_count=len(result.gaps),
    )


def _tiles(result: UpgradeResult) -> Iterator[Tile]:
    runs = result.runs
    proof = "the lock is tested as a whole and green" if result.confirmed else "not proved as a whole"
    yield Tile(
        label="moved", value=str(len(result.moved)), note=proof, href="#moved", tone="good" if result.confirmed else "warn"
    )
    culprits = len(result.culprits)
    yield Tile(
        label="culprits", value=str(culprits), note="found by your tests", href="#culprits", tone="bad" if culprits else "good"
    )
    yield Tile(label="held back", value=str(len(result.held)), note="with the reason", href="#held")
    cost = f"{result.seconds:.0f} s, {runs.repeated} repeated to be sure"
    yield Tile(label="test runs", value=str(runs.total), note=cost, href="#stages")
    yield Tile(
        label="not found out",
        value=str(len(result.gaps)),
        note="read these first" if result.gaps else "every question was answered",
        href="#gaps",
        tone="warn" if result.gaps else "good",
    )


def _stage(stage: StageResult, result: UpgradeResult) -> StageView:
    kept = {move.name for move in result.kept}
    guilty = {name for culprit in result.culprits for name in culprit.changes}
    whole = stage.verdict is Verdict.PASSED
    states = {
        name: "kept" if whole else "culprit" if name in guilty else "kept" if name in kept else "held" for name in stage.changes
    }
    return StageView(
        number=stage.number,
        title=stage.title,
        verdict=f"{stage.verdict.value} as a whole",
        tone=_TONES.get(stage.verdict, "medium"),
        runs=count(stage.runs, "run"),
        changes=tuple(states.items()),
        tried=tried_tree(stage.tried),
        tried_count=sum(1 for trial in stage.tried if trial.changes),
        last=stage is result.stages[-1],
    )


def tried_tree(tried: Sequence[TrialResult]) -> tuple[TriedView, ...]:
    """The sets as a tree: each below the smallest set that was tried before it and holds all of it. At most `MOST_TRIED`."""
    sets = [trial for trial in tried[:MOST_TRIED] if trial.changes]
    below: dict[int, list[int]] = {}
    for place, trial in enumerate(sets):
        holding = [i for i in range(place) if sets[i].changes > trial.changes]
        below.setdefault(min(holding, key=lambda i: (len(sets[i].changes), -i), default=-1), []).append(place)

    def view(place: int) -> TriedView:
        trial = sets[place]
        return TriedView(
            label=f"{len(trial.changes)}: {names(sorted(trial.changes), most=6)}",
            verdict=trial.verdict.value,
            tone=_TONES.get(trial.verdict, "medium"),
            children=tuple(map(view, below.get(place, ()))),
        )

    return tuple(map(view, below.get(-1, ())))


def _culprit(culprit: Culprit) -> CulpritView:
    return CulpritView(
        words=culprit_words(culprit),
        error=culprit.error,
        boundary=culprit.boundary,
        tests=culprit.failing_tests[:8],
        more=max(0, len(culprit.failing_tests) - 8),
        confidence=f"{culprit.confidence:.0%}" if culprit.confidence < 1 else "",
        changelogs=tuple(
            (name, tuple(quote for whose, quote in culprit.quotes if whose == name))
            for name in dict.fromkeys(name for name, _ in culprit.quotes)
        ),
    )
