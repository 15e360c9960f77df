"""What every source of advisories answers, so that an audit does not know which one it asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from steadypin.model.advisory import AdvisoryMatch, WithdrawnRecord
from steadypin.model.gap import Gap
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """For every pair asked: its matches, or a gap, or (neither) the knowledge that nothing applies.

    `as_of` is the time of the data (ISO, UTC), None where the source does not say.
    """

    matches: tuple[AdvisoryMatch, ...] = ()
    gaps: tuple[Gap, ...] = ()
    withdrawn: tuple[WithdrawnRecord, ...] = ()
    as_of: str | None = None


class AdvisorySource(Protocol):
    """The local database, the OSV service, the index's own list."""

    def lookup(self, packages: Iterable[tuple[str, str]]) -> Answer:
        """What applies to the (normalised name, version) pairs; each pair once, in any order."""
