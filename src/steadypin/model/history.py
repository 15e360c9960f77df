"""What is kept of an audit: one line, so that time can be seen."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """The numbers of one audit. `taken_at` is its time (ISO 8601, UTC); None is what was not known then.

    `packages` are all, `drifted`, `unsafe`, `outdated`, `can_move` and `held` those of which it is true; `findings` are all,
    `failing` those at or above the threshold of that day. `libyears` and `releases_behind` are sums.
    """

    taken_at: str
    packages: int
    findings: int = 0
    failing: int = 0
    gaps: int = 0
    drifted: int | None = None
    unsafe: int | None = None
    outdated: int | None = None
    can_move: int | None = None
    held: int | None = None
    libyears: float | None = None
    releases_behind: int | None = None
    label: str = ""
