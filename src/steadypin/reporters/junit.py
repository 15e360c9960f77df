"""JUnit XML as Jenkins and GitLab read it: a test case for each rule, failing where the report does, skipped where unasked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from steadypin.model.finding import Finding
from steadypin.model.report import Report
from steadypin.reporters.places import elsewhere, project_place, sentence
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def render(report: Report, presentation: Presentation) -> str:
    """One suite; what does not fail, what is excused and what was not found out stands in its output."""
    del presentation
    failing = report.failing
    by_rule: dict[str, list[Finding]] = {rule.id: [] for rule in report.rules}
    for finding in report.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    failed = {finding.rule for finding in failing}
    name = f"steadypin {shown(report.command)}"
    skipped = [rule for rule in report.unasked if not by_rule.get(rule)]
    counts = f'tests="{len(by_rule)}" failures="{len(failed)}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="{_xml(name)}" {counts}>']
    lines.append(
        f'  <testsuite name="{_xml(name)}" {counts} skipped="{len(skipped)}" time="0" timestamp="{_xml(report.taken_at[:19])}">'
    )
    for rule, findings in sorted(by_rule.items()):
        lines += _case(rule, findings, report)
    lines += [f"    <system-out>{_xml(text)}</system-out>" for text in _outputs(report)]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _case(rule: str, findings: Iterable[Finding], report: Report) -> Iterator[str]:
    bad = [finding for finding in findings if finding.severity >= report.fail_on]
    mild = [finding for finding in findings if finding.severity < report.fail_on]
    head = f'    <testcase classname="steadypin.{_xml(shown(report.command))}" name="{_xml(shown(rule))}" time="0"'
    if not bad and not mild:
        unasked = rule in report.unasked
        yield f'{head}><skipped message="not asked: what it judges by was not read"/></testcase>' if unasked else f"{head}/>"
        return
    yield f"{head}>"
    if bad:
        first = _xml(shown(bad[0].message)) + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else "")
        yield f'      <failure type="{bad[0].severity}" message="{first}">{_xml(_text(bad, report))}</failure>'
    if mild:
        yield f"      <system-out>{_xml(_text(mild, report))}</system-out>"
    yield "    </testcase>"


def _text(findings: Iterable[Finding], report: Report) -> str:
    return "\n".join(f"{_where(finding, report)}: {finding.severity}: {sentence(finding)}" for finding in findings)


def _where(finding: Finding, report: Report) -> str:
    there = elsewhere(finding)
    place = project_place(finding, report)
    return there if there and all(at.line is None for at in finding.locations) else f"{place.path}:{place.line}"


def _outputs(report: Report) -> Iterator[str]:
    lines = [f"excused: {shown(e.finding.rule)}: {shown(e.finding.message)} ({shown(e.reason)})" for e in report.suppressed]
    for gap in report.gaps:
        lines.append(f"not found out ({shown(gap.stage)}, {shown(gap.reason)}): {shown(gap.subject)} {shown(gap.detail)}")
    if lines:
        yield "\n".join(lines)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text).translate(_ENTITIES)
