"""The fewest moves that leave the fewest flaws, held against trying every set of versions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.model.advisory import AdvisoryMatch, UnsafeRelease
from steadypin.model.parse import normalise, requirement
from steadypin.model.resolution import Question
from steadypin.planning.goal import Goal, Level
from tests.support.universe import Universe
from tests.unit.planning.planned import Planned, plan_in

VERSIONS = ("1.0", "1.1", "2.0", "3.0")
FREE: dict[str, list[str]] = {version: [] for version in VERSIONS}
SECURITY = Goal(level=Level.SECURITY)
Unsafe = dict[str, dict[str, tuple[str, ...]]]
"""Versions that are unsafe by name and advisory id."""


def flaws_of(unsafe: Unsafe, pins: dict[str, str]) -> dict[str, tuple[object, ...]]:
    """What the advisories say of these pins and of every release."""
    matches = tuple(
        AdvisoryMatch(name=name, version=pins[name], primary=key, ids=(key, f"CVE-{key}"), records=(key,))
        for name, flaws in unsafe.items()
        for key, versions in flaws.items()
        if pins.get(name) in versions
    )
    rows = tuple(
        UnsafeRelease(name, version, tuple(sorted(ids)))
        for name, flaws in unsafe.items()
        for version in VERSIONS
        if (ids := {key for key, versions in flaws.items() if version in versions})
    )
    return {"advisories": matches, "unsafe": rows}


def secured(world, *requirements, pins, unsafe: Unsafe, goal: Goal = SECURITY, **more) -> Planned:
    return plan_in(world, *requirements, pins=pins, goal=goal, **flaws_of(unsafe, pins), **more)


def test_a_branch_that_is_vulnerable_again_is_no_cure():
    """As urllib3: cured in 1.26.17 and in 2.0.6, and 2.0.3 lies above the first and is vulnerable."""
    world = {"lib": {"1.0": [], "1.1": [], "2.0": [], "3.0": []}, "user": {"1.0": ["lib!=1.1"]}}
    done = secured(world, "user", pins={"lib": "1.0", "user": "1.0"}, unsafe={"lib": {"A": ("1.0", "2.0")}})
    assert done.last == {"lib": "3.0", "user": "1.0"}
    (change,) = done.plan.stages[0].changes
    assert change.cures == ("A",) and done.titles == ["security fixes"] and done.plan.holds == ()


def test_the_smallest_release_that_cures_all_flaws_at_once():
    world = {"lib": FREE}
    unsafe = {"lib": {"A": ("1.0",), "B": ("1.0", "1.1")}}
    done = secured(world, "lib", pins={"lib": "1.0"}, unsafe=unsafe)
    assert done.last == {"lib": "2.0"} and done.plan.stages[0].changes[0].cures == ("A", "B")


def test_half_a_cure_is_taken_where_the_whole_one_is_refused():
    world = {"lib": FREE, "user": {"1.0": ["lib<2"]}}
    unsafe = {"lib": {"A": ("1.0",), "B": ("1.0", "1.1")}}
    done = secured(world, "user", pins={"lib": "1.0", "user": "1.0"}, unsafe=unsafe)
    assert done.last["lib"] == "1.1" and done.plan.stages[0].changes[0].cures == ("A",)
    assert any((r.kind, r.by, r.requirement) == ("requirement", "user 1.0", "lib<2") for r in done.hold("lib").because)


def test_who_blocks_a_cure_moves_along_and_nobody_else():
    world = {
        "weak": {"1.0": [], "2.0": []},
        "blocker": {"1.0": ["weak<2"], "2.0": ["weak"]},
        "idle": {"1.0": [], "2.0": []},
    }
    pins = dict.fromkeys(world, "1.0")
    done = secured(world, *world, pins=pins, unsafe={"weak": {"A": ("1.0",)}})
    assert done.last == {"weak": "2.0", "blocker": "2.0", "idle": "1.0"}
    assert len(done.plan.stages) == 1 and done.plan.stats.resolver_runs <= 4


def test_who_only_moves_along_takes_no_bigger_step_than_it_must():
    versions = {"1.0": ["weak<2"], "1.5": ["weak"], "2.0": ["weak"]}
    world = {"weak": {"1.0": [], "2.0": []}, "blocker": versions, "rigid": {"1.0": ["weak<2"], "2.0": ["weak"]}}
    done = secured(world, *world, pins=dict.fromkeys(world, "1.0"), unsafe={"weak": {"A": ("1.0",)}})
    assert done.last == {"weak": "2.0", "blocker": "1.5", "rigid": "2.0"}


def test_what_nobody_cures_goes_where_somebody_can_do_without_it():
    """As py, which went when pytest moved."""
    world = {"runner": {"1.0": ["old"], "2.0": []}, "old": {"1.0": []}, "other": {"1.0": ["worn"]}, "worn": {"1.0": []}}
    pins = dict.fromkeys(world, "1.0")
    done = secured(world, "runner", "other", pins=pins, unsafe={"old": {"A": ("1.0",)}, "worn": {"B": ("1.0",)}})
    assert done.last == {"runner": "2.0", "other": "1.0", "worn": "1.0"}
    assert [(c.name, c.kind, c.cures) for c in done.plan.stages[0].changes if c.cures] == [("old", "remove", ("A",))]
    assert any(r.by == "B" and "no release cures it" in r.release for r in done.hold("worn").because)


def test_nothing_moves_to_a_release_with_a_new_flaw():
    world = {"lib": FREE}
    done = secured(world, "lib", pins={"lib": "1.0"}, unsafe={"lib": {"A": ("3.0",)}}, goal=Goal())
    assert done.last == {"lib": "2.0"}
    (reason,) = done.hold("lib").because
    assert (reason.kind, reason.by) == ("policy", "A") and "3.0" in reason.release


def test_a_cure_is_excepted_from_the_cooldown():
    world = {"lib": {"1.0": [], "1.1": []}, "other": {"1.0": [], "2.0": []}}
    pins = {"lib": "1.0", "other": "1.0"}
    done = secured(world, *world, pins=pins, unsafe={"lib": {"A": ("1.0",)}}, goal=Goal(cooldown_days=9999))
    assert done.last == {"lib": "1.1", "other": "1.0"}


def test_excluded_and_not_named_packages_are_not_cured():
    world = {"lib": {"1.0": [], "2.0": []}, "other": {"1.0": [], "2.0": []}}
    pins = {"lib": "1.0", "other": "1.0"}
    unsafe = {"lib": {"A": ("1.0",)}, "other": {"B": ("1.0",)}}
    for goal in (Goal(level=Level.SECURITY, exclude=("lib",)), Goal(level=Level.SECURITY, only=("other",))):
        done = secured(world, *world, pins=pins, unsafe=unsafe, goal=goal)
        assert done.last == {"lib": "1.0", "other": "2.0"}
        assert done.hold("lib").because[0].kind == "policy"


@st.composite
def dangers(draw: st.DrawFn) -> tuple[Universe, tuple[str, ...], dict[str, str], Unsafe]:
    """A small world, a project that stands in it today, and flaws in branches of releases."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    names = [f"p{i}" for i in range(rng.randint(2, 4))]
    releases: dict[str, dict[str, list[str]]] = {}
    for place, name in enumerate(names):
        versions = sorted(rng.sample(VERSIONS, rng.randint(1, 4)))
        releases[name] = {version: list(_asks(rng, names[:place])) for version in versions}
    world = Universe(releases)
    requirements = tuple(name for name in names if rng.random() < 0.6) or (names[-1],)
    wished = tuple((name, min(versions)) for name, versions in releases.items())
    pins = world.resolve(Question(requirements=requirements, pins=wished)).versions
    unsafe = {
        name: {f"{name}-{n}": tuple(rng.sample(VERSIONS, rng.randint(1, 3))) for n in range(rng.randint(0, 2))}
        for name in names
    }
    return world, requirements, pins, unsafe


