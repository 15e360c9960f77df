"""What a plan brings is asked about like what stands here: how old it is, and whether it is known to be unsafe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.config import Settings
from steadypin.model.advisory import AdvisoryMatch, UnsafeRelease
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.plan import Plan
from steadypin.pipeline import advisories
from steadypin.pipeline import facts as reading
from steadypin.planning.candidates import are_ripe
from steadypin.planning.goal import Goal
from steadypin.values import dataclass, field, replace

Pair = tuple[str, str]


@dataclass(slots=True)
class Newcomers:
    """What was asked about so far; `gaps` are the questions that got no answer."""

    settings: Settings
    goal: Goal
    names: set[str]
    pairs: set[Pair]
    gaps: set[Gap] = field(default_factory=set)

    @classmethod
    def of(cls, facts: Facts, settings: Settings, goal: Goal) -> Newcomers:
        """Where nothing but the facts was asked about."""
        names = {project.name for project in facts.projects} | set(facts.unknown)
        return cls(settings=settings, goal=goal, names=names, pairs=set(reading.versions(facts)))

    def known_with(self, made: Plan, facts: Facts) -> Facts | None:
        """The facts with what there is to know of the plan's pins, None where that is no reason to plan again."""
        unsafe = self._unsafe(made, facts)
        young = self._young(made, facts)
        if unsafe is None and young is None:
            return None
        more = young or facts
        return self._with_flaws(more, unsafe) if unsafe else more

    def _young(self, made: Plan, facts: Facts) -> Facts | None:
        """What comes new and is younger than the cooldown allows."""
        if self.goal.cooldown_days <= 0 or not facts.lookups:
            return None
        locked = {package.name for stage in made.stages for package in stage.lock}
        new = sorted(locked - self.names - {package.name for package in facts.locked if package.name})
        if not new:
            return None
        more = self._with_projects(facts, new)
        return None if all(are_ripe(stage.lock, new, more.projects, self.goal) for stage in made.stages) else more

    def _unsafe(self, made: Plan, facts: Facts) -> tuple[AdvisoryMatch, ...] | None:
        """What is known of the pins that nobody has asked about."""
        if facts.advisories_as_of is None:
            return None
        aside = {package.name for package in facts.locked if package.kind != "index"} | set(facts.unknown)
        pinned = {(package.name, package.version) for stage in made.stages for package in stage.lock}
        new = sorted(pair for pair in pinned - self.pairs if pair[0] not in aside)
        return self._ask(new, facts) or None

    def _ask(self, pairs: list[Pair], facts: Facts) -> tuple[AdvisoryMatch, ...]:
        if not pairs:
            return ()
        answer = advisories.ask(pairs, self.settings, at=facts.taken_at)
        self.pairs.update(pairs)
        self.gaps.update(answer.gaps)
        known = {(row.name, row.version) for row in facts.unsafe}
        return tuple(match for match in answer.matches if (match.name, match.version) not in known)

    def _with_flaws(self, facts: Facts, found: tuple[AdvisoryMatch, ...]) -> Facts:
        """All releases of what turned out to be unsafe are asked about: the next plan shall find the way around it."""
        names = {match.name for match in found}
        if facts.lookups and (unasked := names - self.names):
            facts = self._with_projects(facts, sorted(unasked))
        offered = [(p.name, release.version) for p in facts.projects if p.name in names for release in p.releases]
        rows = _rows((*found, *self._ask(sorted(set(offered) - self.pairs), facts)))
        return replace(
            facts,
            unsafe=tuple(sorted({*facts.unsafe, *rows})),
            unsafe_in_part=facts.unsafe_in_part or self.settings.advisory_source != "local",
        )

    def _with_projects(self, facts: Facts, names: Iterable[str]) -> Facts:
        names = list(names)
        self.names.update(names)
        return reading.with_projects(facts, self.settings, names)


def unsettled(made: Plan, facts: Facts) -> Iterator[Gap]:
    """Pins with known flaws that the plan does not speak of, because it was made before they were known."""
    unsafe = {(row.name, row.version): row.ids for row in facts.unsafe}
    told = {(change.name, change.after) for stage in made.stages for change in stage.changes if change.flaws}
    told |= {(hold.name, hold.at) for hold in made.holds}
    told |= set(reading.versions(facts))
    for package in made.stages[-1].lock if made.stages else ():
        pair = package.name, package.version
        if pair in unsafe and pair not in told:
            detail = f"the plan ends at {package.version}, which is known to be unsafe: {', '.join(unsafe[pair][:3])}"
            yield Gap(subject=package.name, stage="advisories", reason="unsettled", detail=detail)


def _rows(matches: Iterable[AdvisoryMatch]) -> tuple[UnsafeRelease, ...]:
    ids: dict[Pair, set[str]] = {}
    for match in matches:
        ids.setdefault((match.name, match.version), set()).update(match.ids)
    return tuple(UnsafeRelease(name, version, tuple(sorted(known))) for (name, version), known in ids.items())
