"""Follow the edges of a lock from its roots, where its entries do not say by themselves when they apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from steadypin.comparison.selection import Selection, holds, holds_somehow
from steadypin.model import parse
from steadypin.model.locked import LockedDependency, LockedPackage
from steadypin.model.target import Target
from steadypin.values import dataclass

_MANY = 64
"""Entries of one name from which on edges are not asked which of them they mean: no tool writes so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One walk over the entries of a lock, by name. `selection` None is every choice of extras and groups; `active` are the
    names by which markers of edges know what was chosen.
    """

    entries: Mapping[str, Sequence[LockedPackage]]
    target: Target
    selection: Selection | None
    active: Selection

    def reach(self, roots: Iterable[LockedPackage], top: Sequence[LockedDependency]) -> frozenset[int]:
        """Identities of the entries that can be reached from the roots and from the edges that start at no entry.

        Each entry is passed once with each label, and each kind of edge once, so that time is linear in the size of the lock.
        """
        pending = [(root, label) for root in roots for label in self._labels(root.dependencies)]
        edges = [edge for label in self._labels(top) for edge in self._open(top, label)]
        seen: set[tuple[int, str]] = set()
        followed: set[tuple[str, ...]] = set()
        while pending or edges:
            while edges:
                pending.extend(self._ends(edges.pop(), followed))
            while pending and not edges:
                package, label = pending.pop()
                if (id(package), label) not in seen:
                    seen.add((id(package), label))
                    edges.extend(self._open(package.dependencies, label))
        return frozenset(identity for identity, _ in seen)

    def _labels(self, edges: Iterable[LockedDependency]) -> list[str]:
        """What is chosen of the labels at a root; "" always is."""
        labels = sorted({edge.under for edge in edges if edge.under})
        if self.selection is None:
            return ["", *labels]
        chosen = {f"extra:{parse.normalise(name)}" for name in self.selection.extras}
        chosen |= {f"group:{parse.normalise(name)}" for name in self.selection.groups}
        return ["", *(label for label in labels if _normal(label) in chosen)]

    def _open(self, edges: Iterable[LockedDependency], label: str) -> Iterator[LockedDependency]:
        """The edges that exist under a label, on this target and with what was chosen."""
        word, _, name = label.partition(":")
        extra = frozenset({name}) if word == "extra" else frozenset()
        for edge in edges:
            if (edge.under == label or _normal(edge.under) == label) and self._holds(edge.marker, extra):
                yield edge

    def _holds(self, marker: str | None, extra: frozenset[str]) -> bool:
        """Whether an edge's marker holds, seen from the extra of its package that is followed."""
        if marker is None:
            return True
        if self.selection is None:
            return holds_somehow(marker, self.target)
        return holds(marker, self.target, Selection(extras=self.active.extras | extra, groups=self.active.groups))

    def _ends(self, edge: LockedDependency, followed: set[tuple[str, ...]]) -> Iterator[tuple[LockedPackage, str]]:
        """The entries that an edge leads to, with the labels that it asks for; none where such an edge was followed before."""
        entries = self.entries.get(edge.name, ())
        extras = sorted({parse.normalise(extra) for extra in edge.extras})
        many = len(entries) > _MANY
        key = (edge.name,) if many else (edge.name, edge.specifier or "", *extras)
        if key in followed:
            return
        followed.add(key)
        for found in entries if many else self._meant(entries, edge.specifier, frozenset(extras)):
            yield found, ""
            own = {_normal(other.under) for other in found.dependencies if other.under}
            yield from ((found, label) for label in sorted(own) if many or label.removeprefix("extra:") in extras)

    def _meant(
        self, entries: Sequence[LockedPackage], specifier: str | None, extras: frozenset[str]
    ) -> Sequence[LockedPackage]:
        """The entries that an edge means: with no other extras than it asks for (PDM has an entry for each choice of extras),
        of its version, and of several the ones that are for this Python. A manifest that was changed after the lock may ask
        for a version that is not there; it then means the one that is.
        """
        found = [p for p in entries if not p.extras or extras.issuperset(map(parse.normalise, p.extras))]
        found = [package for package in found if _fits(specifier, package.version)] or found
        if len(found) < 2:
            return found
        return [package for package in found if self.target.accepts_python(package.requires_python)] or found


def _normal(label: str) -> str:
    """A label with its name normalised."""
    word, colon, name = label.partition(":")
    return f"{word}:{parse.normalise(name)}" if colon else label


def _fits(specifier: str | None, version: str | None) -> bool:
    """Whether an edge can mean a version; specifiers in a language of their own (Poetry's `^1.2`) can mean any."""
    if not specifier or not version or specifier.lstrip("=") == version:
        return True
    return parse.admits(specifier, version)
