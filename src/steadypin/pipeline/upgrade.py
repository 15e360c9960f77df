"""Carry a plan out: baseline, each stage tried, culprits named, what is green kept, the tested lock written."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from steadypin import codec
from steadypin.config import Settings
from steadypin.errors import CommandError
from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.locking.commits import Step, commit
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.plan import Plan, Stage
from steadypin.model.trial import Culprit, Verdict
from steadypin.model.upgrade import Baseline, Held, Move, StageResult, UpgradeResult
from steadypin.pipeline import planning
from steadypin.pipeline.culprits import Outcome, StageTrial
from steadypin.pipeline.environment import cache_dir
from steadypin.pipeline.moving import Versions, differences
from steadypin.pipeline.preparing import Scene, UpgradeRequest, installer, interpreter, leave_out, prepare
from steadypin.pipeline.trying import OutOfBudget, Trials
from steadypin.pipeline.writing import Writing
from steadypin.resolution.uv import find_uv
from steadypin.transport.cache import Cache
from steadypin.trials.journal import Journal
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.lab import Lab, own_folder

MOST_REFUSED = 10
"""Pins that may be left out because they cannot be installed; more means that something else is wrong."""

PATIENCE = 3
"""Whole runs of the baseline that may be flaky before it is taken to be."""


def upgrade(
    facts: Facts, settings: Settings, request: UpgradeRequest, *, made: Plan | None = None, tell: Callable[[str], None]
) -> UpgradeResult:
    """The result. Raises UsageError, StaleInput, ResolverError, CommandError, Inconclusive (a red baseline is a result, not an
    error).
    """
    started = monotonic()
    scene = prepare(facts, settings, request, made, tell)
    scratch = project_folder(settings)
    lab = Lab.open(settings.root, own_folder(scratch), base=interpreter(scene), installer=installer(scene))
    try:
        with _termination_as_interrupt():
            trials = _trials(scene, lab, scratch, tell)
            result = carry_out(scene, trials)
            if (request.apply or request.branch_per_stage) and result.confirmed and result.moved:
                result = write(scene, lab, result)
    finally:
        lab.close()
    return replace(
        result,
        seconds=round(monotonic() - started, 3),
        test_seconds=round(trials.test_seconds, 3),
        runs=trials.run_counts(),
        journal=str(trials.journal.path),
        flaky=tuple(sorted(trials.seen_flaky)),
        gaps=tuple(sorted({*result.gaps, *scene.gaps, *(_note(text) for text in lab.notes)})),
    )


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """A build server that cancels a job ends it with SIGTERM; what runs then has to be ended as after Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write(scene: Scene, lab: Lab, result: UpgradeResult) -> UpgradeResult:
    """Write the lock that was tested, or commit it stage by stage. Raises SteadypinError, with every file as it was."""
    prefix = Path(scene.facts.environment.path) if scene.facts.environment else None
    routing = route(index_url=scene.settings.index_url, extra_index_urls=scene.settings.extra_index_urls, prefix=prefix)
    cache = Cache(cache_dir(scene.settings))
    with IndexClient(routing, cache=cache, offline=scene.settings.offline) as client:
        if scene.request.branch_per_stage:
            return _branch(scene, lab, result, client)
        written, gaps = _writing(scene, lab, dict(result.lock), client).write()
    return replace(result, written=written, gaps=(*result.gaps, *gaps))


def _writing(scene: Scene, lab: Lab, lock: Versions, client: IndexClient) -> Writing:
    found = find_uv(folder=None)
    return Writing(
        facts=scene.facts,
        root=scene.settings.root,
        today=scene.today,
        lock=lock,
        via=scene.mover.askers(lock),
        files_of=client.files,
        uv_command=found.command if found else (),
        variables=dict(planning.pip_of(scene.facts, scene.settings).variables),
        tree=lab.copy.pristine,
    )


