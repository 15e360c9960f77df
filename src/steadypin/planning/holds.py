"""Why a package does not reach the newest release there is, and what would free it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil, log2

from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.facts import Facts
from steadypin.model.plan import Hold, Reason
from steadypin.model.released import Release
from steadypin.model.resolution import Conflict, ResolvedPackage
from steadypin.planning.bounds import exactly, higher
from steadypin.planning.candidates import Target, is_ripe
from steadypin.planning.clock import days_after
from steadypin.planning.coupling import Requirements
from steadypin.planning.flaws import Flaws
from steadypin.planning.goal import Goal, Level
from steadypin.planning.problem import Problem, is_demand, place
from steadypin.planning.resolver import Resolver
from steadypin.text import printable
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What holds are judged from: the last pins, and what every version is known to require."""

    problem: Problem
    facts: Facts
    goal: Goal
    flaws: Flaws
    target: Target
    requirements: Requirements

    @property
    def final(self) -> dict[str, str]:
        return self.target.resolution.versions


def find_holds(scene: Scene, resolver: Resolver) -> tuple[Hold, ...]:
    """A hold for every package that ends below the newest release, each with at least one reason, by name.

    What the facts do not explain is tried: the resolver is asked to take the newest release, and its refusal is the reason.
    That is asked at most about log2 of their number times.
    """
    refused = dict(scene.target.refused)
    reasons: dict[str, list[Reason]] = {}
    for name in sorted(scene.final):
        if _behind(scene, name):
            said = refused.get(name, ())
            known = [*_known_reasons(scene, name), *_incurable(scene, name), *_bad_company(scene, said)]
            reasons[name] = known + list(
                _refusals([row for row in said if row.name == name] if known else said, known=bool(known))
            )
    unexplained = [name for name, found in reasons.items() if not found]
    for name, found in _forced(scene, unexplained, resolver).items():
        reasons[name] = found
    return tuple(
        _hold(scene, name, tuple(_with_root(reason, name, reasons) for reason in dict.fromkeys(found)))
        for name, found in sorted(reasons.items())
    )


def _with_root(reason: Reason, name: str, reasons: Mapping[str, list[Reason]]) -> Reason:
    """A requirement of, or for, a package that is held itself says what holds that one in the end."""
    first = holder = _other(reason, name)
    seen, last = {name}, reason
    while reasons.get(holder) and holder not in seen:
        seen.add(holder)
        last = reasons[holder][0]
        holder = _other(last, holder)
    if last is reason or reason.kind != "requirement":
        return reason
    return replace(reason, release=f"{reason.release}; {first} is held itself: {last.release}")


def _other(reason: Reason, name: str) -> str:
    """Who else takes part in a reason that holds a name: the one that requires something of it, or that it requires."""
    by, required = (re.split(r"[ <>=!~\[]", text, maxsplit=1)[0] for text in (reason.by, reason.requirement))
    return required if by == name else by


def _behind(scene: Scene, name: str) -> bool:
    package = scene.problem.packages.get(name)
    if package is None:
        return False
    if scene.goal.level_of(name) is Level.SECURITY:
        return bool(scene.flaws.at(name, scene.final[name]))
    ahead = _ahead(package, scene.final[name])
    return ahead is not None and higher(ahead.version, scene.final[name])


def _ahead(package: PackageComparison, here: str) -> Release | None:
    """The newest release; one that was yanked where no other is above."""
    newest = _newest(package)
    if newest is not None and higher(newest.version, here):
        return newest
    last = package.project.releases[-1] if package.project and package.project.releases else None
    known = parse.version(last.version) if last else None
    withdrawn = last is not None and last.yanked is not None and known is not None and not known.is_prerelease
    return last if withdrawn else newest


def _newest(package: PackageComparison) -> Release | None:
    return package.newest or package.latest


def _hold(scene: Scene, name: str, because: tuple[Reason, ...]) -> Hold:
    package = scene.problem.packages.get(name)
    newest = _ahead(package, scene.final[name]) if package else None
    at = scene.final.get(name)
    return Hold(name=name, at=at, latest=newest.version if newest else None, because=because, flaws=scene.flaws.named(name, at))


def _known_reasons(scene: Scene, name: str) -> Iterator[Reason]:
    """What the facts, the goal and the requirements of the other last pins say, in the order in which one would fix them."""
    package = scene.problem.packages[name]
    goal, here = scene.goal, scene.final[name]
    newest = _ahead(package, here)
    if newest is None:
        return
    if newest.yanked is not None:
        wait = f"when a release after {newest.version} is not withdrawn"
        yield Reason(
            kind="yanked", by=printable(newest.yanked) or "the index", requirement=f"{name}=={newest.version}", release=wait
        )
        return
    yield from _interpreter_reasons(package, newest, scene)
    reachable = package.latest or newest
    if not higher(reachable.version, here):
        return
    yield from _policy_reasons(name, goal)
    if goal.cooldown_days > 0 and not is_ripe(reachable, goal):
        until = days_after(reachable.published, goal.cooldown_days) if reachable.published else None
        yield Reason(kind="cooldown", by=goal.cooldown, until=until, release=f"wait until {until}" if until else "")
    yield from _danger_reasons(scene, name, reachable.version)
    yield from _machine_reasons(name, reachable.version, goal)
    yield from _declared_reasons(package, reachable.version)
    yield from _demanded_reasons(scene, name, reachable.version)


