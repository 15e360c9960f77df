"""What an install was asked for, and whether a marker of a lock holds under it."""

from __future__ import annotations

import re

from steadypin.model.target import Target
from steadypin.values import dataclass

_QUOTED = r"""["']([^"']+)["']"""
_EXTRA = r"""\bextra\s*(==|!=)\s*("[^"]*"|'[^']*')"""
_MEMBERSHIP = {"==": "in", "!=": "not in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The extras and groups that an install was asked for."""

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def holds_somehow(marker: str | None, target: Target) -> bool:
    """Whether a marker can hold on the target, with some choice of extras and groups."""
    if marker is None or target.applies(marker):
        return True
    if "extra" not in marker and "dependency_groups" not in marker:
        return False
    names = re.findall(_QUOTED, marker)
    return target.applies(marker, extras=("", *names), groups=names)


def holds(marker: str | None, target: Target, selection: Selection) -> bool:
    """Whether a marker holds with these extras and groups, all of them at once.

    In a lock `extra == "x"` asks whether x is among the chosen ones, as `"x" in extras` does (PEP 751), so that
    `extra == "x" and extra != "y"` fails where both are chosen.
    """
    if marker is None:
        return True
    if "extra" in marker:
        marker = re.sub(_EXTRA, lambda found: f"{found[2]} {_MEMBERSHIP[found[1]]} extras", marker)
    return target.applies(marker, extras=("", *sorted(selection.extras)), groups=selection.groups)
