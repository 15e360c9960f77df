"""What happens to each package in a step, in words that a reviewer can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steadypin.model.plan import Change, Coupling
from steadypin.model.resolution import Resolution, ResolvedPackage
from steadypin.model.target import Target
from steadypin.planning.bounds import higher
from steadypin.planning.coupling import Need
from steadypin.planning.goal import Goal
from steadypin.planning.problem import Problem
from steadypin.planning.risk import Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What is known about the moves of the whole plan."""

    problem: Problem
    goal: Goal
    coupled: tuple[Coupling, ...]
    risks: Mapping[str, Risk]
    needs: tuple[Need, ...]


def changes_of(
    before: Mapping[str, str], lock: tuple[ResolvedPackage, ...], chosen: frozenset[str], teller: Teller, *, reason: str = ""
) -> tuple[Change, ...]:
    """Every difference between pins and a lock, by name. `chosen` are the names that the step is about."""
    after = {package.name: package for package in lock}
    names = sorted(name for name in {*before, *after} if before.get(name) != (after[name].version if name in after else None))
    moved = frozenset(names)
    return tuple(_change(name, before.get(name), after.get(name), moved, chosen, teller, reason) for name in names)


def _change(
    name: str,
    before: str | None,
    package: ResolvedPackage | None,
    moved: frozenset[str],
    chosen: frozenset[str],
    teller: Teller,
    reason: str,
) -> Change:
    after = package.version if package else None
    mates = next((c.members for c in teller.coupled if name in c.members), ())
    clauses = [*_clauses(name, package, chosen, moved, teller, before), *([reason] if reason and name in chosen else [])]
    return Change(
        name=name,
        before=before,
        after=after,
        kind=_kind(before, after),
        direct=name in teller.problem.direct,
        coupled_with=tuple(mate for mate in mates if mate != name and mate in moved),
        why="; ".join(clauses),
        cures=tuple(_cures(name, before, after, teller.problem)),
        links=teller.goal.links.get(name, ()),
    )


def _kind(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return "add" if before is None else "remove"
    return "upgrade" if higher(after, before) else "downgrade"


def _clauses(
    name: str,
    package: ResolvedPackage | None,
    chosen: frozenset[str],
    moved: frozenset[str],
    teller: Teller,
    before: str | None,
) -> Iterator[str]:
    if package is None:
        yield "nobody requires it any more"
        return
    if before is None:
        yield f"required by {_list(package.via)}"
        return
    ties = [need.because for need in teller.needs if need.name == name and need.other in moved]
    ties += [need.because for need in teller.needs if need.other == name and need.name in moved]
    risk = teller.risks.get(name)
    if risk is not None:
        yield ", ".join(risk.reasons)
    if ties:
        yield min(ties)
    elif name not in chosen:
        yield f"moves along, required by {_list(package.via)}"


def _list(names: tuple[str, ...]) -> str:
    shown = [name or "the project" for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if shown else "another change"


def _cures(name: str, before: str | None, after: str | None, problem: Problem) -> Iterator[str]:
    """Ids of the flaws that reach the version before and not the version after."""
    package = problem.packages.get(name)
    for match in package.advisories if package and before and after else ():
        if match.fixed_in and before and after and not higher(match.fixed_in[0], after) and higher(match.fixed_in[0], before):
            yield match.primary


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