def _interpreter_reasons(package: PackageComparison, newest: Release, scene: Scene) -> Iterator[Reason]:
    target = scene.facts.target
    if not target.accepts_python(newest.requires_python):
        yield Reason(
            kind="python",
            by=f"Python {target.python}",
            requirement=newest.requires_python or "",
            release=f"run on Python {newest.requires_python}",
        )
    elif package.latest is not None and package.latest.version != newest.version:
        yield Reason(
            kind="no-wheel", by=target.platform, release=f"a wheel of {newest.version} for {target.platform}, or an sdist"
        )


def _policy_reasons(name: str, goal: Goal) -> Iterator[Reason]:
    if name in goal.exclude:
        yield Reason(kind="policy", by=f"--exclude {name}", release=f"plan without --exclude {name}")
    elif goal.only and name not in goal.only:
        yield Reason(kind="policy", by="--only", release=f"add --only {name}")
    level = goal.level_of(name)
    if level not in (Level.LATEST, Level.SECURITY):
        yield Reason(kind="policy", by=f"--to {level.value}", release="plan with --to latest")


def _danger_reasons(scene: Scene, name: str, version: str) -> Iterator[Reason]:
    """A newer release with flaws that the last pin does not have."""
    ids = scene.flaws.new_at(name, version, than=scene.final[name])
    if ids:
        yield Reason(kind="policy", by=ids[0], release=f"when a release after {version} is free of {', '.join(ids[:3])}")


def _machine_reasons(name: str, version: str, goal: Goal) -> Iterator[Reason]:
    """Constraints that are not the project's: those of pip's configuration here."""
    for text in goal.constraints:
        parsed = parse.requirement(text)
        if parsed is not None and parse.normalise(parsed.name) == name and not parse.admits(str(parsed.specifier), version):
            by = goal.constraints_from or "a constraint"
            yield Reason(kind="policy", by=by, requirement=text, release=f"lift {text} in {by}")


def _declared_reasons(package: PackageComparison, version: str) -> Iterator[Reason]:
    """The project's own caps, with their place."""
    for item in package.declared:
        parsed = parse.requirement(item.requirement)
        if parsed is None or not is_demand(item, package) or parse.admits(str(parsed.specifier), version):
            continue
        cap = ",".join(sorted(str(one) for one in parsed.specifier if not one.contains(version, prereleases=True)))
        yield Reason(
            kind="requirement",
            by=place(item),
            requirement=f"{package.name}{parsed.specifier}",
            release=f"drop the {cap} in {place(item)}",
        )


def _demanded_reasons(scene: Scene, name: str, version: str) -> Iterator[Reason]:
    """Requirements of the other last pins, with the chain that leads to each from a package that the project declares."""
    for package in scene.target.resolution.packages:
        for row in scene.requirements.get((package.name, package.version), ()):
            if row.name == name and not parse.admits(row.specifier, version):
                chain = _chain(scene, package.name)
                via = f" (here through {' → '.join(chain)})" if len(chain) > 1 else ""
                yield Reason(
                    kind="requirement",
                    by=f"{package.name} {package.version}",
                    requirement=f"{name}{row.specifier}",
                    release=f"when a release of {package.name} allows {name} {version}{via}",
                )


def _chain(scene: Scene, name: str) -> list[str]:
    """Names from a declared package down to `name`, the shortest such way."""
    asked_by = {package.name: package.via for package in scene.target.resolution.packages}
    paths, seen = [[name]], {name}
    while paths:
        path = paths.pop(0)
        if path[0] in scene.problem.direct or "" in asked_by.get(path[0], ()):
            return path
        for asker in asked_by.get(path[0], ()):
            if asker and asker not in seen:
                seen.add(asker)
                paths.append([asker, *path])
    return [name]


def _refusals(conflicts: Iterable[Conflict], *, known: bool = False) -> Iterator[Reason]:
    """A resolver's premises as reasons; the project's own bounds of the question are left out where a package is named or other
    reasons are `known`, and so are requirements that any version meets.
    """
    rows = [row for row in dict.fromkeys(conflicts) if re.sub(r"\[.*\]$", "", row.requirement) != row.name]
    named = [row for row in rows if row.by not in ("", "index") and row.requirement]
    for row in (named or ([] if known else rows))[:6]:
        kind = "python" if row.name == "Python" else "requirement" if row.by not in ("", "index") else "unsolvable"
        by = {"": "the project", "index": "no index offers it"}.get(row.by, row.by.replace("==", " "))
        who = re.split(r"[ <>=!~\[]", by, maxsplit=1)[0]
        release = "when that requirement is loosened" if kind == "unsolvable" else f"when a release of {who} requires otherwise"
        yield Reason(kind=kind, by=by, requirement=row.requirement, release=release)


