"""Carry a plan out: baseline, each stage tried, culprits named, what is green kept, the tested lock written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from steadypin import codec
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.comparison.join import own_names
from steadypin.config import Settings
from steadypin.errors import CommandError, StaleInput, UsageError
from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.plan import Plan, Stage
from steadypin.model.trial import Culprit, Verdict
from steadypin.model.upgrade import Baseline, Held, Move, StageResult, UpgradeResult
from steadypin.pipeline import planning
from steadypin.pipeline.culprits import Outcome, StageTrial
from steadypin.pipeline.environment import cache_dir
from steadypin.pipeline.moving import Mover, Versions, differences
from steadypin.pipeline.testing import test_command
from steadypin.pipeline.trying import Limits, OutOfBudget, Trials
from steadypin.pipeline.writing import Writing
from steadypin.planning.candidates import resolve_base
from steadypin.planning.problem import Problem, pose
from steadypin.resolution.uv import find_uv
from steadypin.transport.cache import Cache
from steadypin.trials.journal import Journal
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.installers import Installer, Pip, Uv
from steadypin.trials.sandbox.lab import Lab, own_folder

PATIENCE = 3
"""Whole runs of the baseline that may be flaky before it is taken to be."""

_NEVER_PINNED = frozenset({"pip", "setuptools", "wheel", "distribute"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """What the user asked for, besides the plan."""

    plan: planning.PlanRequest = field(default_factory=planning.PlanRequest)
    test: str | None = None
    stages: tuple[int, int] | None = None
    all_at_once: bool = False
    apply: bool = False
    bisect: bool = True
    allow_failing: bool = False
    limits: Limits = field(default_factory=Limits)
    keep_variables: tuple[str, ...] = ()
    forget: bool = False


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that carrying out needs, made once. `today` is the lock that the baseline tests."""

    facts: Facts
    settings: Settings
    request: UpgradeRequest
    plan: Plan
    problem: Problem
    mover: Mover
    today: Versions
    command: str
    python: str
    gaps: list[Gap] = field(default_factory=list)


def upgrade(
    facts: Facts, settings: Settings, request: UpgradeRequest, *, made: Plan | None = None, tell: Callable[[str], None]
) -> UpgradeResult:
    """The result. Raises UsageError, StaleInput, ResolverError, CommandError, Inconclusive (a red baseline is a result, not an
    error).
    """
    started = monotonic()
    scene = prepare(facts, settings, request, made, tell)
    scratch = project_folder(settings)
    lab = Lab.open(settings.root, own_folder(scratch), base=_interpreter(scene), installer=_installer(scene))
    try:
        trials = _trials(scene, lab, scratch, tell)
        result = carry_out(scene, trials)
        if request.apply and result.confirmed and result.moved:
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


def write(scene: Scene, lab: Lab, result: UpgradeResult) -> UpgradeResult:
    """Write the lock that was tested. Raises SteadypinError, with every file as it was."""
    pip = planning._pip(scene.facts, scene.settings)
    found = find_uv(folder=None)
    lock = dict(result.lock)
    prefix = Path(scene.facts.environment.path) if scene.facts.environment else None
    routing = route(index_url=scene.settings.index_url, extra_index_urls=scene.settings.extra_index_urls, prefix=prefix)
    cache = Cache(cache_dir(scene.settings))
    with IndexClient(routing, cache=cache, offline=scene.settings.offline) as client:
        writing = Writing(
            facts=scene.facts,
            root=scene.settings.root,
            today=scene.today,
            lock=lock,
            via=scene.mover.askers(lock),
            files_of=client.files,
            uv_command=found.command if found else (),
            variables=dict(pip.variables),
            tree=lab.copy.pristine,
        )
        written, gaps = writing.write()
    return replace(result, written=written, gaps=(*result.gaps, *gaps))


def project_folder(settings: Settings) -> Path:
    """Where scratch environments, logs and the journal of a project are: in the cache, named by the project's place."""
    name = codec.digest(str(settings.root.resolve()))[:16]
    return cache_dir(settings) / "trials" / name


