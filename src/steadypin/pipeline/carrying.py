"""Carry a plan out: the baseline, each stage on top of what is proved, and the whole at the end. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from steadypin.model.plan import Stage
from steadypin.model.trial import Culprit, Verdict
from steadypin.model.upgrade import Baseline, StageResult, UpgradeResult
from steadypin.pipeline.culprits import Outcome, StageTrial
from steadypin.pipeline.first_run import check_baseline, fit
from steadypin.pipeline.preparing import Scene
from steadypin.pipeline.trying import Likely, OutOfBudget, Trials
from steadypin.reporters.plan_json import plan_digest
from steadypin.trials.results import Versions, accounted, baseline_gap, chosen_stages, differences, pins_of, units_of
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass, field, replace


def carry_out(scene: Scene, trials: Trials) -> UpgradeResult:
    """Baseline, stages, confirmation; nothing is written here."""
    result = UpgradeResult(
        plan_digest=plan_digest(scene.plan),
        command=scene.command,
        python=scene.python,
        baseline=Baseline(verdict=Verdict.NOT_RUN),
        lock=tuple(sorted(scene.today.items())),
    )
    try:
        if not trials.knows(scene.mover.pins(scene.today)):
            fit(scene, trials.lab)
        baseline = check_baseline(scene, trials, partial(_whole_stages, scene, trials, dict(scene.today), _left_out(scene)))
    except OutOfBudget as stop:
        return replace(result, stopped=str(stop))
    result = replace(result, baseline=baseline)
    if baseline.verdict is not Verdict.PASSED:
        return replace(result, gaps=(baseline_gap(baseline),))
    trials.learn_timeout(baseline.seconds)
    return _stages(scene, trials, result)


@dataclass(slots=True, kw_only=True)
class _Proved:
    """What is proved so far: the lock `now`, names that stay and why, and what was found out on the way."""

    now: Versions
    frozen: dict[str, str]
    because: dict[str, str] = field(default_factory=dict)
    culprits: list[Culprit] = field(default_factory=list)
    together: list[tuple[str, ...]] = field(default_factory=list)
    rows: list[StageResult] = field(default_factory=list)
    stopped: str = ""

    def add(self, outcome: Outcome, row: StageResult) -> None:
        self.now = outcome.lock
        self.frozen |= {name: self.now[name] for name in outcome.because if name in self.now}
        self.because |= outcome.because
        self.culprits += outcome.culprits
        self.together += outcome.together
        self.rows.append(row)
        self.stopped = outcome.stopped


def _stages(scene: Scene, trials: Trials, result: UpgradeResult) -> UpgradeResult:
    """Each stage on top of what is proved, and the whole at the end."""
    stages = chosen_stages(scene.plan.stages, scene.request.stages, at_once=scene.request.all_at_once)
    left_out = _left_out(scene)
    proved = _Proved(now=dict(scene.today), frozen=left_out, because=dict.fromkeys(left_out, "left out of every trial"))
    for left, stage in zip(range(len(stages) - 1, -1, -1), stages, strict=True):
        trials.later = left
        if not proved.stopped:
            _stage(scene, trials, stage, proved)
    if len(proved.rows) > 1 and not proved.stopped:
        _once_more(scene, trials, stages[-1], proved)
    found = replace(
        result,
        stages=tuple(proved.rows),
        culprits=tuple(proved.culprits),
        together=tuple(sorted(proved.together)),
        confirmed=_confirm(scene, trials, proved),
        stopped=proved.stopped,
    )
    target = pins_of(stages)
    units = _units(scene, proved.now, target)
    return accounted(found, today=scene.today, now=proved.now, target=target, units=units, because=proved.because)


def _left_out(scene: Scene) -> dict[str, str]:
    return {name: scene.today[name] for name in scene.mover.without if name in scene.today}


def _units(scene: Scene, now: Versions, final: Versions) -> tuple[str, ...]:
    """What is pinned or declared and moves; where nothing is locked, all that moves."""
    own = {p.name for p in scene.facts.locked if p.name} | scene.problem.direct
    return units_of(now, final, own if scene.facts.locked else None)


def _stage(scene: Scene, trials: Trials, stage: Stage, proved: _Proved) -> None:
    final = pins_of((stage,))
    final |= {name: version for name, version in proved.frozen.items() if name in final}
    units = _units(scene, proved.now, final)
    beyond = {name: version for name, version in pins_of((stage,)).items() if name in proved.frozen}
    after = partial(_whole_stages, scene, trials, final, proved.frozen, stage.number)
    trial = _tried(scene, trials, proved.now, final, units, frozenset(proved.frozen), beyond=beyond, following=after)
    if not units and trial.whole() == proved.now:
        return
    before = trials.run_counts().total
    trials.tell(f"stage {stage.number}: {stage.title}, {len(units)} to move")
    outcome = trial.carry_out()
    runs = trials.run_counts().total - before
    proved.add(outcome, _row(scene, stage.number, stage.title, outcome, units, runs))


def _once_more(scene: Scene, trials: Trials, last: Stage, proved: _Proved) -> None:
    """What stages have held one by one may pass together: two that are red alone can be green as a pair."""
    final = pins_of((last,))
    final |= {name: version for name, version in _left_out(scene).items() if name in final}
    units = _units(scene, proved.now, final)
    if len(units) < 2:
        return
    before = trials.run_counts().total
    trials.tell(f"what is held, once more together: {', '.join(units)}")
    bisected = frozenset(
        n for culprit in proved.culprits if culprit.last_good or culprit.kind == "coupled" for n in culprit.changes
    )
    outcome = _tried(scene, trials, proved.now, final, units, scene.mover.without, bisected=bisected).carry_out()
    runs = trials.run_counts().total - before
    moved = differences(proved.now, outcome.lock)
    if not moved:
        proved.rows[-1] = replace(proved.rows[-1], runs=proved.rows[-1].runs + runs)
        return
    proved.add(outcome, _row(scene, last.number + 1, "what was held, together", outcome, units, runs))
    if outcome.verdict is Verdict.PASSED:
        proved.together.append(units)
    short = frozenset(_units(scene, proved.now, final))
    proved.because = {name: why for name, why in proved.because.items() if name in short}
    proved.culprits = [*_still_true(proved.culprits, short), *_freed(proved.culprits, frozenset(moved), short)]


def _freed(culprits: list[Culprit], moved: frozenset[str], held: frozenset[str]) -> Iterator[Culprit]:
    """What broke the tests alone and is where it should be only because something that is `held` has moved a part of its way:
    it was a culprit all the same, and would be again without that.
    """
    named = {culprit.changes: culprit for culprit in reversed(culprits) if culprit.kind == "single" and moved & held}
    for changes, culprit in sorted(named.items()):
        if moved.issuperset(changes) and not held.intersection(changes):
            yield replace(culprit, freed=True)


def _still_true(culprits: list[Culprit], held: frozenset[str]) -> list[Culprit]:
    """What still says why something is `held`, the first word on each set. That two only move together has been disproved where
    one of them has moved since; it stays only where nothing else is known of the other.
    """
    named = {culprit.changes: culprit for culprit in reversed(culprits) if held.intersection(culprit.changes)}
    whole = {changes for changes, culprit in named.items() if culprit.kind != "coupled" or held.issuperset(changes)}
    explained = {name for changes in whole for name in changes}
    return [
        named[changes] for changes in sorted(named) if changes in whole or not explained.issuperset(held.intersection(changes))
    ]


def _row(scene: Scene, number: int, title: str, outcome: Outcome, units: tuple[str, ...], runs: int) -> StageResult:
    return StageResult(
        number=number,
        title=title,
        verdict=outcome.verdict,
        runs=runs,
        changes=units,
        lock_digest=scene.mover.pins(outcome.lock).digest,
        lock=tuple(sorted(outcome.lock.items())),
        tried=outcome.tried,
    )


def _confirm(scene: Scene, trials: Trials, proved: _Proved) -> bool:
    """Whether exactly what would be written has been green as a whole; tested now where it has not been yet."""
    pins = scene.mover.pins(proved.now)
    if trials.is_green(pins) or proved.stopped:
        return trials.is_green(pins)
    try:
        return trials.judge(pins, "confirm").verdict is Verdict.PASSED
    except OutOfBudget as stop:
        proved.stopped = str(stop)
        return False


def _whole_stages(scene: Scene, trials: Trials, now: Versions, frozen: Versions, after: int = -1) -> Iterator[Pins]:
    """What is tried first in each stage after this one, should all of them pass."""
    for stage in chosen_stages(scene.plan.stages, scene.request.stages, at_once=scene.request.all_at_once):
        final = pins_of((stage,))
        final |= {name: version for name, version in frozen.items() if name in final}
        if stage.number <= after or not differences(now, final):
            continue
        whole = _tried(scene, trials, now, final, _units(scene, now, final), frozenset(frozen)).whole()
        if whole is None:
            return
        yield scene.mover.pins(whole)
        now = whole


def _tried(
    scene: Scene,
    trials: Trials,
    now: Versions,
    final: Versions,
    units: tuple[str, ...],
    frozen: frozenset[str],
    *,
    bisected: frozenset[str] = frozenset(),
    beyond: Versions | None = None,
    following: Likely = tuple,
) -> StageTrial:
    members = frozenset(units)
    coupled = (members.intersection(c.members) for c in scene.plan.couplings)
    return StageTrial(
        trials=trials,
        mover=scene.mover,
        facts=scene.facts,
        now=now,
        final=final,
        units=units,
        frozen=frozen,
        beyond=beyond or {},
        coupled=tuple(tuple(sorted(names)) for names in coupled if len(names) > 1),
        bisect=scene.request.bisect,
        bisected=bisected,
        following=following,
        log_of=_read_log,
    )


def _read_log(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return ""