def _asks(rng: random.Random, others: list[str]) -> Iterator[str]:
    for other in rng.sample(others, rng.randint(0, min(2, len(others)))):
        yield f"{other}{rng.choice(('', '<', '>=', '==', '!=')) or '>='}{rng.choice(VERSIONS)}"


@settings(max_examples=150, deadline=None)
@given(dangers())
def test_no_other_set_of_versions_has_fewer_flaws_or_as_few_with_fewer_moves(danger):
    world, requirements, pins, unsafe = danger
    if not pins:
        return
    done = secured(world.releases, *requirements, pins=pins, unsafe=unsafe, universe=world)
    assert world.fits(done.last, requirements)
    assert _price(done.last, pins, unsafe) == min(_price(end, pins, unsafe) for end in _ends(world, requirements, pins))
    lasting = {
        name
        for name, flaws in unsafe.items()
        for versions in flaws.values()
        if name in pins and pins[name] in versions and done.last.get(name) in versions
    }
    assert {hold.name for hold in done.plan.holds if hold.flaws} >= lasting
    for change in (change for stage in done.plan.stages for change in stage.changes):
        assert bool(change.flaws) == any(change.after in versions for versions in unsafe.get(change.name, {}).values())
    assert all(hold.because for hold in done.plan.holds)


def _ends(world: Universe, requirements: tuple[str, ...], pins: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every set of versions that fits, holds what is needed and nothing else, and lowers nothing."""
    names = sorted(world.releases)
    for versions in product(*((None, *(v for v in world.releases[n] if v >= pins.get(n, ""))) for n in names)):
        end = {name: version for name, version in zip(names, versions, strict=True) if version}
        if world.fits(end, requirements) and end.keys() == _needed(world, requirements, end):
            yield end


def _needed(world: Universe, requirements: tuple[str, ...], end: dict[str, str]) -> set[str]:
    pending, found = list(requirements), set()
    while pending:
        name = normalise(requirement(pending.pop()).name)
        if name not in found:
            found.add(name)
            pending += world.releases[name][end[name]]
    return found


def _price(end: dict[str, str], pins: dict[str, str], unsafe: Unsafe) -> tuple[int, int]:
    """Flaws that are left or new, then moves: what changes, and what goes because of its flaws."""
    left = sum(_flaws(unsafe, name, version, pins.get(name, "")) for name, version in end.items())
    changed = sum(1 for name, version in pins.items() if end.get(name, version) != version)
    gone = sum(1 for name, version in pins.items() if name not in end and _flaws(unsafe, name, version, version))
    return left, changed + gone


def _flaws(unsafe: Unsafe, name: str, version: str, before: str) -> int:
    here = [versions for versions in unsafe.get(name, {}).values() if version in versions]
    return sum(1 for versions in here if before in versions) + any(before not in versions for versions in here)
