"""A small world of packages, and a resolver of it that tries everything: a real member of the Resolver protocol.

Universe({"a": {"1.0": [], "2.0": ["b>=2"]}, "b": {"1.0": [], "2.0": []}}) knows every release and what it requires.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import Version

from steadypin.model.parse import normalise
from steadypin.model.released import Project, Release
from steadypin.model.resolution import Conflict, Question, Required, Resolution, ResolvedPackage

Releases = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass
class Universe:
    """Every answer is exact: with pins preferred where they may stay, and the highest version first where they may not.

    `tells` says whether an answer comes with the requirements that were seen, as uv's does and pip-tools' does not.
    """

    releases: Releases
    tells: bool = True
    asked: list[Question] = field(default_factory=list)
    name: str = "universe 1"
    absent: frozenset[str] = frozenset()

    def resolve(self, question: Question) -> Resolution:
        self.asked.append(question)
        self.absent = frozenset(question.absent)
        demands = [("", Requirement(text)) for text in question.requirements]
        limits = [Requirement(text) for text in question.constraints]
        free = set(question.upgrade) if question.upgrade is not None else {name for name, _ in question.pins}
        preferred = {name: version for name, version in question.pins if name not in free}
        refused: list[Conflict] = []
        chosen = self._search({}, demands, limits, preferred, refused)
        if chosen is None and len(limits) <= 16:
            refused = []
            self._search({}, demands, self._that_matter(demands, limits), preferred, refused)
        seen = tuple(sorted(self._seen(chosen or {}))) if self.tells else ()
        if chosen is None:
            return Resolution(resolver=self.name, conflicts=tuple(dict.fromkeys(refused)), requires=seen)
        return Resolution(resolver=self.name, packages=tuple(self._packages(chosen, demands)), requires=seen)

    def _that_matter(self, demands, limits):
        """The constraints without which there would be an answer: a refusal names nobody who has no part in it."""
        for limit in tuple(limits):
            others = [other for other in limits if other is not limit]
            if self._search({}, demands, others, {}, []) is None:
                limits = others
        return limits

    def _search(self, chosen, demands, limits, preferred, refused):
        for by, demand in demands:
            name = normalise(demand.name)
            if name in self.absent:
                continue
            if name in chosen:
                if not demand.specifier.contains(chosen[name], prereleases=True):
                    refused.append(Conflict(name=name, by=by, requirement=f"{name}{demand.specifier}"))
                    return None
                continue
            for version in self._candidates(name, preferred):
                asking = [(by, demand) for by, demand in demands if normalise(demand.name) == name]
                bounds = [("", limit) for limit in limits if normalise(limit.name) == name]
                failing = [(by, d) for by, d in asking + bounds if not d.specifier.contains(version, prereleases=True)]
                if failing:
                    refused.extend(Conflict(name=name, by=by, requirement=f"{name}{d.specifier}") for by, d in failing)
                    continue
                more = [(f"{name}=={version}", Requirement(text)) for text in self.releases[name][version]]
                found = self._search({**chosen, name: version}, demands + more, limits, preferred, refused)
                if found is not None:
                    return found
            refused.append(Conflict(name=name, by="index", requirement=str(demand)))
            return None
        return chosen

    def _candidates(self, name, preferred):
        versions = sorted(self.releases.get(name, {}), key=Version, reverse=True)
        return sorted(versions, key=lambda version: version != preferred.get(name))

    def _packages(self, chosen, demands):
        asked = {normalise(demand.name) for _, demand in demands}
        for name in sorted(chosen):
            via = {
                other
                for other in chosen
                if any(normalise(Requirement(t).name) == name for t in self.releases[other][chosen[other]])
            }
            yield ResolvedPackage(name=name, version=chosen[name], via=tuple(sorted(via | ({""} if name in asked else set()))))

    def _seen(self, chosen):
        for name, version in chosen.items():
            for text in self.releases[name][version]:
                requirement = Requirement(text)
                yield Required(by=name, version=version, name=normalise(requirement.name), specifier=str(requirement.specifier))

    def fits(self, pins: Mapping[str, str], requirements: Sequence[str]) -> bool:
        """Whether pins satisfy each other and the project: an independent look at every answer."""
        demands = [Requirement(text) for text in requirements]
        demands += [Requirement(text) for name, version in pins.items() for text in self.releases[name][version]]
        return all(
            normalise(d.name) in pins and d.specifier.contains(pins[normalise(d.name)], prereleases=True) for d in demands
        )

    def projects(self) -> tuple[Project, ...]:
        """What an index would say of every package; the releases are a month apart."""
        return tuple(
            Project(
                name=name,
                index="universe",
                releases=tuple(
                    Release(
                        version,
                        f"20{10 + i // 12:02}-{i % 12 + 1:02}-01T00:00:00Z",
                        wheels=(f"{name}-{version}-py3-none-any.whl",),
                    )
                    for i, version in enumerate(sorted(self.releases[name], key=Version))
                ),
            )
            for name in sorted(self.releases)
        )


def draw(
    rng: random.Random, names: Sequence[str], versions: Sequence[str], *, least: int, operators: Sequence[str]
) -> tuple[Universe, tuple[str, ...], dict[str, str]]:
    """A world by chance, what a project asks of it, and pins that fit low in it (none where nothing fits).

    Each name has from `least` to four of the versions and asks for up to two of the names before it.
    """
    releases: dict[str, dict[str, list[str]]] = {}
    for place, name in enumerate(names):
        some = sorted(rng.sample(versions, rng.randint(least, 4)))
        releases[name] = {version: list(_asks(rng, names[:place], versions, operators)) for version in some}
    world = Universe(releases)
    requirements = tuple(name for name in names if rng.random() < 0.6) or (names[-1],)
    wished = tuple((name, min(some)) for name, some in releases.items())
    return world, requirements, world.resolve(Question(requirements=requirements, pins=wished)).versions


def _asks(rng: random.Random, others: Sequence[str], versions: Sequence[str], operators: Sequence[str]) -> Iterator[str]:
    for other in rng.sample(others, rng.randint(0, min(2, len(others)))):
        yield f"{other}{rng.choice(operators)}{rng.choice(versions)}"
