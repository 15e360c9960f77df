"""Plans in small worlds, each with one story."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from steadypin.comparison import compare
from steadypin.errors import Unsolvable
from steadypin.model.advisory import AdvisoryMatch
from steadypin.planning.goal import Goal, Grouping, Level
from steadypin.planning.plan import make_plan
from tests.support import ledgers
from tests.support.ledgers import TAKEN_AT
from tests.support.universe import Universe
from tests.unit.planning.planned import plan_in


def test_nothing_behind_is_an_empty_plan_of_two_runs():
    done = plan_in({"a": {"1.0": []}}, "a", pins={"a": "1.0"})
    assert done.plan.stages == () and done.plan.holds == ()
    assert done.plan.stats.resolver_runs == 2


def test_stages_go_from_small_to_large():
    world = {
        "patchy": {"1.0.0": [], "1.0.1": []},
        "minory": {"1.0": [], "1.4": []},
        "majory": {"1.0": [], "2.0": []},
        "pytest": {"8.0": [], "9.0": []},
    }
    done = plan_in(world, *world, pins={name: min(versions) for name, versions in world.items()})
    assert done.titles == ["build and test tools", "patch releases", "minor releases", "major: majory"]
    assert done.moves == [["pytest"], ["patchy"], ["minory"], ["majory"]]
    assert [stage.number for stage in done.plan.stages] == [1, 2, 3, 4]


def test_every_major_is_alone_and_0_x_counts_as_major():
    world = {name: {"1.0": [], "2.0": []} for name in "ab"} | {"zero": {"0.1": [], "0.2": []}}
    done = plan_in(world, *world, pins={"a": "1.0", "b": "1.0", "zero": "0.1"})
    assert sorted(done.moves) == [["a"], ["b"], ["zero"]]


def test_a_package_pinned_exactly_by_another_is_coupled_with_it():
    world = {
        "core": {"1.0": [], "2.0": []},
        "model": {"1.0": ["core==1.0"], "2.0": ["core==2.0"]},
    }
    done = plan_in(world, "model", pins={"core": "1.0", "model": "1.0"})
    (coupling,) = done.plan.couplings
    assert coupling.members == ("core", "model")
    assert coupling.because == ("model 1.0 requires core==1.0", "model 2.0 requires core==2.0")
    assert done.moves == [["core", "model"]]
    assert [change.coupled_with for change in done.plan.stages[0].changes] == [("model",), ("core",)]


def test_coupling_is_found_by_the_resolver_where_nobody_tells_requirements():
    world = {
        "core": {"1.0": [], "2.0": []},
        "model": {"1.0": ["core==1.0"], "2.0": ["core==2.0"]},
        "other": {"1.0": [], "2.0": []},
    }
    done = plan_in(world, "model", "other", pins={"core": "1.0", "model": "1.0", "other": "1.0"}, tells=False)
    assert ["core", "model"] in done.moves
    assert done.last == {"core": "2.0", "model": "2.0", "other": "2.0"}


def test_a_blocker_moves_before_what_it_blocks():
    world = {
        "blocked": {"1.0": [], "2.0": []},
        "blocker": {"1.0": ["blocked<2"], "2.0": []},
    }
    done = plan_in(world, "blocked", "blocker", pins={"blocked": "1.0", "blocker": "1.0"})
    assert done.moves == [["blocker"], ["blocked"]]


def test_what_is_needed_moves_before_what_needs_it():
    world = {
        "needed": {"1.0": [], "2.0": []},
        "asker": {"1.0": [], "2.0": ["needed>=2"]},
    }
    done = plan_in(world, "asker", "needed", pins={"needed": "1.0", "asker": "1.0"})
    assert done.moves == [["needed"], ["asker"]]


def test_a_patch_that_waits_for_a_major_goes_with_it():
    world = {
        "big": {"1.0": [], "2.0": []},
        "small": {"1.0.0": [], "1.0.1": ["big>=2"]},
        "free": {"1.0.0": [], "1.0.1": []},
    }
    done = plan_in(world, "big", "small", "free", pins={"big": "1.0", "small": "1.0.0", "free": "1.0.0"})
    assert done.moves == [["free"], ["big", "small"]]


def test_what_will_go_away_does_not_move_before():
    world = {
        "big": {"1.0": ["leaving"], "2.0": []},
        "leaving": {"1.0": [], "2.0": []},
        "small": {"1.0.0": [], "1.0.1": []},
    }
    done = plan_in(world, "big", "small", pins={"big": "1.0", "leaving": "1.0", "small": "1.0.0"})
    assert done.moves == [["small"], ["big", "leaving"]]
    assert [(c.name, c.kind) for c in done.plan.stages[1].changes] == [("big", "upgrade"), ("leaving", "remove")]


def test_a_cap_of_the_project_is_a_hold_that_names_its_line():
    world = {"capped": {"1.0": [], "1.5": [], "2.0": []}}
    done = plan_in(world, "capped<2", pins={"capped": "1.0"})
    assert done.last == {"capped": "1.5"}
    hold = done.hold("capped")
    assert (hold.at, hold.latest) == ("1.5", "2.0")
    (reason,) = hold.because
    assert (reason.kind, reason.by, reason.requirement) == ("requirement", "requirements.in:1", "capped<2")
    assert reason.release == "drop the <2 in requirements.in:1"


def test_a_chain_of_blockers_is_told_to_its_end():
    world = {
        "top": {"1.0": ["middle<2"], "2.0": ["middle"]},
        "middle": {"1.0": ["deep<2"], "2.0": ["deep"]},
        "deep": {"1.0": [], "2.0": []},
    }
    done = plan_in(world, "top<2", pins={"top": "1.0", "middle": "1.0", "deep": "1.0"})
    (reason,) = done.hold("deep").because
    assert (reason.kind, reason.by, reason.requirement) == ("requirement", "middle 1.0", "deep<2")
    assert "top → middle" in reason.release
    assert "middle is held itself: drop the <2 in requirements.in:1" in reason.release


def test_a_hold_that_nobody_explains_is_forced_and_the_refusal_is_the_reason():
    world = {
        "x": {"1.0": [], "2.0": ["y<2"]},
        "y": {"1.0": [], "2.0": []},
    }
    done = plan_in(world, "x==2.0", "y", pins={"x": "2.0", "y": "1.0"}, tells=False)
    (reason,) = done.hold("y").because
    assert (reason.kind, reason.by, reason.requirement) == ("requirement", "x 2.0", "y<2")


def test_a_trade_off_is_said_with_its_price():
    world = {
        "x": {"1.0": [], "2.0": ["y<2"]},
        "y": {"1.0": [], "2.0": []},
    }
    done = plan_in(world, "x", "y", pins={"x": "1.0", "y": "1.0"}, tells=False)
    (reason,) = done.hold("y").because
    assert (reason.kind, reason.by) == ("unsolvable", "x 2.0")
    assert reason.release == "possible at the price of x 1.0"


def test_what_a_plugin_requires_of_the_project_itself_is_not_brought_from_an_index():
    world = Universe({"mine": {"1.0": ["y<2"]}, "plugin": {"1.0": ["mine"], "2.0": ["mine"]}, "y": {"1.0": [], "2.0": []}})
    declared = [ledgers.declared("plugin"), ledgers.declared("y", line=2)]
    lock = ledgers.lock(ledgers.pin("plugin", "1.0"), ledgers.pin("y", "1.0"))
    facts = ledgers.facts(ledgers.manifest(*declared), lock, projects=world.projects())
    plan = make_plan(facts, replace(compare(facts), own=frozenset({"mine"})), world, Goal())
    assert {pin.name: pin.version for pin in plan.stages[-1].lock} == {"plugin": "2.0", "y": "2.0"}


def _flaw(name: str, version: str, *fixed: str) -> AdvisoryMatch:
    return AdvisoryMatch(name=name, version=version, primary=f"PYSEC-{name}", ids=(), records=(), fixed_in=fixed)


def test_security_comes_first_with_the_smallest_version_that_cures():
    world = {"weak": {"1.0": [], "1.1": [], "2.0": []}, "small": {"1.0.0": [], "1.0.1": []}}
    pins = {"weak": "1.0", "small": "1.0.0"}
    done = plan_in(world, "weak", "small", pins=pins, advisories=(_flaw("weak", "1.0", "1.1", "2.0"),))
    first = done.plan.stages[0]
    assert first.title == "security fixes"
    assert [(c.name, c.before, c.after, c.cures) for c in first.changes] == [("weak", "1.0", "1.1", ("PYSEC-weak",))]
    assert done.moves == [["weak"], ["small"], ["weak"]]
    assert done.last == {"weak": "2.0", "small": "1.0.1"}


def test_to_security_moves_nothing_else():
    world = {"weak": {"1.0": [], "1.1": [], "2.0": []}, "other": {"1.0": [], "2.0": []}}
    done = plan_in(
        world,
        "weak",
        "other",
        pins={"weak": "1.0", "other": "1.0"},
        advisories=(_flaw("weak", "1.0", "1.1"),),
        goal=Goal(level=Level.SECURITY),
    )
    assert done.last == {"weak": "1.1", "other": "1.0"}


def test_a_cure_that_does_not_fit_is_held_with_the_conflict():
    world = {"weak": {"1.0": [], "2.0": []}, "holder": {"1.0": ["weak<2"]}, "sick": {"1.0": [], "1.1": []}}
    done = plan_in(
        world,
        "weak",
        "holder",
        "sick",
        pins={"weak": "1.0", "holder": "1.0", "sick": "1.0"},
        advisories=(_flaw("weak", "1.0", "2.0"), _flaw("sick", "1.0", "1.1")),
        goal=Goal(level=Level.SECURITY),
    )
    assert done.last == {"weak": "1.0", "holder": "1.0", "sick": "1.1"}
    assert any(r.by == "holder 1.0" and r.requirement == "weak<2" for r in done.hold("weak").because)


@pytest.mark.parametrize(
    ("level", "last"), [(Level.PATCH, "1.2.9"), (Level.MINOR, "1.8.0"), (Level.LATEST, "3.0.0"), (Level.WANTED, "1.8.0")]
)
def test_levels(level: Level, last: str):
    world = {"a": {"1.2.3": [], "1.2.9": [], "1.8.0": [], "3.0.0": []}}
    cap = "a<2" if level is Level.WANTED else "a"
    assert plan_in(world, cap, pins={"a": "1.2.3"}, goal=Goal(level=level)).last == {"a": last}


def test_a_level_is_a_hold_of_policy_and_exceptions_win():
    world = {"a": {"1.0": [], "2.0": []}, "b": {"1.0": [], "2.0": []}}
    goal = Goal(level=Level.MINOR, levels=(("b", Level.LATEST),))
    done = plan_in(world, "a", "b", pins={"a": "1.0", "b": "1.0"}, goal=goal)
    assert done.last == {"a": "1.0", "b": "2.0"}
    assert [(reason.kind, reason.by) for reason in done.hold("a").because] == [("policy", "--to minor")]


def test_only_and_exclude():
    world = {name: {"1.0": [], "2.0": []} for name in "abc"}
    pins = dict.fromkeys("abc", "1.0")
    assert plan_in(world, *"abc", pins=pins, goal=Goal(only=("b",))).last == {**pins, "b": "2.0"}
    excluded = plan_in(world, *"abc", pins=pins, goal=Goal(exclude=("b",)))
    assert excluded.last == {"a": "2.0", "b": "1.0", "c": "2.0"}
    assert excluded.hold("b").because[0].by == "--exclude b"


def test_cooldown_holds_what_is_too_young_until_a_day():
    world = {"a": {f"{number}.0": [] for number in range(1, 4)}}  # 3.0 was released on 2010-03-01, 2.0 a month before
    days = (date.fromisoformat(TAKEN_AT[:10]) - date(2010, 2, 15)).days
    done = plan_in(world, "a", pins={"a": "1.0"}, goal=Goal(cooldown_days=days))
    assert done.last == {"a": "2.0"}
    (reason,) = done.hold("a").because
    assert (reason.kind, reason.until) == ("cooldown", (date(2010, 3, 1) + timedelta(days=days)).isoformat())


def test_the_cooldown_holds_for_what_comes_new():
    """fresh is not here yet: what asks for a release of it that is too young stays; what takes an older one may move."""
    world = Universe(
        {
            "asks": {"1.0": [], "2.0": ["fresh>=2"]},
            "takes": {"1.0": [], "2.0": ["fresh>=1"]},
            "fresh": {"1.0": [], "1.1": [], "2.0": []},
        }
    )
    days = (date.fromisoformat(TAKEN_AT[:10]) - date(2010, 2, 15)).days  # fresh 2.0 was released on 2010-03-01
    done = plan_in(
        world.releases,
        "asks",
        "takes",
        pins={"asks": "1.0", "takes": "1.0"},
        goal=Goal(cooldown_days=days),
        universe=world,
    )
    assert done.last == {"asks": "1.0", "takes": "2.0", "fresh": "1.1"}
    (reason,) = done.hold("asks").because
    assert (reason.kind, reason.requirement) == ("cooldown", "fresh>=2")
    assert reason.until == (date(2010, 3, 1) + timedelta(days=days)).isoformat()


def test_the_newest_release_that_was_yanked_is_said():
    world = Universe({"a": {"1.0": [], "2.0": []}})
    (project,) = world.projects()
    releases = (project.releases[0], project.releases[1]._replace(yanked="broken wheel"))
    facts = ledgers.facts(
        ledgers.manifest(ledgers.declared("a")),
        ledgers.lock(ledgers.pin("a", "1.0")),
        projects=(replace(project, releases=releases),),
    )
    del world.releases["a"]["2.0"]
    plan = make_plan(facts, compare(facts), world, Goal())
    (hold,) = plan.holds
    assert (hold.at, hold.latest) == ("1.0", "2.0")
    assert [(r.kind, r.by, r.requirement) for r in hold.because] == [("yanked", "broken wheel", "a==2.0")]


def test_repairs_are_stage_0():
    world = {"a": {"1.0": ["b>=2"]}, "b": {"1.0": [], "2.0": []}}
    done = plan_in(world, "a", "b", pins={"a": "1.0", "b": "1.0"})
    assert done.plan.stages[0].number == 0
    assert done.plan.stages[0].title == "repairs"
    assert [(c.name, c.after) for c in done.plan.stages[0].changes] == [("b", "2.0")]


def test_declarations_that_contradict_each_other_are_said_in_plain_words():
    world = {"a": {"1.0": ["b<2"]}, "b": {"1.0": [], "2.0": []}}
    with pytest.raises(Unsolvable, match=r"a==1.0 requires b<2"):
        plan_in(world, "a", "b>=2", pins={"a": "1.0", "b": "1.0"})


def test_max_stages_merges_the_least_risky():
    world = {name: {"1.0": [], "2.0": []} for name in "abcdef"}
    pins = dict.fromkeys(world, "1.0")
    for limit in (1, 2, 4):
        done = plan_in(world, *world, pins=pins, goal=Goal(max_stages=limit))
        assert len(done.plan.stages) == limit
        assert done.last == dict.fromkeys(world, "2.0")


def test_one_by_one_and_all_at_once():
    world = {"a": {"1.0.0": [], "1.0.1": []}, "b": {"1.0": [], "2.0": ["a>=1.0.1"]}, "c": {"1.0": [], "1.1": []}}
    pins = {"a": "1.0.0", "b": "1.0", "c": "1.0"}
    alone = plan_in(world, *world, pins=pins, goal=Goal(grouping=Grouping.PACKAGE))
    assert sorted(map(tuple, alone.moves)) == [("a",), ("b",), ("c",)]
    assert alone.moves.index(["a"]) < alone.moves.index(["b"])
    together = plan_in(world, *world, pins=pins, goal=Goal(grouping=Grouping.NONE))
    assert together.moves == [["a", "b", "c"]]
    assert together.plan.stats.resolver_runs == 2


def test_a_hand_written_pin_is_a_lock_and_may_move():
    from steadypin.model.locked import SourceFile

    world = Universe({"flask": {"2.1.1": [], "3.0": []}, "capped": {"1.0": [], "2.0": []}})
    file = SourceFile(
        path="requirements.txt",
        format="requirements",
        role="both",
        packages=(ledgers.pin("flask", "2.1.1"),),
        declared=(
            ledgers.declared("flask==2.1.1", path="requirements.txt"),
            ledgers.declared("capped<2", path="requirements.txt", line=2),
        ),
    )
    facts = ledgers.facts(file, projects=world.projects(), installed=(ledgers.installed("capped", "1.0"),))
    plan = make_plan(facts, compare(facts), world, Goal())
    assert [(c.name, c.before, c.after) for stage in plan.stages for c in stage.changes] == [("flask", "2.1.1", "3.0")]
    assert [hold.name for hold in plan.holds] == ["capped"]


def test_what_the_code_imports_weighs_more_and_is_said():
    from steadypin.model.code import CodeImport, CodeUse
    from steadypin.model.location import Location
    from steadypin.planning.standing import Names
    from steadypin.planning.uses import uses_of

    place = Location(path="app.py", line=1)
    code = CodeUse(
        imports=(
            CodeImport(name="a", location=place),
            CodeImport(name="a.sub", location=place),
            CodeImport(name="b", location=place, tests=True),
        )
    )
    uses = uses_of(code, Names(modules={"a": frozenset({"a"}), "b": frozenset({"b"})}))
    assert uses == {"a": 2}
    world = {"a": {"1.0": [], "2.0": []}, "b": {"1.0": [], "2.0": []}}
    done = plan_in(world, "a", "b", pins={"a": "1.0", "b": "1.0"}, goal=Goal(uses=uses))
    assert done.moves == [["b"], ["a"]]
    assert "imported here (2 modules)" in done.plan.stages[1].changes[0].why


def test_a_pre_release_is_no_way_to_raise_another_package():
    world = {
        "app": {"1.0": [], "1.1": ["helper<2"], "2.0rc1": []},
        "helper": {"1.0": [], "2.0": []},
    }
    done = plan_in(world, "app", "helper", pins={"app": "1.0", "helper": "1.0"})
    assert done.last["app"] != "2.0rc1"
    assert (
        plan_in(world, "app", "helper", pins={"app": "1.0", "helper": "1.0"}, goal=Goal(prereleases=("app",))).last["app"]
        == "2.0rc1"
    )
