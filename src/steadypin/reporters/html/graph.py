"""Who holds whom, laid out: holders to the left of what they hold, packages that hold each other in one box.

Only edges of packages that are held appear, so an environment of 150 packages gives a handful; beyond `MOST` nodes the packages
that are furthest behind are kept, and the picture says how many it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.values import dataclass

MOST = 40
WIDTH, PORT, GAP, COLUMN, MARGIN = 160, 17, 14, 304, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A holder or a held package: `kind` is "package", "project" (a declaration of one's own), "python" or "policy"."""

    name: str
    note: str
    kind: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From the holder's right side to a port of its own on the held one's left."""

    path: str
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Packages that hold each other: they can only move together."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The picture in pixels, and in words."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    boxes: tuple[Box, ...]
    width: int
    height: int
    left_out: int


def blocker_graph(packages: Sequence[PackageComparison]) -> Graph | None:
    """The picture of a report's packages; None where nobody holds anybody."""
    held = sorted((p for p in packages if p.blocked_by), key=lambda p: (-(p.behind or 0), p.name))
    if not held:
        return None
    kept = _kept(held)
    edges = [(b.name, p.name, _specifier(b.requirement)) for p in kept for b in p.blocked_by[:MOST]]
    names = sorted({name for edge in edges for name in edge[:2]})
    components = _components(names, edges)
    columns = _columns(names, edges, components)
    known = {package.name: package for package in packages}
    nodes = _place(names, edges, columns, components, known)
    return Graph(
        nodes=tuple(nodes.values()),
        edges=tuple(_edges(edges, nodes)),
        boxes=tuple(_boxes(components, nodes)),
        width=max(node.x for node in nodes.values()) + WIDTH + MARGIN,
        height=max(node.y + node.height for node in nodes.values()) + MARGIN,
        left_out=len(held) - len(kept),
    )


def _kept(held: Sequence[PackageComparison]) -> list[PackageComparison]:
    """As many as there is room for, with all who hold them."""
    kept: list[PackageComparison] = []
    names: set[str] = set()
    for package in held:
        more = names | {package.name} | {blocker.name for blocker in package.blocked_by[:MOST]}
        if kept and len(more) > MOST:
            continue
        kept.append(package)
        names = more
    return kept


def _specifier(text: str) -> str:
    requirement = parse.requirement(text)
    return (str(requirement.specifier) or "any") if requirement else text


def _components(names: Iterable[str], edges: Sequence[tuple[str, str, str]]) -> dict[str, frozenset[str]]:
    """The names that can be reached from each other, by name (a small graph: reachability is cheap enough)."""
    reach = {name: _reachable(name, edges) for name in names}
    return {name: frozenset(other for other in reach[name] if name in reach[other]) | {name} for name in reach}


def _reachable(start: str, edges: Sequence[tuple[str, str, str]]) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        new = {target for source, target, _ in edges if source == name} - found
        found |= new
        pending += new
    return found


def _columns(
    names: Iterable[str], edges: Sequence[tuple[str, str, str]], components: Mapping[str, frozenset[str]]
) -> dict[str, int]:
    """How far right: one more than the furthest holder outside the name's own box."""
    columns = dict.fromkeys(names, 0)
    for _ in range(len(columns)):
        before = dict(columns)
        for source, target, _ in edges:
            if source in components[target]:
                continue
            least = columns[source] + 1
            for member in components[target]:
                columns[member] = max(columns[member], least)
        if columns == before:
            break
    return columns


def _place(
    names: Sequence[str],
    edges: Sequence[tuple[str, str, str]],
    columns: Mapping[str, int],
    components: Mapping[str, frozenset[str]],
    known: Mapping[str, PackageComparison],
) -> dict[str, Node]:
    """Column by column; in each, what hangs on the same holder stands together."""
    nodes: dict[str, Node] = {}
    for column in sorted(set(columns.values())):
        members = [name for name in names if columns[name] == column]
        order = {name: _middle(name, edges, nodes) for name in members}
        box = {name: min((order[m], m) for m in components[name] if m in order) for name in members}
        y = MARGIN
        for name in sorted(members, key=lambda name: (box[name], order[name], name)):
            ports = sum(1 for _, target, _ in edges if target == name)
            height = max(40, ports * PORT + 8)
            nodes[name] = _node(name, column, y, height, known.get(name))
            y += height + GAP
    return _centred(nodes)


def _middle(name: str, edges: Sequence[tuple[str, str, str]], nodes: Mapping[str, Node]) -> float:
    above = [nodes[source].y for source, target, _ in edges if target == name and source in nodes]
    if above:
        return sum(above) / len(above)
    return -float(sum(1 for source, _, _ in edges if source == name))


def _centred(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """Each column in the middle of the tallest."""
    ends = {x: max(n.y + n.height for n in nodes.values() if n.x == x) for x in {n.x for n in nodes.values()}}
    tallest = max(ends.values())
    shift = {x: (tallest - end) // 2 for x, end in ends.items()}
    return {
        name: Node(name=n.name, note=n.note, kind=n.kind, x=n.x, y=n.y + shift[n.x], height=n.height)
        for name, n in nodes.items()
    }


def _node(name: str, column: int, y: int, height: int, package: PackageComparison | None) -> Node:
    kind = "package" if package else {"python": "python", "cooldown": "policy"}.get(name, "project")
    note = {"python": "the interpreter", "policy": "the policy", "project": "your own declaration"}.get(kind, "")
    if package:
        latest = (package.newest or package.latest) if package.blocked_by else None
        note = f"{package.current or '?'} → {latest.version}" if latest else (package.current or "not installed")
    return Node(name=name, note=note, kind=kind, x=MARGIN + column * COLUMN, y=y, height=height)


def _edges(edges: Sequence[tuple[str, str, str]], nodes: Mapping[str, Node]) -> Iterable[Edge]:
    used: dict[str, int] = {}
    for source, target, label in sorted(edges, key=lambda edge: (edge[1], nodes[edge[0]].y, edge[0], edge[2])):
        left, right = nodes[source], nodes[target]
        ports = sum(1 for _, other, _ in edges if other == target)
        port = used[target] = used.get(target, 0) + 1
        y = right.y + right.height // 2 - (ports - 1) * PORT // 2 + (port - 1) * PORT
        start = left.y + left.height // 2
        if left.x >= right.x:  # in one box: around the left side
            path = f"M{left.x} {start}C{left.x - 30} {start} {right.x - 30} {y} {right.x} {y}"
        else:
            x = left.x + WIDTH
            path = f"M{x} {start}C{x + 34} {start} {x + 6} {y} {x + 40} {y}H{right.x}"
        yield Edge(path=path, label=label, x=right.x - 12, y=y - 4)


def _boxes(components: Mapping[str, frozenset[str]], nodes: Mapping[str, Node]) -> Iterable[Box]:
    for members in sorted({tuple(sorted(found)) for found in components.values() if len(found) > 1}):
        inside = [nodes[name] for name in members]
        top, bottom = min(n.y for n in inside), max(n.y + n.height for n in inside)
        left = min(n.x for n in inside)
        yield Box(x=left - 6, y=top - 6, width=WIDTH + 12, height=bottom - top + 12)
