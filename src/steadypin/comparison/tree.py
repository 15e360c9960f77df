"""The requirements around one package, in both directions, out of a comparison.

An environment is asked first: its metadata says what every distribution asks for. Without one, the edges of the locks are
used, and the names after "via" where a requirements file has them; those tell who asks and not always what for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from steadypin.comparison.demands import is_movable_pin, place
from steadypin.model import parse
from steadypin.model.comparison import Comparison, Demand, PackageComparison
from steadypin.model.facts import Facts
from steadypin.model.locked import LockedPackage
from steadypin.model.tree import PackageTree, TreeNode
from steadypin.values import dataclass, replace

MOST_LEVELS = 60


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edge:
    """`source` asks for `target`; `extras` are those of the target that it asks for as well."""

    source: str
    target: str
    asks: str | None
    note: str = ""
    extras: tuple[str, ...] = ()


def package_tree(facts: Facts, comparison: Comparison, name: str, *, levels: int = MOST_LEVELS) -> PackageTree | None:
    """The tree of a package, or of the project itself; None where no ledger knows the name."""
    name = parse.normalise(name)
    known = {package.name: package for package in comparison.packages}
    edges = sorted(set(requirement_edges(facts, comparison)))
    if name in comparison.own and name not in known:
        edges = [replace(edge, source=edge.source if edge.source in known else name) for edge in edges]
    elif name not in known:
        return None
    package = known.get(name, PackageComparison(name=name))
    latest = package.latest.version if package.latest else None
    return PackageTree(
        name=name,
        version=package.current,
        wanted=package.wanted.version if package.wanted else None,
        latest=latest,
        needs=_Walk(known, _by(edges, lambda e: e.source), lambda e: e.target, levels).children(name),
        needed_by=_Walk(known, _by(edges, lambda e: e.target), lambda e: e.source, levels, name, latest).children(name),
        source="environment" if facts.environment else "locks",
    )


def requirement_edges(facts: Facts, comparison: Comparison) -> Iterator[Edge]:
    """Every requirement between two names that applies here, and every declaration of the project (from its place)."""
    for package in comparison.packages:
        asked = {demand.by for demand in package.demands}
        yield from (_of_demand(package.name, demand) for demand in package.demands)
        for item in package.declared:
            if is_movable_pin(item, facts.files) and place(item) not in asked:
                yield Edge(source=place(item), target=package.name, asks=_specifier(item.requirement), note="pin")
    if facts.environment is None:
        yield from _lock_edges(facts, comparison)


def _of_demand(name: str, demand: Demand) -> Edge:
    note = ""
    if demand.declared is not None:
        item = demand.declared
        words = (item.kind if item.kind != "requirement" else "", f"group {item.group}" if item.group else "")
        note = ", ".join(word for word in (*words, f"extra {item.extra}" if item.extra else "") if word)
    return Edge(source=demand.by, target=name, asks=_specifier(demand.requirement), note=note)


def _specifier(text: str) -> str:
    requirement = parse.requirement(text)
    if requirement is None:
        return text
    return f"@ {requirement.url}" if requirement.url else str(requirement.specifier)


def _lock_edges(facts: Facts, comparison: Comparison) -> Iterator[Edge]:
    entries = [(package.name, entry) for package in comparison.packages for entry in package.locked]
    edges = [edge for name, entry in entries for edge in _of_entry(name, entry, facts)]
    asked = {(edge.target, extra) for edge in edges for extra in edge.extras}
    for edge in edges:
        kind, _, word = edge.note.partition(" ")
        if kind != "extra" or (edge.source, word) in asked or edge.source in comparison.own:
            yield Edge(source=edge.source, target=edge.target, asks=edge.asks, note=edge.note)


def _of_entry(name: str, entry: LockedPackage, facts: Facts) -> Iterator[Edge]:
    for dependency in entry.dependencies:
        if facts.target.applies(dependency.marker):
            note = dependency.under.replace(":", " ", 1)
            target = parse.normalise(dependency.name)
            yield Edge(source=name, target=target, asks=dependency.specifier, note=note, extras=dependency.extras)
    for source in entry.via:
        if " " not in source and "/" not in source:
            yield Edge(source=parse.normalise(source), target=name, asks=None)


def _by(edges: Iterable[Edge], key: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(key(edge), []).append(edge)
    return found


class _Walk:
    """From one name along the edges; each name is opened once."""

    def __init__(
        self,
        known: Mapping[str, PackageComparison],
        edges: Mapping[str, list[Edge]],
        end: Callable[[Edge], str],
        levels: int,
        subject: str = "",
        latest: str | None = None,
    ) -> None:
        self._known, self._edges, self._end = known, edges, end
        self._levels, self._subject, self._latest = min(levels, MOST_LEVELS), subject, latest
        self._opened: set[str] = set()

    def children(self, name: str, level: int = 1) -> tuple[TreeNode, ...]:
        self._opened.add(name)
        return tuple(self._node(edge, level) for edge in self._edges.get(name, ()))

    def _node(self, edge: Edge, level: int) -> TreeNode:
        name = self._end(edge)
        below = bool(self._edges.get(name))
        repeated = below and name in self._opened
        cut = below and not repeated and level >= self._levels
        return TreeNode(
            name=name,
            version=self._known[name].current if name in self._known else None,
            asks=edge.asks,
            note=edge.note,
            refuses=self._latest if edge.target == self._subject and self._is_refused(edge) else None,
            children=() if repeated or cut or not below else self.children(name, level + 1),
            repeated=repeated,
            cut=cut,
        )

    def _is_refused(self, edge: Edge) -> bool:
        allowed = parse.specifiers(edge.asks) if edge.asks else None
        return allowed is not None and self._latest is not None and not allowed.contains(self._latest, prereleases=True)
