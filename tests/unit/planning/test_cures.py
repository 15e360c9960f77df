"""The fewest moves that leave the fewest flaws, held against trying every set of versions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.model.advisory import AdvisoryMatch, UnsafeRelease
from steadypin.planning.goal import Goal, Level
from tests.support.dangers import VERSIONS, Unsafe, danger
from tests.unit.planning.planned import Planned, plan_in

FREE: dict[str, list[str]] = {version: [] for version in VERSIONS}
SECURITY = Goal(level=Level.SECURITY)


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


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32).map(danger))
def test_no_other_set_of_versions_has_fewer_flaws_or_as_few_with_fewer_moves(found):
    if not found.pins:
        return
    done = secured(found.world.releases, *found.requirements, pins=found.pins, unsafe=found.unsafe, universe=found.world)
    assert found.fits(done.last)
    assert found.price(done.last) == found.best()
    assert {hold.name for hold in done.plan.holds if hold.flaws} >= found.lasting(done.last)
    for change in (change for stage in done.plan.stages for change in stage.changes):
        assert bool(change.flaws) == any(change.after in versions for versions in found.unsafe.get(change.name, {}).values())
    assert all(hold.because for hold in done.plan.holds)
