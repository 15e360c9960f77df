"""Where every package could go: today's pins as they hold together, and everything at once as far as the goal allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from packaging.version import Version

from steadypin.errors import Unsolvable
from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.facts import Facts
from steadypin.model.released import Project, Release
from steadypin.model.resolution import Conflict, Question, Resolution, ResolvedPackage
from steadypin.model.target import Target as TargetMachine
from steadypin.planning.bounds import at_least, exactly, higher, same
from steadypin.planning.clock import at_or_before, days_before
from steadypin.planning.cures import Cured, fewest_moves, ladder, newcomer
from steadypin.planning.flaws import Flaws, worse
from steadypin.planning.goal import Goal, Level
from steadypin.planning.moves import Size, ceiling, is_calendar
from steadypin.planning.problem import Problem
from steadypin.planning.resolver import Resolver
from steadypin.text import printable
from steadypin.values import dataclass, replace

_NO_FLAWS = Flaws()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pins that the plan ends with. `refused` are cures that the resolver could not fit in, with its reasons."""

    resolution: Resolution
    question: Question
    refused: tuple[tuple[str, tuple[Conflict, ...]], ...] = ()


def resolve_base(problem: Problem, goal: Goal, resolver: Resolver, flaws: Flaws = _NO_FLAWS) -> Resolution:
    """Today's pins, moved only where the project's own requirements leave no choice, or where a release was yanked.

    They are preferred first. Where one moves although they all fit (a preference is only a preference), they are demanded.
    What is missing comes without known flaws and as the cooldown allows, or else as it can. Raises Unsolvable with the conflict
    in the resolver's words.
    """
    unripe = tuple(_unripe(problem, problem.preferred, goal))
    safe = tuple(_safe(problem, problem.preferred, flaws))
    for caps in dict.fromkeys(((*unripe, *safe), safe)):
        if not caps:
            continue
        capped = replace(problem, question=replace(problem.question, constraints=(*problem.question.constraints, *caps)))
        with suppress(Unsolvable):
            return _resolve_base(capped, resolver)
    return _resolve_base(problem, resolver)


def _safe(problem: Problem, standing: Mapping[str, str], flaws: Flaws) -> Iterator[str]:
    """What does not stand here yet comes in no release with a known flaw."""
    here = standing.keys() | problem.set_aside
    return (f"{name}!={version}" for name, version in sorted(flaws.rows) if name not in here)


def _resolve_base(problem: Problem, resolver: Resolver) -> Resolution:
    pins = {name: _unyanked(problem.packages.get(name), version) for name, version in sorted(problem.preferred.items())}
    question = replace(problem.question, pins=tuple(pins.items()))
    preferring = resolver.resolve(replace(question, seen=True))
    complete = preferring.versions.keys() <= pins.keys()
    if preferring.from_seen and not (complete and _stays(pins, preferring)):
        preferring = resolver.resolve(question)  # pins that all stay are the right answer however old it is, others are not
    if not preferring.solved:
        raise unsolvable(preferring.conflicts, problem)
    if _stays(pins, preferring):
        return preferring
    demanded = tuple(exactly(name, version) for name, version in pins.items())
    demanding = resolver.resolve(replace(problem.question, constraints=(*problem.question.constraints, *demanded)))
    return replace(preferring, packages=demanding.packages) if demanding.solved else preferring


def _stays(pins: Mapping[str, str], resolution: Resolution) -> bool:
    return resolution.solved and all(same(pins.get(name, version), version) for name, version in resolution.versions.items())


def unsolvable(conflicts: tuple[Conflict, ...], problem: Problem) -> Unsolvable:
    """The error of a project whose requirements contradict each other, with the places of its own."""
    placed = (replace(row, by=problem.place_of(row.name, row.requirement)) if row.by == "" else row for row in conflicts)
    lines = [line for conflict in placed if (line := conflict_words(conflict))]
    story = "; ".join(dict.fromkeys(lines[:8])) or (printable(conflicts[0].text) if conflicts else "")
    return Unsolvable(f"the project's requirements contradict each other: {story}", hint="loosen one of them, then plan again")


def conflict_words(conflict: Conflict) -> str:
    """One premise of a conflict as a clause."""
    if conflict.by == "index":
        return f"no index offers {conflict.requirement}"
    if not conflict.requirement:
        return ""
    return f"{conflict.by or 'the project'} requires {conflict.requirement}"


