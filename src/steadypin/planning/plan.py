"""From facts to a plan: base, target, needs, risks, stages, holds. Pure but for the resolver that is handed in."""

from __future__ import annotations

from collections.abc import Callable

from steadypin.codec import digest
from steadypin.model.comparison import Comparison
from steadypin.model.facts import Facts
from steadypin.model.plan import Change, Plan, PlanStats, Stage
from steadypin.model.resolution import Question, Resolution, ResolvedPackage
from steadypin.planning.candidates import resolve_base, resolve_cures, resolve_target
from steadypin.planning.changes import Teller, changes_of, repair_reason
from steadypin.planning.coupling import Need, couplings, known_requirements, needs
from steadypin.planning.cures import Cured
from steadypin.planning.flaws import flaws_of
from steadypin.planning.goal import Goal, Grouping
from steadypin.planning.holds import Scene, find_holds
from steadypin.planning.problem import Problem, pose
from steadypin.planning.resolver import Resolver
from steadypin.planning.risk import level
from steadypin.planning.solving import Step, solve_drafts
from steadypin.planning.stages import SECURITY, Draft, draft_stages
from steadypin.values import dataclass, replace


@dataclass(slots=True)
class Counted:
    """A resolver that counts what it is asked."""

    resolver: Resolver
    runs: int = 0

    @property
    def name(self) -> str:
        return self.resolver.name

    def resolve(self, question: Question) -> Resolution:
        self.runs += 1
        return self.resolver.resolve(question)


def make_plan(
    facts: Facts,
    comparison: Comparison,
    resolver: Resolver,
    goal: Goal,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Plan:
    """The plan. Equal facts and equal answers of the resolver give equal plans.

    Raises Unsolvable where the project's own requirements contradict each other, ResolverError where the resolver fails.
    `tell` hears what is being solved.
    """
    goal = replace(goal, taken_at=facts.taken_at)
    ask = Counted(resolver)
    problem = pose(facts, comparison, goal)
    if not problem.question.requirements:
        return _plan(facts, problem, ask)
    tell("today's pins")
    flaws = flaws_of(facts)
    base = resolve_base(problem, goal, ask, flaws)
    tell("security fixes")
    cured = resolve_cures(facts, problem, base, goal, flaws, ask)
    tell("everything at once")
    target = resolve_target(problem, base, cured, goal, flaws, ask)
    answers = (base, *((cured.resolution,) if cured else ()), target.resolution)
    requirements = known_requirements(problem.packages, answers)
    known_needs = needs(base.versions, target.resolution.versions, requirements)
    coupled = couplings(known_needs)
    askers = {package.name: sum(1 for name in package.via if name) for package in base.packages}
    teller = Teller(problem=problem, goal=goal, flaws=flaws, coupled=coupled, requirements=requirements, dependents=askers)
    steps = _steps(problem, base, cured, target.resolution, known_needs, goal, ask, tell, teller)
    requirements = known_requirements(problem.packages, (*answers, *(_seen(step, ask.name) for step in steps)))
    teller = replace(teller, requirements=requirements)
    tell("what stays behind")
    scene = Scene(problem=problem, facts=facts, goal=goal, flaws=flaws, target=target, requirements=requirements)
    holds = find_holds(scene, ask)
    plan = _plan(facts, problem, ask)
    return replace(
        plan,
        stages=_stages(facts, problem, base, steps, teller),
        holds=holds,
        couplings=coupled,
        stats=PlanStats(resolver_runs=ask.runs),
    )


def _plan(facts: Facts, problem: Problem, ask: Counted) -> Plan:
    return Plan(
        facts_digest=digest(replace(facts, taken_at="")),
        target=f"python={facts.target.python},platform={facts.target.platform}",
        base=tuple(sorted(problem.standing.items())),
        gaps=tuple(sorted({*facts.gaps, *problem.gaps})),
        basis=basis_digest(facts),
        question=problem.question,
        resolver=ask.name,
        stats=PlanStats(resolver_runs=ask.runs),
    )


def basis_digest(facts: Facts) -> str:
    """What a plan rests on here: declarations, locks, what is installed and the target, and no index's answers."""
    installed = sorted((d.name, d.version or "") for d in facts.installed)
    target = (facts.target.python, facts.target.platform)
    return digest((target, facts.declared, facts.locked, tuple(installed)))


def _seen(step: Step, resolver: str) -> Resolution:
    return Resolution(resolver=resolver, packages=step.lock, requires=step.requires)


def _steps(
    problem: Problem,
    base: Resolution,
    cured: Cured | None,
    target: Resolution,
    known_needs: tuple[Need, ...],
    goal: Goal,
    ask: Resolver,
    tell: Callable[[str], None],
    teller: Teller,
) -> list[Step]:
    """The security stage, where anything is cured, then the others by risk."""
    now, final = base.versions, target.versions
    steps = []
    if cured and cured.resolution.versions != now and goal.grouping is Grouping.RISK and goal.max_stages > 1:
        names = frozenset(name for name, version in now.items() if teller.flaws.ills(name, version))
        draft = Draft(kinds=(SECURITY,), names=names, points=0, forced=True)
        steps.append(Step(draft=draft, before=now, lock=cured.resolution.packages, requires=cured.resolution.requires))
        now = steps[0].after
    left = {
        name: teller.risk(name, now[name], final[name])
        for name in sorted(now.keys() & final.keys())
        if now[name] != final[name]
    }
    drafts = draft_stages(
        left, known_needs, tools=_tools(problem, base, target), grouping=goal.grouping, max_stages=goal.max_stages - len(steps)
    )
    return steps + solve_drafts(problem.question, now, target, drafts, ask, tell=tell)


def _tools(problem: Problem, base: Resolution, target: Resolution) -> frozenset[str]:
    """Declared tools, and what only they bring, today as well as in the end."""
    asked_by: dict[str, set[str]] = {}
    for package in (*base.packages, *target.packages):
        asked_by.setdefault(package.name, set()).update(package.via)
    tools = set(problem.tools)
    while True:
        more = {
            name
            for name, via in asked_by.items()
            if name not in tools and name not in problem.direct and via and all(asker in tools for asker in via)
        }
        if not more:
            return frozenset(tools)
        tools |= more


def _stages(facts: Facts, problem: Problem, base: Resolution, steps: list[Step], teller: Teller) -> tuple[Stage, ...]:
    """Stage 0 repairs what stands here; the others follow."""
    before = {name: version for name, version in problem.standing.items() if name in base.versions}
    repairs = changes_of(before, base.packages, frozenset(), teller)
    repaired = tuple(replace(change, why=repair_reason(change, base, problem, facts.target)) for change in repairs)
    title = "missing pins" if all(change.kind == "add" for change in repaired) else "repairs"
    stages = [_stage(0, title, "low", repaired, base.packages)] if repaired else []
    for number, step in enumerate(steps, 1):
        changes = changes_of(step.before, step.lock, step.draft.names, teller)
        stages.append(_stage(number, step.draft.title, _risk(changes, teller), changes, step.lock))
    return tuple(stages)


def _stage(number: int, title: str, risk: str, changes: tuple[Change, ...], lock: tuple[ResolvedPackage, ...]) -> Stage:
    pins = tuple((package.name, package.version, package.hashes) for package in lock)
    return Stage(number=number, title=title, risk=risk, changes=changes, lock=lock, lock_digest=digest(pins))


def _risk(changes: tuple[Change, ...], teller: Teller) -> str:
    """That of the riskiest change."""
    moves = [(change.name, change.before, change.after) for change in changes]
    return level(max((teller.risk(name, old, new).points for name, old, new in moves if old and new), default=0))
