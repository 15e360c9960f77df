"""A disagreement between ledgers, or between a ledger and an advisory or a policy."""

from __future__ import annotations

from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.location import Location
from steadypin.model.severity import Severity
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """So complete that a reporter only lays it out.

    `locations`: the first is primary. `remedy` is the next command or edit, "" where there is none to give. `about` is what
    else tells two findings of one rule and package apart (the requirement that is broken, the advisory's primary id, …); it
    goes into the fingerprint, while versions, lines and wording do not.
    """

    rule: str
    severity: Severity
    message: str
    package: str | None = None
    version: str | None = None
    locations: tuple[Location, ...] = ()
    remedy: str = ""
    about: str = ""
    advisory: AdvisoryMatch | None = None

    @property
    def fingerprint(self) -> str:
        """Stable across line moves, machines and releases of the same story: 16 hex digits over rule, package, file, `about`.

        Only a file of the project counts (a place with a line); the environment lies elsewhere on each machine.
        """
        import hashlib

        first = self.locations[0] if self.locations else None
        path = first.path if first and first.line is not None else ""
        parts = (self.rule, self.package or "", path, self.about)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Worst first, then by package and rule."""
        return (-self.severity, self.package or "", self.rule, self.about, self.version or "", self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A finding that a policy entry silenced, with the entry's reason and last day (ISO date), or that the baseline knows."""

    finding: Finding
    reason: str
    until: str | None = None
    in_baseline: bool = False