def _branch(scene: Scene, lab: Lab, result: UpgradeResult, client: IndexClient) -> UpgradeResult:
    """One commit for each stage that moved anything, each on a branch of its own."""
    steps: list[Step] = []
    before: Versions = scene.today
    gaps: tuple[Gap, ...] = ()
    for stage in result.stages:
        lock = dict(stage.lock)
        moved = differences(before, lock)
        if not moved:
            continue
        contents, gaps = _writing(scene, lab, lock, client).contents()
        words = "\n".join(f"- {name}: {before.get(name) or 'new'} -> {lock.get(name) or 'removed'}" for name in moved)
        message = f"Upgrade: {stage.title}\n\n{words}\n\nTested as a whole with: {result.command}\n"
        steps.append(Step(branch=f"steadypin/stage-{stage.number}", message=message, contents=contents))
        before = lock
    return replace(result, written=commit(scene.settings.root, steps), gaps=(*result.gaps, *gaps))


def project_folder(settings: Settings) -> Path:
    """Where scratch environments, logs and the journal of a project are: in the cache, named by the project's place."""
    name = codec.digest(str(settings.root.resolve()))[:16]
    return cache_dir(settings) / "trials" / name


def carry_out(scene: Scene, trials: Trials) -> UpgradeResult:
    """Baseline, stages, confirmation; nothing is written here."""
    result = UpgradeResult(
        plan_digest=_plan_digest(scene.plan),
        command=scene.command,
        python=scene.python,
        baseline=Baseline(verdict=Verdict.NOT_RUN),
        lock=tuple(sorted(scene.today.items())),
    )
    try:
        if not trials.knows(scene.mover.pins(scene.today)):
            fit(scene, trials.lab)
        baseline = check_baseline(scene, trials)
    except OutOfBudget as stop:
        return replace(result, stopped=str(stop))
    result = replace(result, baseline=baseline)
    if baseline.verdict is not Verdict.PASSED:
        return replace(result, gaps=(_baseline_gap(baseline),))
    trials.learn_timeout(baseline.seconds)
    return _stages(scene, trials, result)


def fit(scene: Scene, lab: Lab) -> None:
    """Make the first environment. What can be installed no more, and is not installed in the project's own environment
    either, is left out, and said. Raises CommandError with the names of what else cannot be installed.
    """
    try:
        lab.prepare(scene.mover.pins(scene.today))
        return
    except CommandError as error:
        refused = lab.environment.refused(scene.mover.pins(scene.today))
        if not refused or len(refused) > MOST_REFUSED:
            raise
        installed = {d.name: d.version for d in scene.facts.installed}
        needed = [name for name in refused if scene.facts.environment is None or _is_needed(name, scene, installed)]
        if needed:
            why = f": {error.message[-400:]}" if len(refused) == 1 else ""
            raise CommandError(
                f"not installable any more: {', '.join(needed)}{why}",
                output=error.output,
                hint="leave what no test needs out with --without NAME, or install from an index that still has it",
            ) from None
    leave_out(scene, refused, installed)
    lab.prepare(scene.mover.pins(scene.today))


def _is_needed(name: str, scene: Scene, installed: Mapping[str, str | None]) -> bool:
    """Whether the project's environment has it; from an index instead of from elsewhere is as good."""
    return name in installed and name not in scene.problem.set_aside


def check_baseline(scene: Scene, trials: Trials) -> Baseline:
    """The tests on today's pins. Raises CommandError where they cannot be installed or the command cannot start."""
    pins = scene.mover.pins(scene.today)
    if trials.limits.timeout:
        trials.timeout = trials.limits.timeout
    judged = trials.judge(pins, "baseline")
    for _ in range(PATIENCE - 1):
        if judged.verdict is not Verdict.FLAKY:
            break
        judged = trials.judge(pins, "baseline", again=True)
    if judged.run.outcome == "cannot-start":
        raise CommandError(
            f"the test command cannot start: {judged.run.error or scene.command}", hint="give another with --test"
        )
    if (
        judged.verdict is Verdict.FAILED
        and scene.request.allow_failing
        and judged.run.outcome in ("failed", "collection-error")
    ):
        trials.forgiven |= judged.failed
        judged = replace(judged, verdict=Verdict.PASSED)
        trials.judged[pins.digest] = judged
    run = judged.run
    return Baseline(
        verdict=judged.verdict,
        outcome=run.outcome,
        tests=run.tests,
        seconds=run.seconds,
        failed=tuple(sorted(judged.failed)),
        error=run.error,
        log=run.log,
    )


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
    proved = _Proved(
        now=dict(scene.today), frozen={name: scene.today[name] for name in scene.mover.without if name in scene.today}
    )
    for stage in chosen_stages(scene):
        if not proved.stopped:
            _stage(scene, trials, stage, proved)
    if len(proved.rows) > 1 and not proved.stopped:
        _once_more(scene, trials, proved)
    confirmed = _confirm(scene, trials, proved)
    found = replace(
        result,
        stages=tuple(proved.rows),
        culprits=tuple(proved.culprits),
        together=tuple(sorted(proved.together)),
        confirmed=confirmed,
        stopped=proved.stopped,
    )
    return _summed_up(scene, found, proved)


