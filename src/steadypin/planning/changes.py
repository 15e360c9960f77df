"""What happens to each package in a step, in words that a reviewer can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steadypin.model.plan import Change, Coupling
from steadypin.model.resolution import Resolution, ResolvedPackage
from steadypin.model.target import Target
from steadypin.planning.bounds import higher, same
from steadypin.planning.coupling import Need, Requirements, needs
from steadypin.planning.flaws import Flaws
from steadypin.planning.goal import Goal
from steadypin.planning.problem import Problem
from steadypin.planning.risk import Risk, assess
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What is known about the moves of the whole plan. `dependents` counts packages here that require a name."""

    problem: Problem
    goal: Goal
    flaws: Flaws
    coupled: tuple[Coupling, ...]
    requirements: Requirements
    dependents: Mapping[str, int]

    def risk(self, name: str, before: str, after: str) -> Risk:
        """The risk of one move."""
        return assess(
            name,
            before,
            after,
            package=self.problem.packages.get(name),
            direct=name in self.problem.direct,
            dependents=self.dependents.get(name, 0),
            uses=self.goal.uses,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """One step: the names that move, those of them that go, and those it is about, and what the moves need of each other."""

    moved: frozenset[str]
    gone: frozenset[str]
    chosen: frozenset[str]
    needs: tuple[Need, ...]


def changes_of(
    before: Mapping[str, str], lock: tuple[ResolvedPackage, ...], chosen: frozenset[str], teller: Teller
) -> tuple[Change, ...]:
    """Every difference between pins and a lock, by name. `chosen` are the names that the step is about."""
    after = {package.name: package for package in lock}
    versions = {package.name: package.version for package in lock}
    moved = sorted(name for name in {*before, *after} if not same(before.get(name), versions.get(name)))
    gone = frozenset(before.keys() - versions.keys())
    scene = _Scene(moved=frozenset(moved), gone=gone, chosen=chosen, needs=needs(before, versions, teller.requirements))
    return tuple(_change(name, before.get(name), after.get(name), scene, teller) for name in moved)


def _change(name: str, before: str | None, package: ResolvedPackage | None, scene: _Scene, teller: Teller) -> Change:
    after = package.version if package else None
    mates = next((c.members for c in teller.coupled if name in c.members), ())
    return Change(
        name=name,
        before=before,
        after=after,
        kind=_kind(before, after),
        direct=name in teller.problem.direct,
        coupled_with=tuple(mate for mate in mates if mate != name and mate in scene.moved),
        why="; ".join(_clauses(name, before, package, scene, teller)),
        cures=tuple(_cures(name, before, after, teller.flaws)),
        flaws=teller.flaws.named(name, after),
    )


def _kind(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return "add" if before is None else "remove"
    return "upgrade" if higher(after, before) else "downgrade"


def _clauses(name: str, before: str | None, package: ResolvedPackage | None, scene: _Scene, teller: Teller) -> Iterator[str]:
    if package is None:
        yield "nobody requires it any more"
        return
    if before is None:
        yield f"required by {_list(package.via)}"
        return
    yield ", ".join(teller.risk(name, before, package.version).reasons)
    ties = [need.because for need in scene.needs if name in (need.name, need.other)]
    if ties:
        yield min(ties)
    elif lost := sorted(_lost(name, before, scene, teller)):
        yield f"no longer requires {_list(tuple(lost))}"
    elif name not in scene.chosen:
        yield f"moves along, required by {_list(package.via)}"


def _lost(name: str, before: str, scene: _Scene, teller: Teller) -> Iterator[str]:
    """What a step is about and its package required, and nobody requires any more."""
    return (row.name for row in teller.requirements.get((name, before), ()) if row.name in scene.chosen & scene.gone)


def _list(names: tuple[str, ...]) -> str:
    shown = [name or "the project" for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if shown else "another change"


def _cures(name: str, before: str | None, after: str | None, flaws: Flaws) -> Iterator[str]:
    """Ids of the flaws that reach the version before and not the version after."""
    left = flaws.named(name, after)
    return (known for known in flaws.ills(name, before) if known not in left)


def repair_reason(change: Change, base: Resolution, problem: Problem, target: Target) -> str:
    """Why something has to move before any upgrade."""
    if change.before is None:
        asked = next((package.via for package in base.packages if package.name == change.name), ())
        return f"required by {_list(asked)}, and neither locked nor installed"
    package = problem.packages.get(change.name)
    release = package.release if package else None
    if release is not None and release.yanked is not None:
        return f"the release was yanked: {release.yanked or 'no reason given'}"
    if problem.preferred.get(change.name) == change.after:
        return "the lock says so; another version is installed"
    if release is not None and not target.accepts_python(release.requires_python):
        return f"{change.before} needs Python {release.requires_python}, here is {target.python}"
    refusing = [d for d in (package.demands if package else ()) if d.refuses(change.before)]
    words = "; ".join(f"{demand.by} requires {demand.requirement}" for demand in refusing[:2])
    return words or "what is required here does not allow what stands here"
