"""Moves put into an order that a careful engineer would choose: what cures, what is only a tool, what is small, and each big
move alone, with everything that a move needs before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steadypin.planning.coupling import Need, components, graph
from steadypin.planning.goal import Grouping
from steadypin.planning.moves import Size
from steadypin.planning.risk import Risk
from steadypin.values import dataclass

SECURITY, TOOLS, PATCH, MINOR, MAJOR = 1, 2, 3, 4, 5
_TITLES = {
    SECURITY: "security fixes",
    TOOLS: "build and test tools",
    PATCH: "patch releases",
    MINOR: "minor releases",
    MAJOR: "major",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A stage before it is solved: the names it sets free, and its kind.

    `forced` names must reach their last pin (or their cure) in this stage; the others go as far as they can.
    """

    kinds: tuple[int, ...]
    names: frozenset[str]
    points: int
    forced: bool = False

    @property
    def title(self) -> str:
        words = [_TITLES[kind] for kind in sorted(set(self.kinds))]
        if MAJOR in self.kinds:
            words[-1] = f"major: {_named(self.names)}" if set(self.kinds) == {MAJOR} else "major releases"
        return " and ".join(words)


def _named(names: frozenset[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def draft_stages(
    risks: Mapping[str, Risk], needs: Iterable[Need], *, tools: frozenset[str], grouping: Grouping, max_stages: int
) -> tuple[Draft, ...]:
    """The drafts for moving every name of `risks`, at most `max_stages` (1 or more) of them."""
    if not risks:
        return ()
    if grouping is Grouping.NONE:
        return (_draft(MAJOR, frozenset(risks), risks),)
    units = _units(risks, tuple(needs))
    if grouping is Grouping.PACKAGE:
        drafts = [_draft(_kind(unit, frozenset(), risks, tools), unit, risks, forced=True) for unit, _ in units]
        return tuple(drafts)
    return tuple(merge(_by_risk(units, risks, tools), max_stages))


def _units(risks: Mapping[str, Risk], needs: tuple[Need, ...]) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Coupled sets (most have one member) with the names outside that they need; what is needed comes first, then the less
    risky.
    """
    edges: dict[str, set[str]] = {name: set() for name in risks}
    for name, others in graph(need for need in needs if need.name in risks and need.other in risks).items():
        edges[name] |= others
    waiting = {unit: frozenset(o for name in unit for o in edges[name]) - unit for unit in components(edges)}
    done: set[str] = set()
    ordered = []
    while waiting:
        ready = [unit for unit, needed in waiting.items() if needed <= done]
        unit = min(ready, key=lambda unit: (sum(risks[name].points for name in unit), sorted(unit)))
        ordered.append((unit, waiting.pop(unit)))
        done |= unit
    return ordered


def _kind(unit: frozenset[str], needed: frozenset[str], risks: Mapping[str, Risk], tools: frozenset[str]) -> int:
    if unit <= tools:
        return TOOLS
    largest = max(risks[name].size for name in unit | needed)
    return MAJOR if largest.risky else MINOR if largest is Size.MINOR else PATCH


def _by_risk(
    units: list[tuple[frozenset[str], frozenset[str]]], risks: Mapping[str, Risk], tools: frozenset[str]
) -> list[Draft]:
    """Tools, patches and minors together, each big unit alone; a small move that waits for a big one goes with it."""
    place: dict[str, int] = {}
    gathered: dict[int, set[str]] = {TOOLS: set(), PATCH: set(), MINOR: set()}
    majors: list[set[str]] = []
    for unit, needed in units:
        kind = _kind(unit, frozenset(), risks, tools)
        latest = max([kind, *(place[name] for name in needed)])
        if kind == MAJOR:
            majors.append(set(unit))
            latest = MAJOR + len(majors) - 1
        elif latest >= MAJOR:
            majors[latest - MAJOR] |= unit
        else:
            gathered[latest] |= unit
        place.update(dict.fromkeys(unit, latest))
    drafts = [_draft(kind, frozenset(names), risks) for kind, names in gathered.items() if names]
    return drafts + [_draft(MAJOR, frozenset(names), risks, forced=True) for names in majors]


def _draft(kind: int, names: frozenset[str], risks: Mapping[str, Risk], *, forced: bool = False) -> Draft:
    return Draft(kinds=(kind,), names=names, points=sum(risks[name].points for name in names), forced=forced)


def merge(drafts: list[Draft], limit: int) -> list[Draft]:
    """No more drafts than the limit: the two neighbours that are least risky together become one, again and again."""
    merged = list(drafts)
    while len(merged) > max(1, limit):
        place = min(range(len(merged) - 1), key=lambda i: (_distance(merged[i], merged[i + 1]), i))
        first, second = merged[place : place + 2]
        merged[place : place + 2] = [
            Draft(
                kinds=first.kinds + second.kinds,
                names=first.names | second.names,
                points=first.points + second.points,
                forced=first.forced and second.forced,
            )
        ]
    return merged


def _distance(first: Draft, second: Draft) -> tuple[bool, int]:
    """Stages of one kind before those of different kinds; then by what they risk together."""
    return (set(first.kinds) != set(second.kinds), first.points + second.points)
