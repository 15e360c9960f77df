"""SARIF 2.1.0 (OASIS): what code scanning of GitHub, Azure DevOps and editors read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from steadypin.codec import dumps
from steadypin.model.finding import Finding, Suppressed
from steadypin.model.gap import Gap
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.reporters.places import in_repository, project_place, sentence
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "steadypin/v1"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {Severity.CRITICAL: 9.5, Severity.HIGH: 8.0, Severity.MEDIUM: 5.5, Severity.LOW: 3.0, Severity.INFO: 0.1}


def render(report: Report, presentation: Presentation) -> str:
    """One run with the rules that it speaks of, each advisory one of its own: code scanning takes the severity from the rule.
    Excused findings are suppressed results, gaps are notifications.
    """
    del presentation
    entries: list[tuple[Finding, Suppressed | None]] = [(finding, None) for finding in report.findings]
    entries += [(entry.finding, entry) for entry in report.suppressed]
    rules = list(_rules(report, [finding for finding, _ in entries]))
    indices = {rule["id"]: index for index, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "steadypin", "version": shown(report.version), "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": report.taken_at,
                "toolExecutionNotifications": [_notification(gap) for gap in report.gaps],
            }
        ],
        "results": [_result(finding, excuse, indices, report) for finding, excuse in entries],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rules(report: Report, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    for rule in report.rules:
        found = [finding for finding in findings if finding.rule == rule.id]
        if any(finding.advisory is None for finding in found):
            yield _rule(rule)
        flaws: dict[str, list[Finding]] = {}
        for finding in found:
            if finding.advisory is not None:
                flaws.setdefault(_rule_id(finding), []).append(finding)
        yield from (_flaw(rule, rule_id, flaws[rule_id]) for rule_id in sorted(flaws))


def _rule_id(finding: Finding) -> str:
    """The rule; of an advisory `rule/id` (SARIF 3.27.5: the parts of an id, from the general to the special)."""
    return shown(f"{finding.rule}/{finding.advisory.primary}" if finding.advisory else finding.rule)


def _flaw(rule: Rule, rule_id: str, findings: list[Finding]) -> dict[str, Any]:
    """The rule of one advisory: what it is called, and how bad it is."""
    flaws = [finding.advisory for finding in findings if finding.advisory is not None]
    title = shown(next((f"{flaw.primary}: {flaw.summary}" for flaw in flaws if flaw.summary), flaws[0].primary))
    others = shown(", ".join(sorted({known for flaw in flaws for known in flaw.ids} - {flaws[0].primary})))
    text = f"{title}{f' (also known as {others})' if others else ''}"
    return {
        **_rule(rule),
        "id": rule_id,
        "helpUri": f"https://osv.dev/vulnerability/{quote(shown(flaws[0].primary), safe='')}",
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": f"{text}\n\n{rule.why}"},
        "properties": {
            "tags": ["dependencies", "security"],
            "precision": "very-high",
            "security-severity": f"{max(map(_score, findings)):.1f}",
        },
    }


def _score(finding: Finding) -> float:
    """The advisory's own score, unless the policy thinks otherwise of its severity."""
    flaw = finding.advisory
    if flaw is None or flaw.score is None or flaw.severity != finding.severity:
        return _SCORES[finding.severity]
    return flaw.score


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nBad: {rule.bad}\nGood: {rule.good}",
            "markdown": f"{rule.why}\n\n**Bad:** {rule.bad}\n\n**Good:** {rule.good}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["dependencies"], "precision": "very-high"},
    }


def _result(finding: Finding, excuse: Suppressed | None, indices: dict[str, int], report: Report) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": _rule_id(finding),
        "level": _LEVELS[finding.severity],
        "message": {"text": sentence(finding)},
        "locations": [{"physicalLocation": _physical(project_place(finding, report)), **_logical(finding)}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {"severity": str(finding.severity), "package": shown(finding.package or "")},
    }
    if result["ruleId"] in indices:
        result["ruleIndex"] = indices[result["ruleId"]]
    others = [_physical(_seen(at, report)) for at in finding.locations[1:9]]
    if others:
        result["relatedLocations"] = [{"physicalLocation": place} for place in others]
    if excuse is not None:
        result["suppressions"] = [{"kind": "external", "justification": shown(excuse.reason)}]
    return result


def _seen(at: Location, report: Report) -> Location:
    return Location(path=in_repository(at.path, report), line=at.line, column=at.column)


def _physical(at: Location) -> dict[str, Any]:
    """Relative files are relative to the repository; what lies elsewhere is a file URI."""
    path = at.path.replace("\\", "/")
    uri = (
        quote(path, safe="/")
        if not _is_absolute(path)
        else "file://" + quote(path if path[0] == "/" else f"/{path}", safe="/:")
    )
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if at.line is not None and at.line > 0:
        place["region"] = {"startLine": at.line, **({"startColumn": at.column} if at.column and at.column > 0 else {})}
    return place


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or path[1:3] == ":/"


def _logical(finding: Finding) -> dict[str, Any]:
    if finding.package is None:
        return {}
    return {"logicalLocations": [{"name": shown(finding.package), "kind": "package"}]}


def _notification(gap: Gap) -> dict[str, Any]:
    text = f"not found out ({shown(gap.stage)}, {shown(gap.reason)}): {shown(gap.subject)} {shown(gap.detail)}"
    return {"level": "warning", "message": {"text": text.rstrip()}}