def prepare(facts: Facts, settings: Settings, request: UpgradeRequest, made: Plan | None, tell: Callable[[str], None]) -> Scene:
    """Plan, and find out what stands today and how it is tested."""
    if made is not None and planning.is_stale(made, facts):
        raise StaleInput("the plan was made from other pins than stand here now", hint="plan again")
    asked = replace(request.plan, group_by="none") if request.all_at_once else request.plan
    plan = made or planning.plan(facts, settings, asked, tell=tell)
    if plan.question is None:
        raise UsageError("there is nothing to upgrade: the project requires nothing", hint="is this the project's folder?")
    resolver = planning._resolver(facts, settings, request.plan, planning._pip(facts, settings))
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    comparison = compare(facts, settings.policy, selection)
    goal = planning.goal_of(facts, settings, request.plan, planning._pip(facts, settings))
    problem = pose(facts, comparison, replace(goal, taken_at=facts.taken_at))
    base = resolve_base(problem, resolver).versions
    today = {name: problem.preferred.get(name, version) for name, version in base.items()}
    beside = {name: version for name, version in problem.standing.items() if name not in base}
    command, because = test_command(settings.root, request.test, settings.test, today.keys() | beside.keys())
    tell(f"tested with {command} ({because})")
    scene = Scene(
        facts=facts,
        settings=settings,
        request=request,
        plan=plan,
        problem=problem,
        mover=Mover(
            question=plan.question,
            resolver=resolver,
            others=tuple(sorted(other_lines(facts, problem.set_aside, settings.root))),
            beside=beside,
        ),
        today=today,
        command=command,
        python=facts.target.python,
    )
    scene.gaps += [*plan.gaps, *_environment_gaps(facts, today)]
    return scene


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
        baseline = check_baseline(scene, trials)
    except OutOfBudget as stop:
        return replace(result, stopped=str(stop))
    result = replace(result, baseline=baseline)
    if baseline.verdict is not Verdict.PASSED:
        return replace(result, gaps=(_baseline_gap(baseline),))
    trials.learn_timeout(baseline.seconds)
    return _stages(scene, trials, result)


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


def _stages(scene: Scene, trials: Trials, result: UpgradeResult) -> UpgradeResult:
    now: Versions = dict(scene.today)
    frozen: dict[str, str] = {}
    culprits: list[Culprit] = []
    because: dict[str, str] = {}
    rows: list[StageResult] = []
    together: list[tuple[str, ...]] = []
    stopped = ""
    for stage in chosen_stages(scene):
        final = {package.name: package.version for package in stage.lock}
        final = {**final, **{name: version for name, version in frozen.items() if name in final}}
        units = tuple(sorted(_units(scene, now, final)))
        before = trials.run_counts().total
        if not differences(now, final):
            continue
        trials.tell(f"stage {stage.number}: {stage.title}, {len(units)} to move")
        outcome = _carry_out_stage(scene, trials, now, final, units, frozenset(frozen))
        now = outcome.lock
        frozen |= {name: now[name] for name in outcome.because if name in now}
        culprits += outcome.culprits
        because |= outcome.because
        together += outcome.together
        stopped = outcome.stopped
        rows.append(
            StageResult(
                number=stage.number,
                title=stage.title,
                verdict=outcome.verdict,
                runs=trials.run_counts().total - before,
                changes=units,
                lock_digest=scene.mover.pins(now).digest,
            )
        )
        if stopped:
            break
    final_pins = scene.mover.pins(now)
    confirmed = trials.is_green(final_pins)
    if not confirmed and not stopped:
        try:
            confirmed = trials.judge(final_pins, "confirm").verdict is Verdict.PASSED
        except OutOfBudget as stop:
            stopped = str(stop)
    return _summed_up(
        scene,
        replace(
            result,
            stages=tuple(rows),
            culprits=tuple(culprits),
            together=tuple(sorted(together)),
            confirmed=confirmed,
            stopped=stopped,
        ),
        now,
        because,
    )


