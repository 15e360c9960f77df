"""Before anything is tried: what stands today, what the plan wants, how it is tested, and with what environments are made."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.comparison.join import own_names
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.parse import normalise
from steadypin.model.plan import Plan
from steadypin.pipeline import planning
from steadypin.pipeline.environment import cache_dir
from steadypin.pipeline.moving import Mover
from steadypin.pipeline.older import older_tools
from steadypin.pipeline.progress import Tell
from steadypin.pipeline.testing import test_command
from steadypin.pipeline.trying import Limits
from steadypin.planning.candidates import resolve_base
from steadypin.planning.problem import Problem, pose
from steadypin.resolution.older import OlderTools
from steadypin.resolution.uv import find_uv, index_options, starts
from steadypin.trials.results import Versions, differences
from steadypin.trials.sandbox.installers import Pip, Uv
from steadypin.trials.sandbox.pythons import program_of
from steadypin.values import dataclass, field, replace


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
    copy: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    forget: bool = False
    sandbox: bool = False
    branch_per_stage: bool = False


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
    older: OlderTools
    gaps: list[Gap] = field(default_factory=list)


def prepare(facts: Facts, settings: Settings, request: UpgradeRequest, made: Plan | None, tell: Tell) -> Scene:
    """Plan where no plan was `made` of these facts, and find out what stands today and how it is tested."""
    asked = replace(request.plan, group_by="none") if request.all_at_once else request.plan
    plan = made or planning.plan(facts, settings, asked, tell=lambda what: tell(what and f"solving {what}", passing=True))
    if plan.question is None:
        raise UsageError("there is nothing to upgrade: the project requires nothing", hint="is this the project's folder?")
    pip = planning.pip_of(facts, settings)
    resolver = planning.resolver_of(facts, settings, request.plan, pip, tell=tell)
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    comparison = compare(facts, settings.policy, selection)
    goal = replace(planning.goal_of(facts, settings, request.plan, pip), taken_at=facts.taken_at)
    problem = pose(facts, comparison, goal)
    base = resolve_base(problem, goal, resolver).versions
    today = {name: problem.preferred.get(name, version) for name, version in base.items()}
    beside = {name: version for name, version in problem.standing.items() if name not in base}
    beside |= dict(_unknown_pins(facts))
    without = frozenset(map(normalise, request.without))
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
            others=tuple(sorted(other_lines(facts, problem.set_aside - without))),
            beside=beside,
            without=without,
        ),
        today=today,
        command=command,
        python=facts.target.python,
        older=older_tools(facts, settings, options=pip.options, variables=pip.variables, tell=tell),
    )
    scene.gaps += [*plan.gaps, *_environment_gaps(facts, today), *map(_left_out, sorted(without))]
    return scene


def leave_out(scene: Scene, names: Iterable[str], installed: Mapping[str, str | None]) -> None:
    """Try without these, which cannot be installed; what is installed from an index instead takes its place."""
    scene.mover.without |= frozenset(names)
    for name in names:
        version = installed.get(name)
        if version is not None:
            scene.mover.without -= {name}
            scene.mover.beside = {**scene.mover.beside, name: version}
            scene.today = {**scene.today, name: version} if name in scene.today else scene.today
        instead = (
            f"tried with {version}, which is installed" if version else "left out of every trial, as it is not installed either"
        )
        scene.gaps.append(
            Gap(
                subject=name,
                stage="trials",
                reason="not-installable",
                detail=f"cannot be installed any more; {instead}; it stays",
            )
        )
    elsewhere = frozenset(names)
    scene.mover.others = tuple(line for line in scene.mover.others if normalise(line.partition(" @ ")[0]) not in elsewhere)


def _left_out(name: str) -> Gap:
    return Gap(
        subject=name, stage="trials", reason="left-out", detail="not installed in any trial, as --without says; it stays"
    )


def _unknown_pins(facts: Facts) -> Iterator[tuple[str, str]]:
    """Pins that no index knows any more: they belong to what is tested all the same."""
    for package in facts.locked:
        if (
            package.name in facts.unknown
            and package.kind == "index"
            and package.version
            and facts.target.applies(package.marker)
        ):
            yield str(package.name), package.version


def other_lines(facts: Facts, aside: frozenset[str]) -> Iterator[str]:
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


def interpreter(scene: Scene) -> str:
    """An interpreter to make environments with: the audited environment's own, this one, or the target's version."""
    environment = scene.facts.environment
    if environment is not None and not scene.settings.target:
        for name in ("bin/python", "Scripts/python.exe"):
            if (Path(environment.path) / name).exists():
                return str(Path(environment.path) / name)
        if Path(environment.path).is_file():
            return environment.path
    ours = ".".join(map(str, sys.version_info[:2]))
    wanted = ".".join(scene.facts.target.python.split(".")[:2])
    return sys.executable if wanted == ours else program_of(wanted)


def installer(scene: Scene) -> Uv | Pip:
    pip = planning.pip_of(scene.facts, scene.settings)
    too_old = not starts(scene.facts.target.python)
    uv = find_uv(folder=None) if scene.request.plan.resolver != "pip-tools" and not too_old else None
    if uv is None and scene.settings.offline:
        raise UsageError(
            "--offline: environments are made from what was downloaded before by uv alone"
            + (f", which knows no Python {scene.facts.target.python}" if too_old else ""),
            hint="go online" if too_old else "install uv",
        )
    if uv is None:
        return Pip(cache=cache_dir(scene.settings), options=pip.options, variables=pip.variables)
    return Uv(
        command=uv.command,
        options=index_options(pip.options),
        variables=pip.variables,
        offline=scene.settings.offline,
        links=scene.older.links,
        mend=scene.older.mend,
    )
