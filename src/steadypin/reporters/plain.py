"""The report as plain data, with the names that INTERFACE (docs/schema) promises: the one shape behind every machine format."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, cast

from steadypin.codec import SCHEMA_VERSION, dump_document
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.gap import Gap
from steadypin.model.location import Location
from steadypin.model.released import Release
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.measures import measures, numbers
from steadypin.text import redact


def report_document(report: Report) -> dict[str, Any]:
    """`steadypin audit --format json`, redacted as a whole."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "steadypin", "version": report.version},
        "command": report.command,
        "target": {"python": report.target.python, "platform": report.target.platform, "source": report.target.source},
        "taken_at": report.taken_at,
        "environment": report.environment,
        "files": list(report.files),
        "advisories_as_of": report.advisories_as_of,
        "notes": list(report.notes),
        "fail_on": str(report.fail_on),
        "summary": summary(report),
        "measures": dict(numbers(measures(report))),
        "packages": [package_row(package) for package in report.packages],
        "findings": [finding_row(finding) for finding in report.findings],
        "suppressed": [
            {**finding_row(entry.finding), "reason": entry.reason, "until": entry.until} for entry in report.suppressed
        ],
        "gaps": [gap_row(gap) for gap in report.gaps],
        "withdrawn": None if report.withdrawn is None else [record._asdict() for record in report.withdrawn],
    }
    return cast("dict[str, Any]", redacted(document))


def redacted(plain: Any) -> Any:
    """Plain data with credentials hidden in every text."""
    if isinstance(plain, str):
        return redact(plain)
    if isinstance(plain, dict):
        return {key: redacted(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [redacted(item) for item in plain]
    return plain


def digest(report: Report) -> str:
    """SHA-256 of the report's JSON: equal reports have equal names."""
    return hashlib.sha256(dump_document(report_document(report)).encode()).hexdigest()


def summary(report: Report) -> dict[str, Any]:
    """Counts; every severity is named, also with 0."""
    counts = Counter(finding.severity for finding in report.findings)
    return {
        "packages": len(report.packages),
        "findings": {str(severity): counts[severity] for severity in Severity},
        "suppressed": len(report.suppressed),
        "gaps": len(report.gaps),
    }


def package_row(package: PackageComparison) -> dict[str, Any]:
    """One package: absent knowledge is null."""
    return {
        "name": package.name,
        "direct": package.direct,
        "declared": [{"specifier": item.requirement, "location": location_row(item.location)} for item in package.declared],
        "locked": sorted({entry.version for entry in package.locked if entry.version is not None}),
        "installed": package.installed[0].version if package.installed else None,
        "wanted": _version(package.wanted),
        "latest": _version(package.latest),
        "newest": _version(package.newest),
        "blocked_by": [{"name": blocker.name, "requirement": blocker.requirement} for blocker in package.blocked_by],
        "age_days": package.age_days,
        "releases_behind": package.behind,
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "package": finding.package,
        "version": finding.version,
        "message": finding.message,
        "locations": [location_row(location) for location in finding.locations],
        "remedy": finding.remedy,
        "fingerprint": finding.fingerprint,
        "advisory": advisory_row(finding.advisory) if finding.advisory else None,
    }


def advisory_row(match: AdvisoryMatch) -> dict[str, Any]:
    """One flaw, its records joined."""
    return {
        "id": match.primary,
        "aliases": [name for name in match.ids if name != match.primary],
        "severity": str(match.severity) if match.severity is not None else None,
        "score": match.score,
        "fixed_in": list(match.fixed_in),
        "summary": match.summary,
    }


def location_row(location: Location) -> dict[str, Any]:
    """One place."""
    return {"path": location.path, "line": location.line, "column": location.column, "key": location.key or None}


def gap_row(gap: Gap) -> dict[str, str]:
    """One thing that could not be found out."""
    return {"subject": gap.subject, "stage": gap.stage, "reason": gap.reason, "detail": gap.detail}


def _version(release: Release | None) -> str | None:
    return release.version if release else None
