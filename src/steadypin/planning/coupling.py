"""Which moves need which other moves, and which packages can therefore only move together.

Moving X needs Y to move where the new X requires a newer Y than stands here, or where the Y that stands here forbids the new X.
Names that need each other in a circle are coupled. What versions require is taken from what the resolver and the installed
metadata say; where both are silent no need is known, and the resolver finds it when the stage is solved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from packaging.version import Version

from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.plan import Coupling
from steadypin.model.resolution import Required, Resolution
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """To move `name`, `other` must have moved or move with it; `because` is the requirement in words."""

    name: str
    other: str
    because: str


Requirements = Mapping[tuple[str, str], tuple[Required, ...]]
"""What a version of a package requires, by (name, version text as the pins write it)."""


def known_requirements(packages: Mapping[str, PackageComparison], resolutions: Iterable[Resolution]) -> Requirements:
    """Everything that is known, from the installed metadata first and then from what the resolver said."""
    found: dict[tuple[str, str], set[Required]] = {}
    for row in (*_installed(packages), *(row for resolution in resolutions for row in resolution.requires)):
        found.setdefault((row.by, row.version), set()).add(replace(row, specifier=ordered(row.specifier)))
    return {key: tuple(sorted(rows)) for key, rows in found.items()}


def _installed(packages: Mapping[str, PackageComparison]) -> Iterator[Required]:
    for package in packages.values():
        for demand in package.demands:
            parsed = parse.requirement(demand.requirement)
            asker = packages.get(demand.by)
            if demand.declared is None and parsed is not None and asker is not None and asker.installed:
                version = asker.installed[0].version or ""
                yield Required(by=demand.by, version=version, name=package.name, specifier=str(parsed.specifier))


@lru_cache(maxsize=16384)
def ordered(specifier: str) -> str:
    """The specifier with its parts from the lowest version to the highest, so that equal ones are equal texts."""
    parsed = parse.specifiers(specifier)
    if parsed is None:
        return specifier
    parts = sorted(
        parsed, key=lambda one: (parse.version(one.version.removesuffix(".*")) or Version("0"), one.operator != ">=")
    )
    return ",".join(str(part) for part in parts)


def needs(before: Mapping[str, str], after: Mapping[str, str], requirements: Requirements) -> tuple[Need, ...]:
    """Every known need between the names that move from `before` to `after`, sorted."""
    moving = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    return tuple(sorted(_needs(moving, before, after, requirements), key=lambda need: (need.name, need.other, need.because)))


def _needs(
    moving: list[str], before: Mapping[str, str], after: Mapping[str, str], requirements: Requirements
) -> Iterator[Need]:
    moves = frozenset(moving)
    for name in moving:
        for row in requirements.get((name, after[name]), ()):
            if row.name in moves and not parse.admits(row.specifier, before[row.name]):
                yield Need(name=name, other=row.name, because=_words(name, after[name], row))
        for row in requirements.get((name, before[name]), ()):
            if row.name in moves and not parse.admits(row.specifier, after[row.name]):
                yield Need(name=row.name, other=name, because=_words(name, before[name], row))


def _words(name: str, version: str, row: Required) -> str:
    return f"{name} {version} requires {row.name}{row.specifier}"


def couplings(needs_known: Iterable[Need]) -> tuple[Coupling, ...]:
    """The sets that only move together, with the requirements inside them that tie them."""
    all_needs = tuple(needs_known)
    edges = graph(all_needs)
    found = []
    for members in components(edges):
        if len(members) > 1:
            inside = {n.because for n in all_needs if n.name in members and n.other in members}
            found.append(Coupling(members=tuple(sorted(members)), because=tuple(sorted(inside))))
    return tuple(sorted(found, key=lambda coupling: coupling.members))


def graph(needs_known: Iterable[Need]) -> dict[str, set[str]]:
    """What each name needs."""
    edges: dict[str, set[str]] = {}
    for need in needs_known:
        edges.setdefault(need.name, set()).add(need.other)
        edges.setdefault(need.other, set())
    return edges


def components(edges: Mapping[str, Iterable[str]]) -> list[frozenset[str]]:
    """Strongly connected components, those that are needed before those that need them (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[frozenset[str]] = []
    for root in sorted(edges):
        if root in index:
            continue
        work: list[tuple[str, list[str]]] = [(root, sorted(edges[root], reverse=True))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, pending = work[-1]
            if pending:
                following = pending.pop()
                if following not in index:
                    index[following] = low[following] = len(index)
                    stack.append(following)
                    on_stack.add(following)
                    work.append((following, sorted(edges.get(following, ()), reverse=True)))
                elif following in on_stack:
                    low[node] = min(low[node], index[following])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                found.append(_take(stack, on_stack, node))
    return found


def _take(stack: list[str], on_stack: set[str], node: str) -> frozenset[str]:
    members = set()
    while True:
        member = stack.pop()
        on_stack.discard(member)
        members.add(member)
        if member == node:
            return frozenset(members)
