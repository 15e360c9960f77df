"""What an upgrade comes to: the stages that are carried out, what is tried in each, what was kept and what is held. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from steadypin.model.gap import Gap
from steadypin.model.parse import satisfies_pin
from steadypin.model.plan import Stage
from steadypin.model.trial import Verdict
from steadypin.model.upgrade import Baseline, Held, Move, UpgradeResult
from steadypin.values import replace

Versions = Mapping[str, str]

_ON_TODAYS_PINS = {
    "failed": "tests fail on today's pins already",
    "collection-error": "tests cannot even be imported on today's pins",
    "timeout": "the tests do not end on today's pins",
    "signal": "the tests crash on today's pins",
    "no-tests": "no tests ran on today's pins",
}


def differences(before: Versions, after: Versions) -> tuple[str, ...]:
    """Names whose pins are not the same version, sorted."""
    names = sorted(before.keys() | after.keys())
    return tuple(name for name in names if not satisfies_pin(after.get(name), before.get(name)))


def chosen_stages(stages: tuple[Stage, ...], wanted: tuple[int, int] | None, *, at_once: bool) -> tuple[Stage, ...]:
    """The stages to carry out: all, those from the first `wanted` to the last, or the last one's lock as a single stage."""
    if at_once and stages:
        return (replace(stages[-1], number=1, title="everything at once"),)
    if wanted is None:
        return stages
    first, last = wanted
    return tuple(stage for stage in stages if stage.number <= last and (stage.number >= first or stage.number == 0))


def pins_of(stages: Iterable[Stage]) -> dict[str, str]:
    """The pins with which the last of the stages ends."""
    return {package.name: package.version for stage in tuple(stages)[-1:] for package in stage.lock}


def units_of(now: Versions, final: Versions, own: Collection[str] | None) -> tuple[str, ...]:
    """Names that are tried on their own: those of `own` (None: any) that move. Others follow whom they belong to."""
    moved = differences(now, final)
    return tuple(name for name in moved if name in now and name in final and (own is None or name in own))


def accounted(
    result: UpgradeResult, *, today: Versions, now: Versions, target: Versions, units: Iterable[str], because: Mapping[str, str]
) -> UpgradeResult:
    """The result with what moved from `today` to `now`, and why those of `units` that are short of the target are held."""
    moves = tuple(Move(name=name, before=today.get(name), after=now.get(name)) for name in differences(today, now))
    otherwise = (
        f"not decided: {result.stopped} ended the work" if result.stopped else "what it needs, or what needs it, is held"
    )
    held = tuple(
        Held(name=name, before=today[name], at=now[name], wanted=target[name], because=because.get(name, otherwise))
        for name in units
        if name in today
    )
    short = {item.name for item in held}
    kept = tuple(move for move in moves if move.name not in short)
    return replace(result, kept=kept, held=held, moved=moves, lock=tuple(sorted(now.items())))


def baseline_gap(baseline: Baseline) -> Gap:
    """Why nothing could be tried on top of a baseline that is not green."""
    flaky = baseline.verdict is Verdict.FLAKY
    what = "tests are flaky on today's pins" if flaky else _ON_TODAYS_PINS.get(baseline.outcome, "the tests fail")
    return Gap(subject="baseline", stage="trials", reason=baseline.outcome or "flaky", detail=what)
