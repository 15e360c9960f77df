"""Findings that a team knows and has not mended yet."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFinding:
    """A finding by its fingerprint; rule, package and message are there for people, and the rule for what is cured."""

    rule: str
    package: str | None = None
    fingerprint: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What was written down; `path` is the file as it is shown."""

    findings: tuple[KnownFinding, ...] = ()
    path: str = ""
