"""Thirty random worlds of small wheels on a real index, planned with the real uv: the laws hold there too."""

from __future__ import annotations

import platform
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from steadypin.comparison import compare
from steadypin.model.facts import Facts
from steadypin.model.plan import Plan, Reason
from steadypin.planning.bounds import higher
from steadypin.planning.goal import Goal
from steadypin.planning.plan import make_plan
from steadypin.planning.resolver import Resolver
from steadypin.resolution.choose import Circumstances, choose
from tests.support import ledgers
from tests.support.index_server import Rel, TestIndex
from tests.support.universe import Universe, draw

SEEDS = range(31)  # in one of them nothing fits
VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0", "3.0.0")


@dataclass(frozen=True, kw_only=True)
class Puzzle:
    """A world, what the project asks of it, and pins that fit today."""

    world: Universe
    requirements: tuple[str, ...]
    pins: dict[str, str]

    @property
    def facts(self) -> Facts:
        declared = [ledgers.declared(text, line=line) for line, text in enumerate(self.requirements, 1)]
        lock = ledgers.lock(*(ledgers.pin(name, version) for name, version in self.pins.items()))
        target = replace(ledgers.LINUX_312, python=platform.python_version())  # for another, uv would look for an interpreter
        return ledgers.facts(ledgers.manifest(*declared), lock, projects=self.world.projects(), target=target)


def puzzle(seed: int) -> Puzzle:
    rng = random.Random(seed)
    names = [f"s{seed}-p{place}" for place in range(rng.randint(3, 7))]
    world, requirements, pins = draw(rng, names, VERSIONS, least=2, operators=(">=", "<", "==", "~=", "!="))
    return Puzzle(world=world, requirements=requirements, pins=pins)


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Resolver, str]]:
    packages = {
        name: [Rel(version, requires=requires) for version, requires in versions.items()]
        for seed in SEEDS
        for name, versions in puzzle(seed).world.releases.items()
    }
    cache: Path = tmp_path_factory.mktemp("uv")
    with TestIndex(packages) as served:
        yield choose("uv", Circumstances(folder=cache, cache_dir=cache)), served.url


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_of_a_plan(seed: int, resolver: tuple[Resolver, str]) -> None:
    solver, url = resolver
    posed = puzzle(seed)
    if not posed.pins:
        pytest.skip("nothing fits in this world")
    facts = posed.facts
    plan = make_plan(facts, compare(facts), solver, Goal(options=("--index-url", url)))
    assert_stages_fit_and_go_forward(plan, posed)
    last = {package.name: package.version for package in plan.stages[-1].lock} if plan.stages else posed.pins
    held = {hold.name: hold for hold in plan.holds}
    for name in last.keys() & posed.pins.keys():
        newest = max(posed.world.releases[name], key=VERSIONS.index)
        assert (last[name] != newest) == (name in held)
    assert all(hold.because for hold in plan.holds)
    assert all(is_true(reason, posed.world) for hold in plan.holds for reason in hold.because if reason.kind == "requirement")
    assert plan.stats.resolver_runs <= 3 + 2 * len(plan.stages) + 2 * len(held).bit_length()


def is_true(reason: Reason, world: Universe) -> bool:
    """Whether what a release asks for that the reason names ("p 1.0", or a range of releases) comes to no more than that.

    uv leaves out of its premises what other packages have ruled out already, and bounds beyond which there is no release.
    """
    by, asked = Requirement(reason.by.replace(" ", "==")), Requirement(reason.requirement)
    releases = world.releases[by.name].items()
    texts = [Requirement(text) for version, requires in releases if by.specifier.contains(version) for text in requires]
    there_are = world.releases[asked.name]
    return any(text.name == asked.name and implies(text, asked, there_are) for text in texts)


def implies(one: Requirement, other: Requirement, versions: Iterable[str]) -> bool:
    """Whether the other admits each version that the one does."""
    return all(other.specifier.contains(version) for version in versions if one.specifier.contains(version))


def assert_stages_fit_and_go_forward(plan: Plan, posed: Puzzle) -> None:
    before = dict(posed.pins)
    for stage in plan.stages:
        after = {package.name: package.version for package in stage.lock}
        assert posed.world.fits(after, posed.requirements)
        assert not any(higher(before[name], after[name]) for name in before.keys() & after.keys())
        assert {change.name for change in stage.changes} == {n for n in {*before, *after} if before.get(n) != after.get(n)}
        before = after
