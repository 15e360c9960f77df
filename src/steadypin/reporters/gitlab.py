"""GitLab Code Quality: the subset of the Code Climate format that its merge request widget reads."""

from __future__ import annotations

import hashlib
from typing import Any

from steadypin.codec import dumps
from steadypin.model.finding import Finding
from steadypin.model.gap import Gap
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.places import in_repository, project_place, sentence
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, presentation: Presentation) -> str:
    """One array; gaps are entries of severity info."""
    del presentation
    entries = [_finding(finding, report) for finding in report.findings] + [_gap(gap, report) for gap in report.gaps]
    return dumps(entries) + "\n"


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    place = project_place(finding, report)
    severity = _SEVERITIES[finding.severity]
    return _entry(shown(finding.rule), sentence(finding), severity, finding.fingerprint, place)


def _gap(gap: Gap, report: Report) -> dict[str, Any]:
    key = "\0".join((gap.stage, gap.subject, gap.reason)).encode("utf-8", "surrogatepass")
    text = f"not found out ({shown(gap.stage)}, {shown(gap.reason)}): {shown(gap.subject)} {shown(gap.detail)}".rstrip()
    place = Location(path=in_repository(report.files[0] if report.files else "pyproject.toml", report), line=1)
    return _entry("gap", text, "info", hashlib.sha256(key).hexdigest()[:16], place)


def _entry(rule: str, text: str, severity: str, fingerprint: str, place: Location) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": rule,
        "description": text,
        "categories": ["Security" if severity in ("blocker", "critical") else "Compatibility"],
        "severity": severity,
        "fingerprint": fingerprint,
        "location": {"path": place.path, "lines": {"begin": place.line or 1}},
    }