def _stage(scene: Scene, trials: Trials, stage: Stage, proved: _Proved) -> None:
    final = {package.name: package.version for package in stage.lock}
    final |= {name: version for name, version in proved.frozen.items() if name in final}
    if not differences(proved.now, final):
        return
    units = tuple(sorted(_units(scene, proved.now, final)))
    before = trials.run_counts().total
    trials.tell(f"stage {stage.number}: {stage.title}, {len(units)} to move")
    outcome = _carry_out_stage(scene, trials, proved.now, final, units, frozenset(proved.frozen))
    row = StageResult(
        number=stage.number,
        title=stage.title,
        verdict=outcome.verdict,
        runs=trials.run_counts().total - before,
        changes=units,
        lock_digest=scene.mover.pins(outcome.lock).digest,
        lock=tuple(sorted(outcome.lock.items())),
        tried=outcome.tried,
    )
    proved.add(outcome, row)


def _once_more(scene: Scene, trials: Trials, proved: _Proved) -> None:
    """What stages have held one by one may pass together: two that are red alone can be green as a pair."""
    last = chosen_stages(scene)[-1]
    final = {package.name: package.version for package in last.lock}
    final |= {name: scene.today[name] for name in scene.mover.without if name in final and name in scene.today}
    units = tuple(sorted(_units(scene, proved.now, final)))
    if len(units) < 2:
        return
    before = trials.run_counts().total
    trials.tell(f"what is held, once more together: {', '.join(units)}")
    outcome = _carry_out_stage(scene, trials, proved.now, final, units, scene.mover.without, bisect=False)
    runs = trials.run_counts().total - before
    if not differences(proved.now, outcome.lock):
        proved.rows[-1] = replace(proved.rows[-1], runs=proved.rows[-1].runs + runs)
        return
    title = "what was held, together"
    digest = scene.mover.pins(outcome.lock).digest
    number = last.number + 1
    lock = tuple(sorted(outcome.lock.items()))
    row = StageResult(
        number=number, title=title, verdict=outcome.verdict, runs=runs, changes=units, lock_digest=digest, lock=lock
    )
    proved.add(outcome, row)
    if outcome.verdict is Verdict.PASSED:
        proved.together.append(units)
    short = frozenset(_units(scene, proved.now, final))
    proved.because = {name: why for name, why in proved.because.items() if name in short}
    named = {culprit.changes: culprit for culprit in reversed(proved.culprits) if short.intersection(culprit.changes)}
    proved.culprits = [named[changes] for changes in sorted(named)]


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


def _carry_out_stage(
    scene: Scene,
    trials: Trials,
    now: Versions,
    final: Versions,
    units: tuple[str, ...],
    frozen: frozenset[str],
    *,
    bisect: bool = True,
) -> Outcome:
    members = frozenset(units)
    coupled = tuple(c.members for c in scene.plan.couplings if len(members.intersection(c.members)) > 1)
    trial = StageTrial(
        trials=trials,
        mover=scene.mover,
        facts=scene.facts,
        now=now,
        final=final,
        units=units,
        frozen=frozen,
        coupled=tuple(tuple(sorted(members.intersection(names))) for names in coupled),
        bisect=bisect and scene.request.bisect,
        log_of=_read_log,
    )
    return trial.carry_out()


