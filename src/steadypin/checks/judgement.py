"""What a team has decided about findings, applied in one place: severities, choices, exceptions. Never inside a rule."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from steadypin.model import parse
from steadypin.model.finding import Finding, Suppressed
from steadypin.model.location import Location
from steadypin.model.policy import Policy, Suppression
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.values import dataclass, replace

if TYPE_CHECKING:
    from steadypin.model.baseline import Baseline

UNUSED = Rule(
    id="exception-unused",
    title="An exception that matches nothing",
    severity=Severity.LOW,
    why="What it excused is gone; left behind, it will one day silence something that nobody has decided about.",
    bad="an `ignore` entry for a package that was removed",
    good="delete the entry",
)
EXPIRED = Rule(
    id="exception-expired",
    title="An exception whose last day has passed",
    severity=Severity.HIGH,
    why="The team has promised itself to look again until that day.",
    bad='`until = "2026-01-31"`, and it is March',
    good="mend what it excused, or decide again and write a new date with its reason",
)
EXPIRING = Rule(
    id="exception-expiring",
    title="An exception that ends within a week",
    severity=Severity.INFO,
    why="From that day on the finding that it excuses counts again.",
    bad="`until` is the day after tomorrow",
    good="mend it now, while there is time",
)
CURED = Rule(
    id="baseline-stale",
    title="A finding of the baseline that is cured",
    severity=Severity.LOW,
    why="Left in the file, the same finding could come back one day and nobody would hear of it.",
    bad="the baseline still lists a package that was locked again since",
    good="`steadypin baseline write --prune`",
)
RULES = (UNUSED, EXPIRED, EXPIRING, CURED)

_WARNING = 7
"""Days before the end of an exception from which on it is told."""
_OF_ADVISORIES = frozenset({"vulnerable", "malicious"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What remains, and what was silenced with which reason."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]


def judge(
    findings: Iterable[Finding],
    policy: Policy,
    today: str,
    *,
    baseline: Baseline | None = None,
    unasked: frozenset[str] = frozenset(),
) -> Judgement:
    """Apply the policy. A suppression changes only what it names; one that matches nothing is itself a finding.

    `today` is the day of the facts (ISO 8601). `only` and `ignore` match rule ids or package names, with `*`. What the
    `baseline` knows is silenced, too, and what it knows and is cured is a finding. `unasked` are rules whose ledgers were not
    read: that they found nothing proves nothing about exceptions and baseline.
    """
    graded = _graded(findings, policy)
    known = {entry.fingerprint for entry in baseline.findings} if baseline else set()
    remaining: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[Suppression] = set()
    for finding in graded:
        entry = next((entry for entry in policy.suppressions if in_force(entry, today) and matches(entry, finding)), None)
        if entry is not None:
            used.add(entry)
            suppressed.append(Suppressed(finding=finding, reason=entry.reason, until=entry.until))
        elif known and finding.fingerprint in known:
            reason = f"known: {baseline.path if baseline else ''}"
            suppressed.append(Suppressed(finding=finding, reason=reason, in_baseline=True))
        else:
            remaining.append(finding)
    cured = _cured(baseline, {finding.fingerprint for finding in graded}, unasked) if baseline else ()
    own = _graded((*_about(policy, used, today, unasked), *cured), policy)
    chosen = (finding for finding in (*remaining, *own) if _chosen(finding, policy))
    return Judgement(
        findings=tuple(sorted(chosen, key=lambda finding: finding.sort_key)),
        suppressed=tuple(sorted(suppressed, key=lambda entry: entry.finding.sort_key)),
    )


def decision(finding: Finding, policy: Policy, today: str, baseline: Baseline | None = None) -> str:
    """What became of a raw finding, in the words of whoever decided: a table, an exception, the baseline, a choice, the
    threshold.
    """
    graded = _grade(finding, policy)
    if graded is None:
        return f'silent: severity.{finding.rule} = "off"'
    for entry in policy.suppressions:
        if not matches(entry, graded):
            continue
        place = f" ({entry.location})" if entry.location else ""
        if in_force(entry, today):
            until = f" until {entry.until}" if entry.until else ""
            return f"excused by an exception{place}{until}: {entry.reason}"
        if graded.severity >= policy.fail_on:
            return f"fails: {graded.severity}; its exception{place} ended on {entry.until}"
    if baseline and any(entry.fingerprint == graded.fingerprint for entry in baseline.findings):
        return f"known: in the baseline {baseline.path}"
    if not _chosen(graded, policy):
        return "passed over by --only or --ignore (`only`, `skip`)"
    changed = f", set by severity.{finding.rule}" if graded.severity != finding.severity else ""
    if graded.severity < policy.fail_on:
        return f"told, but {graded.severity}{changed} is below fail-on {policy.fail_on}"
    return f"fails: {graded.severity}{changed} is at or above fail-on {policy.fail_on}"


def _cured(baseline: Baseline, present: set[str], unasked: frozenset[str]) -> Iterable[Finding]:
    for entry in baseline.findings:
        if entry.fingerprint not in present and entry.rule not in unasked:
            yield CURED.finding(
                f"cured: {entry.rule} {entry.message}",
                package=entry.package,
                at=[Location(path=baseline.path)],
                remedy="steadypin baseline write --prune",
                about=entry.fingerprint,
            )


def matches(entry: Suppression, finding: Finding) -> bool:
    """Whether an exception names a finding: by rule, package, version range, advisory and file, each where given."""
    if entry.rule is not None and entry.rule != finding.rule:
        return False
    if entry.package is not None and parse.normalise(entry.package) != finding.package:
        return False
    if entry.advisory is not None and (finding.advisory is None or entry.advisory not in finding.advisory.ids):
        return False
    if entry.path is not None and not any(fnmatchcase(at.path, entry.path) for at in finding.locations):
        return False
    if entry.versions is None:
        return True
    specifiers = parse.specifiers(entry.versions)
    version = parse.version(finding.version or "")
    return specifiers is not None and version is not None and specifiers.contains(version, prereleases=True)


def _graded(findings: Iterable[Finding], policy: Policy) -> list[Finding]:
    return [graded for finding in findings if (graded := _grade(finding, policy)) is not None]


def _grade(finding: Finding, policy: Policy) -> Finding | None:
    severities = dict(policy.severities)
    if finding.rule not in severities:
        return finding
    severity = severities[finding.rule]
    return None if severity is None else replace(finding, severity=severity)


def _chosen(finding: Finding, policy: Policy) -> bool:
    if policy.only and not any(_names(pattern, finding) for pattern in policy.only):
        return False
    return not any(_names(pattern, finding) for pattern in policy.ignore)


def _names(pattern: str, finding: Finding) -> bool:
    return fnmatchcase(finding.rule, pattern) or (
        finding.package is not None and fnmatchcase(finding.package, pattern.lower().replace("_", "-"))
    )


def in_force(entry: Suppression, today: str) -> bool:
    """Whether an exception has not ended yet."""
    return entry.until is None or today <= entry.until


def _cannot_tell(entry: Suppression, unasked: frozenset[str]) -> bool:
    """Whether what the entry names was not looked for in this run."""
    if entry.rule is not None:
        return entry.rule in unasked
    return bool(unasked & _OF_ADVISORIES) if entry.advisory is not None else bool(unasked)


def _days(earlier: str, later: str) -> int:
    from datetime import date

    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


def _about(policy: Policy, used: set[Suppression], today: str, unasked: frozenset[str]) -> Iterable[Finding]:
    for entry in policy.suppressions:
        named = entry.advisory or entry.rule or entry.package or "exception"
        name = f"{named} of {entry.package}" if entry.package and named != entry.package else named
        at = [entry.location] if entry.location else []
        about = f"{entry.rule}|{entry.package}|{entry.advisory}|{entry.versions}"
        if not in_force(entry, today):
            yield EXPIRED.finding(
                f"the exception for {name} ended on {entry.until} ({entry.reason})",
                package=entry.package,
                at=at,
                remedy="mend it, or decide again with a new date",
                about=about,
            )
        elif entry not in used and _cannot_tell(entry, unasked):
            continue
        elif entry not in used:
            yield UNUSED.finding(
                f"the exception for {name} matches nothing ({entry.reason})",
                package=entry.package,
                at=at,
                remedy="delete the entry",
                about=about,
            )
        elif entry.until is not None and _days(today, entry.until) <= _WARNING:
            yield EXPIRING.finding(
                f"the exception for {name} ends on {entry.until} ({entry.reason})",
                package=entry.package,
                at=at,
                remedy="mend it until then, or decide again with a new date",
                about=about,
            )
