"""What other machines read: SARIF, annotations, code quality, JUnit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from steadypin.config import Settings
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.gap import Gap
from steadypin.model.policy import Policy, Suppression
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.pipeline.audit import report
from steadypin.reporters import REPORTERS, Presentation
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin

HOSTILE = '100%,:\n::error::x"<&>]]>\ufffe'
FACTS = facts(
    manifest(declared("flask>=3", line=4)),
    lock(pin("flask", "2.0", line=7), pin("gone", "1.0", line=9)),
    installed=(installed("flask", "2.0"), installed(HOSTILE, "1.0"), installed("excused", "1")),
    gaps=(Gap(subject=HOSTILE, stage="index", reason="timeout", detail="later"),),
)
POLICY = Policy(suppressions=(Suppression(package="excused", reason="an agent of the platform"),))
REPORT = report(FACTS, Settings(root=Path(), policy=POLICY), command="check")


def render(name: str, of: Report = REPORT) -> str:
    return REPORTERS[name].render(of, Presentation())


def sarif(of: Report = REPORT) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render("sarif", of))
    assert document["version"] == "2.1.0" and len(document["runs"]) == 1
    run: dict[str, Any] = document["runs"][0]
    return run


def test_every_sarif_result_names_a_rule_with_help_a_region_and_a_fingerprint() -> None:
    run = sarif()
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] and rule["help"]["text"] and rule["shortDescription"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1 and place["artifactLocation"]["uri"] in ("requirements.txt", "requirements.in")
        assert len(result["partialFingerprints"]["steadypin/v1"]) == 16
        assert result["level"] in ("error", "warning", "note") and result["message"]["text"]
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}


def test_sarif_has_what_is_excused_as_suppressed_and_gaps_as_notifications() -> None:
    run = sarif()
    (excused,) = [result for result in run["results"] if "suppressions" in result]
    assert excused["suppressions"] == [{"kind": "external", "justification": "an agent of the platform"}]
    assert "timeout" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_has_a_rule_for_each_advisory_with_its_own_score() -> None:
    flaws = (
        AdvisoryMatch(
            name="flask", version="2.0", primary="PYSEC-1", ids=("CVE-1", "PYSEC-1"), records=("PYSEC-1",), summary="a"
        ),
        AdvisoryMatch(
            name="flask",
            version="2.0",
            primary="GHSA-2",
            ids=("GHSA-2",),
            records=("GHSA-2",),
            severity=Severity.HIGH,
            score=8.14,
        ),
        AdvisoryMatch(
            name="gone", version="1.0", primary="MAL-3", ids=("MAL-3",), records=("MAL-3",), severity=Severity.CRITICAL
        ),
    )
    run = sarif(report(replace(FACTS, advisories=flaws), Settings(root=Path(), policy=POLICY), command="audit"))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"] if "security-severity" in rule["properties"]}
    assert {key: rule["properties"]["security-severity"] for key, rule in rules.items()} == {
        "malicious/MAL-3": "9.5",
        "vulnerable/GHSA-2": "8.1",
        "vulnerable/PYSEC-1": "5.5",
    }
    assert all("security" in rule["properties"]["tags"] for rule in rules.values())
    assert rules["vulnerable/PYSEC-1"]["fullDescription"]["text"] == "PYSEC-1: a (also known as CVE-1)"
    told = {result["ruleId"]: result["level"] for result in run["results"] if "/" in result["ruleId"]}
    assert told == {"malicious/MAL-3": "error", "vulnerable/GHSA-2": "error", "vulnerable/PYSEC-1": "warning"}


def test_fingerprints_do_not_move_with_lines() -> None:
    moved = facts(
        manifest(declared("flask>=3", line=40)),
        lock(pin("flask", "2.0", line=70), pin("gone", "1.0", line=90)),
        installed=FACTS.installed,
    )
    before, after = (
        {result["partialFingerprints"]["steadypin/v1"] for result in sarif(of)["results"]}
        for of in (REPORT, report(moved, Settings(root=Path(), policy=POLICY), command="check"))
    )
    assert before == after


def test_paths_are_those_of_the_repository() -> None:
    below = replace(REPORT, folder="services/my app")
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in sarif(below)["results"]}
    assert uris == {"services/my%20app/requirements.txt", "services/my%20app/requirements.in"} or uris == {
        "services/my%20app/requirements.txt"
    }
    assert "file=services/my app/requirements.txt,line=7" in render("github", below)
    assert {e["location"]["path"].split("/")[0] for e in json.loads(render("gitlab", below))} == {"services"}


def test_annotations_escape_what_the_runner_would_understand() -> None:
    lines = render("github").splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == len(REPORT.findings) + len(REPORT.gaps) and len(lines) == len(commands) + 1
    assert any("file=requirements.txt,line=7" in line for line in commands)
    for line in commands:
        properties = line.partition(" ")[2].partition("::")[0]
        assert all(part.partition("=")[0] in ("file", "line", "col", "title") for part in properties.split(","))
    assert all("100%25" in line for line in commands if "100%" in line)
    assert {line.split(" ")[0] for line in commands} <= {"::error", "::warning", "::notice"}


def test_what_fails_is_an_error_whatever_its_severity() -> None:
    strict = report(
        FACTS, Settings(root=Path(), policy=replace(POLICY, fail_on=min(f.severity for f in REPORT.findings))), command="check"
    )
    lines = [line for line in render("github", strict).splitlines() if line.startswith("::") and "gap" not in line]
    assert all(line.startswith("::error ") for line in lines)


def test_code_quality_entries_are_complete_and_told_apart() -> None:
    entries = json.loads(render("gitlab"))
    assert len(entries) == len(REPORT.findings) + len(REPORT.gaps)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["lines"]["begin"] >= 1 and entry["description"] and entry["check_name"]


def test_junit_has_a_case_for_each_rule_and_fails_those_that_fail() -> None:
    root = ElementTree.fromstring(render("junit"))
    suite = root[0]
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {rule.id for rule in REPORT.rules}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {finding.rule for finding in REPORT.failing}
    skipped = {name for name, case in cases.items() if case.find("skipped") is not None}
    assert {"vulnerable", "file-changed", "yanked"} <= skipped == set(REPORT.unasked)
    assert suite.get("skipped") == str(len(skipped))
    assert suite.get("tests") == str(len(cases)) and suite.get("failures") == str(len(failed))
    assert "timeout" in (suite.findtext("system-out") or "") and "an agent of the platform" in (
        suite.findtext("system-out") or ""
    )


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_a_report_without_anything_is_sound(name: str) -> None:
    empty = report(facts(lock()), Settings(root=Path()), command="check")
    text = render(name, empty)
    assert text.endswith("\n")
    if name == "junit":
        assert ElementTree.fromstring(text)[0].get("failures") == "0"
    elif name in ("sarif", "gitlab"):
        json.loads(text)