def _bad_company(scene: Scene, conflicts: Iterable[Conflict]) -> Iterator[Reason]:
    """What a refused cure would bring, and what has flaws of its own in every release that fits."""
    for name in sorted({row.name for row in conflicts if row.by == "index"} & scene.flaws.new - scene.final.keys()):
        ids = sorted({known for version in scene.flaws.versions()[name] for known in scene.flaws.named(name, version)})
        wait = f"its cure brings {name}; when that has a release without {', '.join(ids[:3])}"
        yield Reason(kind="policy", by=ids[0], requirement=name, release=wait)


def _incurable(scene: Scene, name: str) -> Iterator[Reason]:
    """The flaws that no release on offer is without, where that is why a package stays."""
    package = scene.problem.packages[name]
    if scene.goal.level_of(name) is not Level.SECURITY or package.project is None:
        return
    left = scene.flaws.at(name, scene.final[name])
    above = [r.version for r in package.project.releases if higher(r.version, scene.final[name]) and r.yanked is None]
    lasting = [flaw.primary for flaw in left if all(flaw in scene.flaws.at(name, version) for version in above)]
    if lasting:
        yield Reason(
            kind="unsolvable",
            by=", ".join(lasting),
            release="no release cures it: remove the package, or except the advisory with a reason and a date",
        )


def _forced(scene: Scene, names: list[str], resolver: Resolver) -> dict[str, list[Reason]]:
    """Reasons for what the facts do not explain, from the resolver's refusals, within the bound on its runs."""
    budget = 2 + ceil(1.5 * log2(1 + len(names))) if names else 0
    found: dict[str, list[Reason]] = {}
    for name in names[:budget]:
        found[name] = list(_force(scene, name, resolver))
    for name in names[budget:]:
        asked = [f"{by}" for by in _asker_names(scene, name)]
        by = ", ".join(asked) or "the resolver"
        found[name] = [
            Reason(kind="unsolvable", by=by, release="the resolver's best set of everything together has no newer one")
        ]
    return found


def _asker_names(scene: Scene, name: str) -> list[str]:
    packages = {package.name: package for package in scene.target.resolution.packages}
    return [asker for asker in packages[name].via if asker] if name in packages else []


def _force(scene: Scene, name: str, resolver: Resolver) -> Iterator[Reason]:
    """Ask for the newest release of one package, with everything else as free as the target question left it."""
    package = scene.problem.packages[name]
    reachable = package.latest or _newest(package)
    if reachable is None:
        return
    own = f"{name}>=", f"{name}=="
    others = tuple(text for text in scene.target.question.constraints if not text.startswith(own))
    question = replace(scene.target.question, constraints=(*others, exactly(name, reachable.version)))
    resolution = resolver.resolve(question)
    if not resolution.solved:
        cooling = list(_cooling(scene, resolution.conflicts))
        yield from cooling or _refusals(resolution.conflicts)
        return
    lower = sorted(_lower(resolution.packages, scene.final))
    shown = ", ".join(f"{other} {version}" for other, version in lower[:3])
    yield Reason(
        kind="unsolvable",
        by=", ".join(f"{other} {scene.final[other]}" for other, _ in lower[:3]) or "the resolver",
        release=f"possible at the price of {shown}" if lower else "the resolver prefers the older one",
    )


def _cooling(scene: Scene, conflicts: Iterable[Conflict]) -> Iterator[Reason]:
    """Requirements that only releases meet which are younger than the cooldown."""
    goal = scene.goal
    for row in conflicts if goal.cooldown_days > 0 else ():
        project, asked = scene.problem.project(row.name), parse.requirement(row.requirement)
        if project is None or asked is None or row.by in ("", "index"):
            continue
        meeting = [r for r in project.releases if r.yanked is None and parse.admits(str(asked.specifier), r.version)]
        if meeting and not any(is_ripe(release, goal) for release in meeting):
            until = min((days_after(r.published, goal.cooldown_days) for r in meeting if r.published), default=None)
            wait = f"wait until {until}: " if until else ""
            release = f"{wait}{row.by.replace('==', ' ')} requires {row.requirement}, which is too young"
            yield Reason(kind="cooldown", by=goal.cooldown, requirement=row.requirement, until=until, release=release)


def _lower(packages: Iterable[ResolvedPackage], final: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for package in packages:
        have, last = parse.version(package.version), parse.version(final.get(package.name, ""))
        if have is not None and last is not None and have < last:
            yield package.name, package.version
