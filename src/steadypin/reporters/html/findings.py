"""Findings as a page shows them: grouped by rule, and one by one in the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from itertools import groupby

from steadypin.model.finding import Finding, Suppressed
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.reporters.html.links import Link, anchor, plain_url
from steadypin.values import dataclass, replace

MOST_IN_A_GROUP = 40
_ADVISORY = re.compile(r"[A-Za-z0-9:-]{3,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryView:
    """A flaw: its names, where it is fixed, and what to read."""

    ids: tuple[Link, ...]
    fixed_in: str
    references: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding as a page shows it; `id` is "" where only its row shows it."""

    severity: str
    rule: str
    message: str
    places: tuple[str, ...]
    remedy: str
    package: Link | None
    id: str = ""
    advisory: AdvisoryView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The findings of one rule at one severity; `names` instead of them where they are many and do not fail: rows tell all."""

    severity: str
    rule: str
    title: str
    why: str
    findings: tuple[FindingView, ...]
    failing: bool
    names: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """A finding that the policy excuses."""

    finding: FindingView
    reason: str
    until: str


def rule_groups(report: Report) -> Iterator[RuleGroup]:
    """All findings, the worst first, each with an id of its own."""
    rows = frozenset(package.name for package in report.packages)
    known = {rule.id: rule for rule in report.rules}
    used: Counter[str] = Counter()
    for severity, at_severity in groupby(report.findings, key=lambda finding: finding.severity):
        by_rule = sorted(at_severity, key=lambda finding: (finding.rule, finding.sort_key))
        for rule, members in groupby(by_rule, key=lambda finding: finding.rule):
            found = _together(list(members))
            failing = severity >= report.fail_on
            views = tuple(_with_id(view(finding, rows, report.environment), finding, used) for finding in found)
            yield RuleGroup(
                severity=str(severity),
                rule=rule,
                title=known[rule].title if rule in known else "",
                why=known[rule].why if rule in known else "",
                findings=views,
                failing=failing,
                names=() if failing or len(views) <= MOST_IN_A_GROUP else _names(views),
            )


def _with_id(made: FindingView, finding: Finding, used: Counter[str]) -> FindingView:
    """With a place that a link can lead to: the fingerprint, and a number where several have the same."""
    name = f"f-{finding.fingerprint}"
    used[name] += 1
    return replace(made, id=name if used[name] == 1 else f"{name}-{used[name]}")


def _names(views: Iterable[FindingView]) -> tuple[Link, ...]:
    """The packages, each once; nothing where a finding has none."""
    found = {view.package.text: view.package for view in views if view.package}
    return tuple(found.values()) if all(view.package for view in views) else ()


def _together(found: list[Finding]) -> list[Finding]:
    """What has one remedy stands together, so that it need be said once."""
    if len({finding.remedy for finding in found}) == len(found):
        return found
    return sorted(found, key=lambda finding: (finding.remedy, finding.sort_key))


def view(finding: Finding, rows: Container[str], environment: str | None = None) -> FindingView:
    """One finding. `rows` are the packages that the table has: a policy may miss one that it has not."""
    package = finding.package
    href = f"#{anchor(package)}" if package and package in rows else ""
    return FindingView(
        severity=str(finding.severity),
        rule=finding.rule,
        message=finding.message,
        places=tuple(place_words(location, environment) for location in finding.locations[:8]),
        remedy=finding.remedy,
        package=Link(text=package, href=href) if package else None,
        advisory=_advisory(finding) if finding.advisory else None,
    )


def place_words(location: Location, environment: str | None) -> str:
    """A place, short: what stands in the environment is named by its own folder."""
    text = str(location)
    return text.rsplit("/", 1)[-1] if environment and text.startswith(environment) else text


def _advisory(finding: Finding) -> AdvisoryView | None:
    match = finding.advisory
    if match is None:
        return None
    ids = (match.primary, *(name for name in match.ids if name != match.primary))
    return AdvisoryView(
        ids=tuple(Link(text=name, href=_advisory_url(name) if name in match.records else "") for name in ids[:8]),
        fixed_in=", ".join(match.fixed_in[:6]),
        references=tuple(Link(text=url.split("//", 1)[1], href=url) for url in match.references[:4] if plain_url(url)),
    )


def _advisory_url(name: str) -> str:
    return f"https://osv.dev/vulnerability/{name}" if _ADVISORY.fullmatch(name) else ""


def excuse(entry: Suppressed) -> Excuse:
    """A finding that is excused."""
    return Excuse(finding=view(entry.finding, ()), reason=entry.reason, until=entry.until or "")
