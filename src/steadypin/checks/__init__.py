"""From one comparison to findings. One module per family; adding one is a file and a line in `CHECKS`."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from steadypin.checks import advisories, dockerfile, drift, files, health, image, image_code, judgement, pins, policy, released
from steadypin.checks.rule import Case, Check
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.rule import Rule
from steadypin.text import nearest

CHECKS: tuple[Check, ...] = (
    drift.CHECK,
    pins.CHECK,
    health.CHECK,
    released.CHECK,
    advisories.CHECK,
    policy.CHECK,
    files.CHECK,
    image.CHECK,
    image_code.CHECK,
    dockerfile.CHECK,
)


def rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    return tuple(sorted((*(rule for check in CHECKS for rule in check.rules), *judgement.RULES), key=lambda rule: rule.id))


def findings(case: Case) -> tuple[Finding, ...]:
    """All findings at their default severities, worst first, each once."""
    found = {finding for check in CHECKS for finding in check.run(case)}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def unasked(facts: Facts) -> frozenset[str]:
    """Rules that could not speak, because what they judge by was not read: their silence proves nothing."""
    silent: list[Rule] = []
    if facts.environment is None:
        silent += [*(rule for rule in drift.CHECK.rules if rule is not drift.DISAGREE), *health.CHECK.rules]
        silent += [pins.OTHER_PYTHON, released.PYTHON]
    if facts.file_check is None:
        silent += files.CHECK.rules
    if facts.advisories_as_of is None:
        silent += advisories.CHECK.rules
    if not facts.lookups:
        silent += [rule for rule in released.CHECK.rules if rule is not released.PYTHON]
        silent += [policy.FRESH] if policy.undated(facts) or not facts.locked else []
    if facts.readiness is None:
        silent += [*image.CHECK.rules, *image_code.CHECK.rules, *dockerfile.CHECK.rules]
    return frozenset(rule.id for rule in silent)


def notes(case: Case) -> tuple[str, ...]:
    """What is worth a word and is no finding."""
    return (*drift.notes(case), *policy.notes(case), *_unknown_names(case))


def _unknown_names(case: Case) -> Iterator[str]:
    """A misspelt --only would hide everything and call it success."""
    for option, patterns in (("--only", case.policy.only), ("--ignore", case.policy.ignore)):
        for pattern in patterns:
            name = pattern.lower().replace("_", "-")
            known = [*(rule.id for rule in rules()), *(package.name for package in case.comparison.packages)]
            if not any(fnmatchcase(other, name) for other in known):
                close = nearest(name, known)
                guess = f"; did you mean {close}?" if close else ""
                yield f"{option} {pattern}: no rule and no package here is called so{guess}"
