"""Counts permits by plate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def by_town(plates: Iterable[str]) -> dict[str, int]:
    """How many plates each town has: the letters before the dash."""
    return dict(Counter(plate.partition("-")[0] for plate in plates))
