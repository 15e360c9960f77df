"""What a rule is called, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Iterable

from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.severity import Severity
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule's identity.

    `id` is stable for ever; `severity` the default; `why`, `bad` and `good` are what `steadypin explain` tells.
    """

    id: str
    title: str
    severity: Severity
    why: str
    bad: str
    good: str

    def finding(
        self,
        message: str,
        *,
        package: str | None = None,
        version: str | None = None,
        at: Iterable[Location] = (),
        remedy: str = "",
        about: str = "",
    ) -> Finding:
        """A finding of this rule at its default severity."""
        return Finding(
            rule=self.id,
            severity=self.severity,
            message=message,
            package=package,
            version=version,
            locations=tuple(at),
            remedy=remedy,
            about=about,
        )
