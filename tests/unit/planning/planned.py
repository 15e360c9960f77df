"""Plans made in a universe, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steadypin.comparison import compare
from steadypin.model.advisory import AdvisoryMatch, UnsafeRelease
from steadypin.model.facts import Facts
from steadypin.model.plan import Hold, Plan
from steadypin.model.policy import Policy
from steadypin.planning.goal import Goal
from steadypin.planning.plan import make_plan
from tests.support import ledgers
from tests.support.universe import Releases, Universe


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan with the world that it was made in."""

    plan: Plan
    universe: Universe
    facts: Facts
    requirements: tuple[str, ...]

    @property
    def moves(self) -> list[list[str]]:
        """Names that change, stage by stage."""
        return [[change.name for change in stage.changes] for stage in self.plan.stages]

    @property
    def titles(self) -> list[str]:
        return [stage.title for stage in self.plan.stages]

    @property
    def last(self) -> dict[str, str]:
        """The pins that the plan ends with."""
        if self.plan.stages:
            return {package.name: package.version for package in self.plan.stages[-1].lock}
        return dict(self.plan.base)

    def hold(self, name: str) -> Hold:
        (found,) = [hold for hold in self.plan.holds if hold.name == name]
        return found


def plan_in(
    releases: Releases,
    *requirements: str,
    pins: Mapping[str, str],
    goal: Goal | None = None,
    advisories: tuple[AdvisoryMatch, ...] = (),
    unsafe: tuple[UnsafeRelease, ...] = (),
    tells: bool = True,
    policy: Policy | None = None,
    universe: Universe | None = None,
) -> Planned:
    """The plan of a project that declares `requirements` in requirements.in (line by line) and has `pins` in its lock."""
    world = universe or Universe(releases, tells=tells)
    declared = [ledgers.declared(text, line=line) for line, text in enumerate(requirements, 1)]
    facts = ledgers.facts(
        ledgers.manifest(*declared),
        ledgers.lock(*(ledgers.pin(name, version) for name, version in pins.items())),
        projects=world.projects(),
        advisories=advisories,
        unsafe=unsafe,
    )
    comparison = compare(facts, policy or Policy())
    plan = make_plan(facts, comparison, world, goal or Goal())
    return Planned(plan=plan, universe=world, facts=facts, requirements=requirements)
