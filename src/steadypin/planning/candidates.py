"""Where every package could go: today's pins as they hold together, and everything at once as far as the goal allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.version import Version

from steadypin.errors import Unsolvable
from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.comparison import PackageComparison
from steadypin.model.released import Release
from steadypin.model.resolution import Conflict, Question, Resolution
from steadypin.planning.bounds import at_least, exactly, higher, same
from steadypin.planning.clock import at_or_before, days_before
from steadypin.planning.goal import Goal, Level
from steadypin.planning.moves import Size, ceiling, is_calendar
from steadypin.planning.problem import Problem
from steadypin.planning.resolver import Resolver
from steadypin.text import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pins that the plan ends with. `refused` are cures that the resolver could not fit in, with its reasons."""

    resolution: Resolution
    question: Question
    refused: tuple[tuple[str, tuple[Conflict, ...]], ...] = ()


def resolve_base(problem: Problem, resolver: Resolver) -> Resolution:
    """Today's pins, moved only where the project's own requirements leave no choice, or where a release was yanked.

    They are preferred first. Where one moves although they all fit (a preference is only a preference), they are demanded.
    Raises Unsolvable with the conflict in the resolver's words.
    """
    pins = {name: _unyanked(problem.packages.get(name), version) for name, version in sorted(problem.preferred.items())}
    question = replace(problem.question, pins=tuple(pins.items()))
    preferring = resolver.resolve(replace(question, seen=True))
    complete = preferring.versions.keys() <= pins.keys()
    if preferring.from_seen and not (complete and _stays(pins, preferring)):
        preferring = resolver.resolve(question)  # pins that all stay are the right answer however old it is, others are not
    if not preferring.solved:
        raise unsolvable(preferring.conflicts)
    if _stays(pins, preferring):
        return preferring
    demanded = tuple(exactly(name, version) for name, version in pins.items())
    demanding = resolver.resolve(replace(problem.question, constraints=(*problem.question.constraints, *demanded)))
    return replace(preferring, packages=demanding.packages) if demanding.solved else preferring


def _stays(pins: Mapping[str, str], resolution: Resolution) -> bool:
    return resolution.solved and all(same(pins.get(name, version), version) for name, version in resolution.versions.items())


def unsolvable(conflicts: tuple[Conflict, ...]) -> Unsolvable:
    """The error of a project whose requirements contradict each other."""
    lines = [line for conflict in conflicts if (line := conflict_words(conflict))]
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


def resolve_target(problem: Problem, base: Mapping[str, str], goal: Goal, resolver: Resolver) -> Target:
    """Everything at once, as far as the goal and the project's own requirements allow, and nothing below where it stands."""
    cures = {name: cure for name in base if (cure := smallest_cure(problem.packages.get(name), base[name]))}
    if not any(goal.moves(name) for name in base):
        return _resolve_cures(problem, base, cures, goal, resolver)
    question = _target_question(problem, base, goal, {name: v for name, v in cures.items() if not goal.moves(name)})
    resolution = resolver.resolve(question)
    if not resolution.solved:  # a pin that is not on offer any more cannot be a lower bound
        question = replace(question, constraints=problem.question.constraints + tuple(_ceilings(problem, base, goal)))
        resolution = resolver.resolve(question)
    if not resolution.solved:
        raise unsolvable(resolution.conflicts)
    return Target(resolution=resolution, question=question)


def _resolve_cures(
    problem: Problem, base: Mapping[str, str], cures: Mapping[str, str], goal: Goal, resolver: Resolver
) -> Target:
    """Nothing but the cures. What does not fit is taken out: first what some package forbids, else half of what is left."""
    wanted = {name: v for name, v in cures.items() if name not in goal.exclude}
    refused: list[tuple[str, tuple[Conflict, ...]]] = []
    while True:
        question = _target_question(problem, base, goal, wanted)
        resolution = resolver.resolve(question)
        if resolution.solved:
            return Target(resolution=resolution, question=question, refused=tuple(sorted(refused)))
        if not wanted:
            raise unsolvable(resolution.conflicts)
        blocked = {conflict.name for conflict in resolution.conflicts if conflict.by not in ("", "index")}
        for name in sorted(blocked & wanted.keys()) or sorted(wanted)[: (len(wanted) + 1) // 2]:
            del wanted[name]
            refused.append((name, resolution.conflicts))


def _target_question(problem: Problem, base: Mapping[str, str], goal: Goal, cures: Mapping[str, str]) -> Question:
    """Names that are not meant to move keep their pin as long as they can; a cure takes the place of its package's pin."""
    free = tuple(sorted(name for name in base if goal.moves(name)))
    floor = (at_least(name, cures.get(name, base[name])) for name in sorted(base) if name not in goal.exclude)
    return replace(
        problem.question,
        pins=tuple(sorted({**base, **cures}.items())),
        upgrade=free,
        constraints=(*problem.question.constraints, *floor, *_ceilings(problem, base, goal)),
    )


def _ceilings(problem: Problem, base: Mapping[str, str], goal: Goal) -> Iterator[str]:
    for name in sorted(base):
        if name in goal.exclude:
            yield exactly(name, base[name])
            continue
        yield from (f"{name}{bound}" for bound in _bounds(problem.packages.get(name), name, base[name], goal))
    yield from (f"{name}>=0.dev0" for name in goal.prereleases)


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
    return max([version, *ripe], key=lambda text: parse.version(text) or Version("0"))


def is_ripe(release: Release, goal: Goal) -> bool:
    """Whether a release is older than the cooldown; one without a date is not."""
    return release.published is not None and at_or_before(release.published, days_before(goal.taken_at, goal.cooldown_days))


def smallest_cure(package: PackageComparison | None, version: str) -> str | None:
    """The smallest release on offer that none of the package's known flaws reaches; None where there is none to cure.

    Each flaw names the versions at which it is gone; the highest of their first ones is beyond all of them.
    """
    open_flaws = [match for match in (package.advisories if package else ()) if not _is_past(match, version)]
    if not open_flaws or package is None:
        return None
    firsts = [match.fixed_in[0] for match in open_flaws if match.fixed_in and parse.version(match.fixed_in[0])]
    if not firsts:
        return None
    least = max(firsts, key=Version)
    offered = [r.version for r in (package.project.releases if package.project else ()) if r.yanked is None]
    return next((text for text in offered if not higher(least, text)), least)


def _is_past(match: AdvisoryMatch, version: str) -> bool:
    """Whether a version is at or above the first that is free of a flaw."""
    return bool(match.fixed_in) and not higher(match.fixed_in[0], version)
