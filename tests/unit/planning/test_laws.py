"""Laws that hold for every plan, in random worlds of small packages."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.errors import Unsolvable
from steadypin.planning.bounds import higher
from steadypin.planning.goal import Goal, Grouping, Level
from tests.support.universe import Universe
from tests.unit.planning.planned import Planned, plan_in

VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0", "3.0.0")


@st.composite
def puzzles(draw: st.DrawFn) -> tuple[Universe, tuple[str, ...], dict[str, str]]:
    """A world, a project's requirements, and pins that fit today."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    names = [f"p{i}" for i in range(draw(st.integers(2, 6)))]
    tells = draw(st.booleans())
    releases: dict[str, dict[str, list[str]]] = {}
    for place, name in enumerate(names):
        releases[name] = {}
        for version in sorted(rng.sample(VERSIONS, rng.randint(1, 4))):
            others = rng.sample(names[:place], rng.randint(0, min(2, place)))
            releases[name][version] = [f"{other}{_specifier(rng)}" for other in others]
    world = Universe(releases, tells=tells)
    requirements = tuple(f"{name}{_specifier(rng, often_any=True)}" for name in names if rng.random() < 0.7) or (names[-1],)
    pins = _pins_that_fit(world, requirements, rng)
    return world, requirements, pins


def _specifier(rng: random.Random, *, often_any: bool = False) -> str:
    if often_any and rng.random() < 0.7:
        return ""
    kind = rng.choice(("", "<", ">=", "==", "~="))
    return f"{kind}{rng.choice(VERSIONS[1:])}" if kind else ""


def _pins_that_fit(world: Universe, requirements: tuple[str, ...], rng: random.Random) -> dict[str, str]:
    from steadypin.model.resolution import Question

    wished = tuple((name, rng.choice(sorted(versions))) for name, versions in world.releases.items())
    answer = world.resolve(Question(requirements=requirements, pins=wished))
    world.asked.clear()
    return answer.versions


def _plan(puzzle: tuple[Universe, tuple[str, ...], dict[str, str]], goal: Goal) -> Planned | None:
    world, requirements, pins = puzzle
    if not pins:
        return None
    try:
        return plan_in(world.releases, *requirements, pins=pins, goal=goal, universe=world)
    except Unsolvable:
        raise AssertionError("pins that fit were called unsolvable") from None


goals = st.builds(
    Goal,
    level=st.sampled_from([Level.LATEST, Level.MINOR, Level.PATCH, Level.WANTED]),
    grouping=st.sampled_from(list(Grouping)),
    max_stages=st.integers(1, 6),
)
relaxed = settings(max_examples=60, deadline=None)


@relaxed
@given(puzzles(), goals)
def test_every_stage_is_a_lock_that_fits(puzzle, goal):
    done = _plan(puzzle, goal)
    for stage in done.plan.stages if done else ():
        assert done.universe.fits({p.name: p.version for p in stage.lock}, done.requirements)


@relaxed
@given(puzzles(), goals)
def test_no_stage_undoes_an_earlier_one(puzzle, goal):
    done = _plan(puzzle, goal)
    if done is None:
        return
    before = dict(done.plan.base)
    for stage in done.plan.stages:
        after = {p.name: p.version for p in stage.lock}
        assert not any(higher(before[name], after[name]) for name in before.keys() & after.keys())
        assert {c.name for c in stage.changes} == {n for n in {*before, *after} if before.get(n) != after.get(n)}
        before = after


@relaxed
@given(puzzles(), st.sampled_from(list(Grouping)))
def test_no_candidate_is_lost(puzzle, grouping):
    """What is behind its newest release moves in a stage or is held; what is held has a reason."""
    done = _plan(puzzle, Goal(grouping=grouping))
    if done is None:
        return
    held = {hold.name for hold in done.plan.holds}
    for name in done.last.keys() & dict(done.plan.base).keys():
        version = done.last[name]
        newest = max(done.universe.releases[name], key=lambda text: tuple(map(int, text.split("."))))
        assert (version != newest) == (name in held)
    assert all(hold.because for hold in done.plan.holds)


@relaxed
@given(puzzles(), goals)
def test_the_last_stage_is_everything_at_once(puzzle, goal):
    done = _plan(puzzle, goal)
    if done is None:
        return
    at_once = _plan(puzzle, Goal(level=goal.level, grouping=Grouping.NONE))
    assert done.last == at_once.last


@relaxed
@given(puzzles(), goals)
def test_runs_are_bounded(puzzle, goal):
    done = _plan(puzzle, goal)
    if done is None:
        return
    moves = {c.name for stage in done.plan.stages for c in stage.changes}
    stages = len(done.plan.stages)
    held = len(done.plan.holds)
    assert (
        done.plan.stats.resolver_runs <= 2 + min(goal.max_stages, len(moves) or 1) + max(stages, 4) + 2 * held.bit_length() + 1
    )
    if goal.grouping is not Grouping.PACKAGE:
        assert stages <= goal.max_stages + 1  # stage 0 repairs


@relaxed
@given(puzzles(), goals)
def test_the_same_facts_and_answers_give_the_same_plan(puzzle, goal):
    first, second = _plan(puzzle, goal), _plan(puzzle, goal)
    assert first is None or first.plan == second.plan