def _unyanked(package: PackageComparison | None, version: str) -> str:
    """The nearest release that stands for a yanked one: of the same minor series if there is one, else of the same major."""
    if package is None or package.project is None or package.release is None or package.release.yanked is None:
        return version
    have = parse.version(version)
    others = [(parse.version(r.version), r) for r in package.project.releases if r.yanked is None]
    above = [(known, r) for known, r in others if known and have and known > have and not known.is_prerelease]
    for length in (2, 1):
        near = [r.version for known, r in above if have and known.release[:length] == have.release[:length]]
        if near:
            return near[-1]
    return version


def resolve_cures(
    facts: Facts, problem: Problem, base: Resolution, goal: Goal, flaws: Flaws, resolver: Resolver
) -> Cured | None:
    """Today's pins with the fewest moves that leave the fewest flaws; None where there is nothing that could be cured.

    A level caps its package here too; a cooldown does not, for a known flaw is the greater risk. What comes new comes without
    known flaws, if it can.
    """
    pins, asked_by = base.versions, {package.name: package.via for package in base.packages}
    patient = replace(goal, cooldown_days=0)
    ladders = {}
    for name, version in sorted(pins.items()):
        if name in goal.exclude:
            continue
        package, project = problem.packages.get(name), problem.project(name)
        bounds = tuple(_bounds(package, name, version, patient))
        ladders[name] = ladder(
            name,
            version,
            tuple(
                r for r in _raisable(project, version, facts.target, goal) if all(parse.admits(bound, r) for bound in bounds)
            ),
            flaws,
            may_move=goal.touches(name),
            may_go=name not in problem.direct and "" not in asked_by[name],
            caps=(*(f"{name}{bound}" for bound in _bounds(package, name, version, goal)),),
            gentle=ceiling(version, Size.MINOR, calendar=is_calendar(version, project)) or "",
        )
    if not any(rungs[0].cure for rungs in ladders.values()):
        return None
    for name, versions in flaws.versions().items():
        if name not in pins and name not in problem.set_aside:
            ladders[name] = newcomer(name, versions)
    fixed = (exactly(name, pins[name]) for name in goal.exclude if name in pins)
    question = replace(problem.question, constraints=(*problem.question.constraints, *fixed, *_prereleases(goal)))
    return fewest_moves(question, ladders, resolver)


def _raisable(project: Project | None, version: str, target: TargetMachine, goal: Goal) -> Iterator[str]:
    """The releases above a version that the target can install, ascending."""
    if project is None:
        return
    before = parse.version(version)
    for release in project.releases:
        known = parse.version(release.version)
        if known is None or before is None or known <= before or release.yanked is not None:
            continue
        if known.is_prerelease and not before.is_prerelease and project.name not in goal.prereleases:
            continue
        usable = release.sdist or not release.wheels or any(target.accepts_wheel(f) is not False for f in release.wheels)
        if usable and target.accepts_python(release.requires_python):
            yield release.version


def resolve_target(
    problem: Problem, base: Resolution, cured: Cured | None, goal: Goal, flaws: Flaws, resolver: Resolver
) -> Target:
    """Everything at once, as far as the goal and the project's own requirements allow, and nothing below where it stands or
    where it is cured.
    """
    now = cured.resolution if cured else base
    refused = tuple(sorted(cured.refused.items())) if cured else ()
    question = _target_question(problem, base.versions, now.versions, goal, flaws)
    if not any(goal.moves(name) for name in now.versions):
        return Target(resolution=now, question=question, refused=refused)
    resolution = resolver.resolve(question)
    if not resolution.solved:  # a pin that is not on offer any more cannot be a lower bound
        ceilings = _ceilings(problem, now.versions, goal)
        question = replace(question, constraints=(*problem.question.constraints, *ceilings))
        resolution = resolver.resolve(question)
    if not resolution.solved:
        raise unsolvable(resolution.conflicts, problem)
    question, resolution = _released(problem, now.versions, question, resolution, goal, resolver)
    return Target(resolution=resolution, question=question, refused=refused)


def _released(
    problem: Problem, now: Mapping[str, str], question: Question, answer: Resolution, goal: Goal, resolver: Resolver
) -> tuple[Question, Resolution]:
    """The answer without pre-releases that nobody asked for. A resolver takes them as a last resort, to raise another package;
    here that package rather waits. First they may go to the newest final release, then nowhere.
    """
    for last in (False, True):
        strays = [
            name for name in sorted(now) if name not in goal.prereleases and _is_stray(now[name], answer.versions.get(name))
        ]
        if not strays:
            break
        newest = {name: problem.packages[name].latest for name in strays if name in problem.packages and not last}
        caps = (f"{name}<={found.version}" if (found := newest.get(name)) else exactly(name, now[name]) for name in strays)
        capped = replace(question, constraints=(*question.constraints, *caps))
        better = resolver.resolve(capped)
        if better.solved:
            question, answer = capped, better
    return question, answer


