"""Small worlds in which something is unsafe, and the best that could be done about it, found by trying everything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from steadypin.model.parse import normalise, requirement
from tests.support.universe import Universe, draw

VERSIONS = ("1.0", "1.1", "2.0", "3.0")
Unsafe = dict[str, dict[str, tuple[str, ...]]]
"""Versions that are unsafe by name and advisory id."""


@dataclass(frozen=True, kw_only=True)
class Danger:
    """A world, a project that stands in it today, and flaws in branches of releases."""

    world: Universe
    requirements: tuple[str, ...]
    pins: dict[str, str]
    unsafe: Unsafe

    def fits(self, end: dict[str, str]) -> bool:
        return self.world.fits(end, self.requirements)

    def best(self) -> tuple[int, int]:
        """The lowest price there is."""
        return min(self.price(end) for end in self._ends())

    def price(self, end: dict[str, str]) -> tuple[int, int]:
        """Flaws that are left or new, then moves: what changes, and what goes because of its flaws."""
        left = sum(self._flaws(name, version, self.pins.get(name, "")) for name, version in end.items())
        changed = sum(1 for name, version in self.pins.items() if end.get(name, version) != version)
        gone = sum(1 for name, version in self.pins.items() if name not in end and self._flaws(name, version, version))
        return left, changed + gone

    def lasting(self, end: dict[str, str]) -> set[str]:
        """Names that keep a flaw of today."""
        flaws = ((name, versions) for name, known in self.unsafe.items() for versions in known.values())
        return {name for name, versions in flaws if name in self.pins and {self.pins[name], end.get(name)} <= {*versions}}

    def _flaws(self, name: str, version: str, before: str) -> int:
        here = [versions for versions in self.unsafe.get(name, {}).values() if version in versions]
        return sum(1 for versions in here if before in versions) + any(before not in versions for versions in here)

    def _ends(self) -> Iterator[dict[str, str]]:
        """Every set of versions that fits, holds what is needed and nothing else, and lowers nothing."""
        names = sorted(self.world.releases)
        choices = ((None, *(v for v in self.world.releases[n] if v >= self.pins.get(n, ""))) for n in names)
        for versions in product(*choices):
            end = {name: version for name, version in zip(names, versions, strict=True) if version}
            if self.fits(end) and end.keys() == self._needed(end):
                yield end

    def _needed(self, end: dict[str, str]) -> set[str]:
        pending, found = list(self.requirements), set()
        while pending:
            asked = requirement(pending.pop())
            assert asked is not None
            name = normalise(asked.name)
            if name not in found:
                found.add(name)
                pending += self.world.releases[name][end[name]]
        return found


def danger(seed: int) -> Danger:
    """One by chance; without pins where its project cannot be installed."""
    rng = random.Random(seed)
    names = [f"p{i}" for i in range(rng.randint(2, 4))]
    world, requirements, pins = draw(rng, names, VERSIONS, least=1, operators=(">=", "<", ">=", "==", "!="))
    unsafe = {
        name: {f"{name}-{n}": tuple(rng.sample(VERSIONS, rng.randint(1, 3))) for n in range(rng.randint(0, 2))}
        for name in names
    }
    return Danger(world=world, requirements=requirements, pins=pins, unsafe=unsafe)
