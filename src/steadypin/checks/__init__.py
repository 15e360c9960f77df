"""From one comparison to findings. One module per family; adding one is a file and a line in `CHECKS`."""

from __future__ import annotations

from steadypin.checks import advisories, drift, health, judgement, pins, released
from steadypin.checks.rule import Case, Check
from steadypin.model.finding import Finding
from steadypin.model.rule import Rule

CHECKS: tuple[Check, ...] = (drift.CHECK, pins.CHECK, health.CHECK, released.CHECK, advisories.CHECK)


def rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    return tuple(sorted((*(rule for check in CHECKS for rule in check.rules), *judgement.RULES), key=lambda rule: rule.id))


def findings(case: Case) -> tuple[Finding, ...]:
    """All findings at their default severities, worst first, each once."""
    found = {finding for check in CHECKS for finding in check.run(case)}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))