def _is_stray(before: str, after: str | None) -> bool:
    old, new = parse.version(before), parse.version(after or "")
    return old is not None and new is not None and new.is_prerelease and not old.is_prerelease


def _target_question(problem: Problem, base: Mapping[str, str], now: Mapping[str, str], goal: Goal, flaws: Flaws) -> Question:
    """Names that are not meant to move keep their pin as long as they can. What is cured does not come back, and nothing goes
    to a release with more flaws than it has.
    """
    free = tuple(sorted(name for name in now if goal.moves(name)))
    floor = (at_least(name, now[name]) for name in sorted(now) if name not in goal.exclude)
    gone = (f"{name}<0.dev0" for name in sorted(base.keys() - now.keys()) if flaws.ills(name, base[name]))
    return replace(
        problem.question,
        pins=tuple(sorted(now.items())),
        upgrade=free,
        constraints=(
            *problem.question.constraints,
            *floor,
            *gone,
            *_ceilings(problem, now, goal),
            *(text for name in sorted(now) for text in _worse(problem.project(name), now[name], flaws)),
            *_safe(problem, now, flaws),
        ),
    )


def _worse(project: Project | None, version: str, flaws: Flaws) -> Iterator[str]:
    if project is not None:
        above = (r.version for r in project.releases if higher(r.version, version))
        yield from worse(flaws, project.name, above, flaws.count(project.name, version))


def _ceilings(problem: Problem, base: Mapping[str, str], goal: Goal) -> Iterator[str]:
    for name in sorted(base):
        if name in goal.exclude:
            yield exactly(name, base[name])
            continue
        yield from (f"{name}{bound}" for bound in _bounds(problem.packages.get(name), name, base[name], goal))
    yield from _unripe(problem, base, goal)
    yield from _prereleases(goal)


def _unripe(problem: Problem, standing: Mapping[str, str], goal: Goal) -> Iterator[str]:
    """The cooldown of what does not stand here yet; a package without any release that is old enough does not come at all."""
    if goal.cooldown_days <= 0:
        return
    for name in sorted({*problem.packages, *problem.arrivals} - standing.keys() - problem.set_aside):
        project = problem.project(name)
        ripe = [r.version for r in project.releases if is_ripe(r, goal)] if project else []
        if project is not None and project.releases:
            yield f"{name}<={max(ripe, key=_order)}".partition("+")[0] if ripe else f"{name}<0.dev0"


def _order(text: str) -> Version:
    return parse.version(text) or Version("0")


def _prereleases(goal: Goal) -> Iterator[str]:
    return (f"{name}>=0.dev0" for name in goal.prereleases)


def _bounds(package: PackageComparison | None, name: str, version: str, goal: Goal) -> Iterator[str]:
    level = goal.level_of(name)
    if level in (Level.MINOR, Level.PATCH):
        calendar = is_calendar(version, package.project if package else None)
        bound = ceiling(version, Size.MINOR if level is Level.MINOR else Size.PATCH, calendar=calendar)
        yield from (bound,) if bound else ()
    if level is Level.WANTED and package is not None and package.wanted is not None:
        yield f"<={version if higher(version, package.wanted.version) else package.wanted.version}".partition("+")[0]
    if goal.cooldown_days > 0 and package is not None and package.project is not None and goal.moves(name):
        yield f"<={_ripe(package, version, goal)}".partition("+")[0]


def _ripe(package: PackageComparison, version: str, goal: Goal) -> str:
    """The highest release that has outlived the cooldown, or what stands here."""
    releases = package.project.releases if package.project else ()
    ripe = [r.version for r in releases if is_ripe(r, goal)]
    return max([version, *ripe], key=_order)


def is_ripe(release: Release, goal: Goal) -> bool:
    """Whether a release is older than the cooldown; one without a date is not."""
    return release.published is not None and at_or_before(release.published, days_before(goal.taken_at, goal.cooldown_days))


def are_ripe(lock: Iterable[ResolvedPackage], names: Iterable[str], projects: Iterable[Project], goal: Goal) -> bool:
    """Whether the pins of these names have outlived the cooldown. What no index knows is not asked of it."""
    wanted, offered = set(names), {project.name: project.releases for project in projects}
    pins = [package for package in lock if package.name in wanted and package.name in offered]
    return all(is_ripe(r, goal) for pin in pins for r in offered[pin.name] if parse.satisfies_pin(pin.version, r.version))
