"""Constraints that keep a stage between the pins before it and the pins that the plan ends with.

The last pins satisfy all of them, so a question that is bounded in this way always has an answer, and no stage can go back
behind an earlier one or beyond the goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.version import Version

from steadypin.model import parse


def exactly(name: str, version: str) -> str:
    """The pin itself, with its local label."""
    return f"{name}=={version}"


def at_least(name: str, version: str) -> str:
    """No lower than a version. Ordered comparison knows no local labels (PEP 440)."""
    return f"{name}>={_public(version)}"


def between(name: str, one: str, other: str) -> str:
    """No further than the two versions, whichever is the higher."""
    low, high = sorted((one, other), key=_order)
    return exactly(name, one) if one == other else f"{name}>={_public(low)},<={_public(high)}"


def corridor(
    now: Mapping[str, str], final: Mapping[str, str], *, frozen: Iterable[str], exempt: Iterable[str]
) -> Iterator[str]:
    """One constraint per name: `frozen` names stay, the others may go as far as their last pin.

    `exempt` names have constraints of their own. A name that comes or goes is bounded by the one side that has it, from above
    where it comes and not at all where it goes.
    """
    still, apart = frozenset(frozen), frozenset(exempt)
    for name in sorted({*now, *final} - apart):
        if name in now and name in still:
            yield exactly(name, now[name])
        elif name in now and name in final:
            yield between(name, now[name], final[name])
        elif name in final:
            yield f"{name}<={_public(final[name])}"


def higher(one: str, other: str) -> bool:
    """Whether one version is above the other."""
    return _order(one) > _order(other)


def same(one: str | None, other: str | None) -> bool:
    """Whether two texts are one version (PEP 440: 1.0 is 1.0.0); None is only None."""
    if one is None or other is None:
        return one is other
    return one == other or (_order(one) == _order(other) and parse.version(one) is not None)


def _order(text: str) -> Version:
    return parse.version(text) or Version("0")


def _public(text: str) -> str:
    parsed = parse.version(text)
    return text if parsed is None else parsed.public
