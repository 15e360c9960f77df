"""Drafts made into stages: each one's complete lock is solved by the resolver on top of the lock before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from steadypin.model.resolution import Question, Required, Resolution, ResolvedPackage
from steadypin.planning.bounds import corridor, exactly
from steadypin.planning.resolver import Resolver
from steadypin.planning.stages import Draft
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One solved draft: pins before and after."""

    draft: Draft
    before: Mapping[str, str]
    lock: tuple[ResolvedPackage, ...]
    requires: tuple[Required, ...] = ()

    @property
    def after(self) -> dict[str, str]:
        return {package.name: package.version for package in self.lock}


def solve_drafts(
    question: Question,
    start: Mapping[str, str],
    target: Resolution,
    drafts: Iterable[Draft],
    ask: Resolver,
    *,
    tell: Callable[[str], None],
) -> list[Step]:
    """One step per draft that moves anything, the last of them ending with the pins of the target.

    A draft that cannot be solved alone is moved together with the next one. The last needs no question: its answer is the
    target itself.
    """
    final = target.versions
    now, freed, steps, carried = dict(start), set[str](), list[Step](), frozenset[str]()
    pending = list(drafts)
    for number, draft in enumerate(pending, 1):
        draft = replace(draft, names=draft.names | carried)
        freed |= draft.names
        if number == len(pending):
            step: Step | None = _step(draft, now, target)
        else:
            tell(f"stage {number} of {len(pending)}: {draft.title}")
            step = _solve(question, now, final, draft, frozenset(freed), ask)
        carried = frozenset() if step else draft.names
        if step and step.after != now:
            steps.append(step)
            now = step.after
    return steps


def _solve(
    question: Question, now: Mapping[str, str], final: Mapping[str, str], draft: Draft, freed: frozenset[str], ask: Resolver
) -> Step | None:
    """A forced draft moves its own names all the way and takes along what must; any other moves only what is free."""
    forced = {name: final[name] for name in draft.names if draft.forced and name in final}
    frozen = _still(now, final) if draft.forced else frozenset(now.keys() - freed)
    asked = replace(
        question,
        pins=_soft(now, frozen | forced.keys()),
        upgrade=tuple(sorted(freed)),
        constraints=(
            *question.constraints,
            *corridor(now, final, frozen=frozen, exempt=forced),
            *(exactly(name, forced[name]) for name in sorted(forced)),
        ),
    )
    return _asked_twice(draft, now, final, asked, ask, whole=not draft.forced)


def _asked_twice(
    draft: Draft, now: Mapping[str, str], goal: Mapping[str, str], asked: Question, ask: Resolver, *, whole: bool
) -> Step | None:
    """The step as earlier answers know it; asked anew where that stops half way, for then it may know too little.

    `whole`: the draft's own names have to reach their goal.
    """
    first = ask.resolve(replace(asked, seen=True))
    step = _step(draft, now, first)
    if step is not None and first.from_seen and _stops_half_way(step, goal, draft.names if whole else frozenset()):
        return _step(draft, now, ask.resolve(asked))
    return step


def _soft(now: Mapping[str, str], hard: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Preferences for what no constraint pins already. (To prefer what is demanded says nothing, and uv, given several
    indexes, may then look for that version on the wrong one.)
    """
    return tuple(sorted((name, version) for name, version in now.items() if name not in hard))


def _stops_half_way(step: Step, goal: Mapping[str, str], names: frozenset[str]) -> bool:
    """Whether something stands neither where it stood nor where it shall end, or one of `names` not where it shall end."""
    after = step.after
    between_both = any(
        version not in (step.before.get(name), goal.get(name)) for name, version in after.items() if name in goal
    )
    return between_both or any(name in after and after[name] != goal.get(name) for name in names)


def _still(now: Mapping[str, str], final: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in now if final.get(name) == now[name])


def _step(draft: Draft, before: Mapping[str, str], resolution: Resolution) -> Step | None:
    """The answer as a step; None where the resolver found no solution although the final pins are one."""
    if not resolution.solved:
        return None
    return Step(draft=draft, before=before, lock=resolution.packages, requires=resolution.requires)