def chosen_stages(scene: Scene) -> tuple[Stage, ...]:
    """The stages to carry out: all, those asked for, or the last one's lock as a single stage."""
    stages = scene.plan.stages
    if scene.request.all_at_once and stages:
        return (replace(stages[-1], number=1, title="everything at once"),)
    if scene.request.stages is not None:
        first, last = scene.request.stages
        return tuple(stage for stage in stages if stage.number <= last and (stage.number >= first or stage.number == 0))
    return stages


def _units(scene: Scene, now: Versions, final: Versions) -> Iterator[str]:
    """Names that are tried on their own: pinned or declared ones that move. Others follow whom they belong to."""
    pinned = {p.name for p in scene.facts.locked if p.name} | scene.problem.direct
    for name in differences(now, final):
        if name in now and name in final and (name in pinned or not scene.facts.locked):
            yield name


def _summed_up(scene: Scene, result: UpgradeResult, proved: _Proved) -> UpgradeResult:
    """The result with what moved and what did not."""
    now, today = proved.now, scene.today
    target = {package.name: package.version for stage in chosen_stages(scene)[-1:] for package in stage.lock}
    moves = [Move(name=name, before=today.get(name), after=now.get(name)) for name in differences(today, now)]
    otherwise = (
        f"not decided: {result.stopped} ended the work" if result.stopped else "what it needs, or what needs it, is held"
    )
    held = tuple(
        Held(name=name, before=today[name], at=now[name], wanted=target[name], because=proved.because.get(name, otherwise))
        for name in _units(scene, now, target)
        if name in today
    )
    short = {item.name for item in held}
    kept = tuple(move for move in moves if move.name not in short)
    return replace(result, kept=kept, held=held, moved=tuple(moves), lock=tuple(sorted(now.items())))


def exit_code(result: UpgradeResult) -> int:
    """0: everything moved and is green; 1: some held by the tests; 3: inconclusive; 2: not done."""
    if result.baseline.verdict is not Verdict.PASSED:
        return 2 if result.stopped else 3
    if result.stopped and not (result.confirmed and result.moved):
        return 2
    if not result.confirmed:
        return 3
    return 1 if result.held or result.culprits or result.stopped else 0


def _trials(scene: Scene, lab: Lab, scratch: Path, tell: Callable[[str], None]) -> Trials:
    journal = Journal.open(scratch / "journal.jsonl")
    if scene.request.forget:
        journal.runs.clear()
    confined, what = confinement(lab.folder, lab.environment.folder) if scene.request.sandbox else ((), "")
    tell(what)
    place = Place(
        folder=lab.copy.folder,
        scripts=lab.environment.scripts,
        scratch=lab.folder,
        root=scene.settings.root.resolve(),
        keep=scene.request.keep_variables,
        confined=confined,
    )
    return Trials(
        lab=lab,
        place=place,
        journal=journal,
        command=scene.command,
        python=f"{scene.facts.target.python} {scene.facts.target.platform}{', confined' if confined else ''}",
        limits=scene.request.limits,
        tell=tell,
    )


def _plan_digest(plan: Plan) -> str:
    from steadypin.reporters.plan_json import plan_digest

    return plan_digest(plan)


def _read_log(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return ""


def _note(text: str) -> Gap:
    return Gap(subject="project", stage="trials", reason="not-installed", detail=text)


def _baseline_gap(baseline: Baseline) -> Gap:
    words = {
        "failed": "tests fail on today's pins already",
        "collection-error": "tests cannot even be imported on today's pins",
        "timeout": "the tests do not end on today's pins",
        "signal": "the tests crash on today's pins",
        "no-tests": "no tests ran on today's pins",
    }
    what = (
        "tests are flaky on today's pins"
        if baseline.verdict is Verdict.FLAKY
        else words.get(baseline.outcome, "the tests fail")
    )
    return Gap(subject="baseline", stage="trials", reason=baseline.outcome or "flaky", detail=what)
