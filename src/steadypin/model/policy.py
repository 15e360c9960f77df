"""What a team has decided about findings."""

from __future__ import annotations

from steadypin.model.location import Location
from steadypin.model.severity import Severity
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """`[[tool.steadypin.ignore]]`: rule and package (None matches any) or advisory id, a reason, and an ISO date after which
    it no longer holds. `path` is a pattern for the file or environment that a finding speaks of.
    """

    reason: str
    rule: str | None = None
    package: str | None = None
    versions: str | None = None
    advisory: str | None = None
    until: str | None = None
    path: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Severities by rule, the threshold that fails, and limits; days are whole days.

    `severities` maps rule ids to a severity or to None ("off"). `max_age_days` is how old an installed release may be,
    `max_advisory_age_days` how old the advisories that an environment is judged by. `exact` counts as drift what no lock is
    meant to hold, `no_dev` only what groups and extras bring that were not chosen.
    """

    fail_on: Severity = Severity.MEDIUM
    severities: tuple[tuple[str, Severity | None], ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    max_age_days: int = 730
    max_advisory_age_days: int = 30
    cooldown_days: int = 0
    exact: bool = False
    no_dev: bool = False
    require_hashes: bool = False
    allowed_indexes: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    allow_vcs: bool = True
    allow_editable: bool = True
    prereleases: tuple[str, ...] = ()
    strict: bool = False