def _carry_out_stage(
    scene: Scene, trials: Trials, now: Versions, final: Versions, units: tuple[str, ...], frozen: frozenset[str]
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
        bisect=scene.request.bisect,
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


def _summed_up(scene: Scene, result: UpgradeResult, now: Versions, because: Mapping[str, str]) -> UpgradeResult:
    target = {package.name: package.version for stage in chosen_stages(scene)[-1:] for package in stage.lock}
    moves = [Move(name=n, before=scene.today.get(n), after=now.get(n)) for n in differences(scene.today, now)]
    held = [
        Held(
            name=name,
            before=scene.today[name],
            at=now[name],
            wanted=target[name],
            because=because.get(name)
            or (f"not decided: {result.stopped} ended the work" if result.stopped else "what asks for it is held"),
        )
        for name in _units(scene, now, target)
        if name in scene.today and (name in because or result.stopped or name in scene.problem.direct)
    ]
    short = {item.name for item in held}
    return replace(
        result,
        kept=tuple(move for move in moves if move.name not in short),
        held=tuple(held),
        moved=tuple(moves),
        lock=tuple(sorted(now.items())),
    )


def exit_code(result: UpgradeResult) -> int:
    """0: everything moved and is green; 1: some held by the tests; 3: inconclusive; 2: not done."""
    if result.baseline.verdict is not Verdict.PASSED:
        return 2 if result.stopped else 3
    if result.stopped and not result.confirmed:
        return 2
    if not result.confirmed:
        return 3
    return 1 if result.held or result.culprits or result.stopped else 0


# --- making the scene


def other_lines(facts: Facts, aside: frozenset[str], root: Path) -> Iterator[str]:
    """Requirement lines of what comes from no index: repositories, archives and folders, as locked or installed."""
    own = own_names(facts)
    locked = {p.name: p for p in facts.locked if p.name in aside and p.name not in own}
    for name in sorted(name for name in aside - own if name):
        entry = locked.get(name)
        installed = next((d for d in facts.installed if d.name == name), None)
        direct = installed.direct_url if installed else None
        if entry is not None and entry.requirement and " @ " in entry.requirement:
            yield entry.requirement
        elif entry is not None and entry.origin and entry.origin.kind == "vcs" and entry.origin.url:
            url = entry.origin.url if "+" in entry.origin.url.split(":")[0] else f"git+{entry.origin.url}"
            yield f"{name} @ {url}" + (f"@{entry.origin.revision}" if entry.origin.revision else "")
        elif direct is not None and direct.kind == "path":
            yield f"{name} @ {direct.url}"
        elif direct is not None and direct.kind == "vcs":
            yield f"{name} @ git+{direct.url}" + (f"@{direct.revision}" if direct.revision else "")
        elif direct is not None:
            yield f"{name} @ {direct.url}"


def _environment_gaps(facts: Facts, today: Versions) -> Iterator[Gap]:
    """An environment that lacks its pins is said, and not tested as if it had them."""
    if facts.environment is None:
        return
    installed = {d.name: d.version for d in facts.installed}
    pinned = {p.name for p in facts.locked if p.name}
    wrong = sorted(
        n
        for n in differences(
            {k: v for k, v in installed.items() if k in today and v}, {k: v for k, v in today.items() if k in pinned}
        )
        if n in pinned
    )
    if wrong:
        yield Gap(
            subject="environment",
            stage="trials",
            reason="differs-from-lock",
            detail=f"the lock was tested, which the environment does not hold: {', '.join(wrong[:10])}"
            + (f" and {len(wrong) - 10} more" if len(wrong) > 10 else ""),
        )


def _interpreter(scene: Scene) -> str:
    """An interpreter to make environments with: the audited environment's own, this one, or the target's version."""
    environment = scene.facts.environment
    if environment is not None and not scene.settings.target:
        for name in ("bin/python", "Scripts/python.exe"):
            if (Path(environment.path) / name).exists():
                return str(Path(environment.path) / name)
        if Path(environment.path).is_file():
            return environment.path
    import sys

    ours = ".".join(map(str, sys.version_info[:2]))
    wanted = ".".join(scene.facts.target.python.split(".")[:2])
    return sys.executable if wanted == ours else wanted


def _installer(scene: Scene) -> Installer:
    pip = planning._pip(scene.facts, scene.settings)
    uv = find_uv(folder=None) if scene.request.plan.resolver != "pip-tools" else None
    if uv is None:
        return Pip(options=pip.options, variables=pip.variables)
    return Uv(command=uv.command, options=_uv_options(pip.options), variables=pip.variables, offline=scene.settings.offline)


def _uv_options(options: tuple[str, ...]) -> tuple[str, ...]:
    several = any(option in ("--extra-index-url", "--find-links") for option in options)
    renamed = tuple("--allow-insecure-host" if option == "--trusted-host" else option for option in options)
    return (*renamed, "--index-strategy", "unsafe-best-match") if several else renamed


def _trials(scene: Scene, lab: Lab, scratch: Path, tell: Callable[[str], None]) -> Trials:
    journal = Journal.open(scratch / "journal.jsonl")
    if scene.request.forget:
        journal.runs.clear()
    place = Place(
        folder=lab.copy.folder,
        scripts=lab.environment.scripts,
        scratch=lab.folder,
        root=scene.settings.root.resolve(),
        keep=scene.request.keep_variables,
    )
    return Trials(
        lab=lab,
        place=place,
        journal=journal,
        command=scene.command,
        python=f"{scene.facts.target.python} {scene.facts.target.platform}",
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
