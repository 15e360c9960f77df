"""What came of installing a lock into a fresh environment."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`differences` are sentences, none where the fresh ledger equals what was pinned."""

    installer: str
    installed: int
    differences: tuple[str, ...] = ()
