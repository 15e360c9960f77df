"""From a set of changes to a lock: its members at their targets, everything else where it stands, unless it must move along.

What a member needs moves with it, no further than where it would go in the end. A set for which the resolver finds no pins
cannot be tried.
"""

from __future__ import annotations

from collections.abc import Iterable

from steadypin.model.resolution import Question
from steadypin.planning.bounds import corridor, exactly
from steadypin.planning.resolver import Resolver
from steadypin.trials.results import Versions
from steadypin.trials.sandbox.pins import Pins
from steadypin.values import dataclass, field, replace


@dataclass(slots=True, kw_only=True)
class Mover:
    """`others` and `beside` are what every environment holds besides the lock: requirement lines, and pins that no lock has.

    `without` are names that no environment gets, because the user said so.
    """

    question: Question
    resolver: Resolver
    others: tuple[str, ...] = ()
    beside: Versions = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    _known: dict[tuple[object, ...], dict[str, str] | None] = field(default_factory=dict)

    def pins(self, versions: Versions) -> Pins:
        """A lock as what an environment shall hold."""
        held = {name: version for name, version in {**self.beside, **versions}.items() if name not in self.without}
        return Pins(versions=tuple(sorted(held.items())), others=self.others)

    def lock(self, now: Versions, final: Versions, moved: Versions, frozen: Iterable[str] = ()) -> dict[str, str] | None:
        """The pins `now` with `moved` at exactly these versions, and what must move along no further than `final`.

        `frozen` names stay. None where the resolver refuses. Raises ResolverError.
        """
        if not moved:
            return dict(now)
        still = frozenset(frozen).difference(moved)
        key = (tuple(sorted(now.items())), tuple(sorted(final.items())), tuple(sorted(moved.items())), still)
        if key not in self._known:
            self._known[key] = self._solve(now, final, moved, still)
        return self._known[key]

    def _solve(self, now: Versions, final: Versions, moved: Versions, still: frozenset[str]) -> dict[str, str] | None:
        exact = dict(moved)
        while True:
            answer = self.resolver.resolve(self._asked(now, final, exact, still))
            if answer.solved:
                return answer.versions
            # uv takes a preferred version from one index only, be it one without a wheel for us; a constraint takes any
            unusable = {c.name for c in answer.conflicts if c.by == "index" and "wheels" in c.requirement}
            more = {name: now[name] for name in unusable & now.keys() - exact.keys()}
            if not more:
                return None
            exact |= more

    def _asked(self, now: Versions, final: Versions, exact: Versions, still: frozenset[str]) -> Question:
        return replace(
            self.question,
            pins=tuple((n, version) for n, version in sorted(now.items()) if n not in exact and final.get(n) != version),
            constraints=(
                *self.question.constraints,
                *corridor(now, final, frozen=still, exempt=exact.keys()),
                *(exactly(name, version) for name, version in sorted(exact.items())),
            ),
            hashes=False,
        )

    def askers(self, lock: Versions) -> dict[str, tuple[str, ...]]:
        """Who asks for each package of a lock, by name."""
        exact = tuple(exactly(name, version) for name, version in sorted(lock.items()))
        question = replace(
            self.question, pins=tuple(sorted(lock.items())), constraints=(*self.question.constraints, *exact), hashes=False
        )
        return {
            package.name: tuple(name for name in package.via if name) for package in self.resolver.resolve(question).packages
        }
