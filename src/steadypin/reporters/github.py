"""Workflow commands of GitHub Actions: annotations at the lines of a pull request.

Data escapes `%` and line breaks, properties `:` and `,` as well, as the runner's own toolkit does.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.model.finding import Finding
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.layout import count
from steadypin.reporters.places import project_place, sentence
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown


def render(report: Report, presentation: Presentation) -> str:
    """One line a finding, worst first (a host shows ten of each kind a step), one a gap, and the totals for the log."""
    del presentation
    return "\n".join([*_annotations(report), *_gaps(report), _totals(report)]) + "\n"


def _annotations(report: Report) -> Iterator[str]:
    for finding in report.findings:
        place = project_place(finding, report)
        column = f",col={place.column}" if place.column else ""
        title = f"{shown(finding.rule)} ({finding.severity})"
        where = f"file={_property(place.path)},line={place.line}{column},title={_property(title)}"
        yield f"::{_level(finding, report)} {where}::{_data(sentence(finding))}"


def _level(finding: Finding, report: Report) -> str:
    """What fails is an error."""
    if finding.severity >= report.fail_on:
        return "error"
    return "warning" if finding.severity >= Severity.MEDIUM else "notice"


def _gaps(report: Report) -> Iterator[str]:
    for gap in report.gaps:
        detail = f": {shown(gap.detail)}" if gap.detail else ""
        text = f"not found out ({shown(gap.stage)}, {shown(gap.reason)}): {shown(gap.subject)}{detail}"
        yield f"::warning title=steadypin gap::{_data(text)}"


def _totals(report: Report) -> str:
    verdict = f"fails at {report.fail_on}" if report.failing else f"nothing at or above {report.fail_on}"
    excused = f", {len(report.suppressed)} excused" if report.suppressed else ""
    found = count(len(report.findings), "finding")
    return f"steadypin {report.command}: {count(len(report.packages), 'package')}, {found}{excused}: {verdict}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
