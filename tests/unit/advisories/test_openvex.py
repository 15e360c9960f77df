"""The OpenVEX document: valid by the rules of specification 0.2.0, and true to what the team decided."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from steadypin.checks import advisories
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.finding import Finding, Suppressed
from steadypin.model.report import Report
from steadypin.reporters.openvex import JUSTIFICATIONS, render
from steadypin.reporters.reporter import Presentation
from tests.support.ledgers import LINUX_312, TAKEN_AT

MATCH = AdvisoryMatch(
    name="demo",
    version="1.0+local",
    primary="PYSEC-1",
    ids=("CVE-1", "PYSEC-1"),
    records=("PYSEC-1",),
    fixed_in=("2",),
    summary="bad",
)
FINDING = replace(
    advisories.VULNERABLE.finding("demo has PYSEC-1", package="demo", version="1.0+local", remedy="move to demo==2"),
    advisory=MATCH,
)
TEXT, URI = {"type": "string"}, {"type": "string", "format": "uri"}
SPECIFICATION = {
    "type": "object",
    "required": ["@context", "@id", "author", "timestamp", "version", "statements"],
    "additionalProperties": False,
    "properties": {
        "@context": {"const": "https://openvex.dev/ns/v0.2.0"},
        "@id": URI,
        "author": {"type": "string", "minLength": 1},
        "role": TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
        "version": {"type": "integer", "minimum": 1},
        "tooling": TEXT,
        "statements": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/statement"}},
    },
    "$defs": {
        "statement": {
            "type": "object",
            "required": ["vulnerability", "products", "status"],
            "additionalProperties": False,
            "properties": {
                "vulnerability": {
                    "type": "object",
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {"name": TEXT, "description": TEXT, "aliases": {"items": TEXT, "uniqueItems": True}},
                },
                "products": {"minItems": 1, "items": {"required": ["@id"], "properties": {"@id": URI}}},
                "status": {"enum": ["not_affected", "affected", "fixed", "under_investigation"]},
                "status_notes": TEXT,
                "justification": {"enum": list(JUSTIFICATIONS)},
                "action_statement": {"type": "string", "minLength": 1},
            },
            "allOf": [
                {
                    "if": {"properties": {"status": {"const": status}}},
                    "then": {"required": [key]},
                    "else": {"not": {"required": [key]}},
                }
                for status, key in (("not_affected", "justification"), ("affected", "action_statement"))
            ],
        }
    },
}
"""The rules of OpenVEX 0.2.0, as far as they are about what is written here."""
VALID = jsonschema.Draft202012Validator(SPECIFICATION, format_checker=jsonschema.FormatChecker())


def document(*findings: Finding, suppressed: tuple[Suppressed, ...] = ()) -> dict[str, Any]:
    report = Report(
        command="audit", version="1", target=LINUX_312, taken_at=TAKEN_AT, packages=(), findings=findings, suppressed=suppressed
    )
    found = json.loads(render(report, Presentation()))
    VALID.validate(found)
    assert found["@id"].startswith("urn:uuid:")
    return found  # type: ignore[no-any-return]


def test_an_open_flaw_is_affected_and_says_what_to_do() -> None:
    (statement,) = document(FINDING, FINDING)["statements"]
    assert statement == {
        "vulnerability": {"name": "PYSEC-1", "aliases": ["CVE-1"], "description": "bad"},
        "products": [{"@id": "pkg:pypi/demo@1.0%2Blocal"}],
        "status": "affected",
        "action_statement": "move to demo==2",
    }


@pytest.mark.parametrize(
    ("reason", "until", "said"),
    [
        (
            "nobody calls it",
            "2027-01-31",
            {"status": "affected", "action_statement": "Accepted (until 2027-01-31): nobody calls it"},
        ),
        (
            "vulnerable_code_not_in_execute_path: we never parse XML",
            None,
            {
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
                "status_notes": "we never parse XML",
            },
        ),
        ("component_not_present", None, {"status": "not_affected", "justification": "component_not_present"}),
    ],
)
def test_an_exception_says_no_more_than_its_reason(reason: str, until: str | None, said: dict[str, str]) -> None:
    (statement,) = document(suppressed=(Suppressed(finding=FINDING, reason=reason, until=until),))["statements"]
    assert {key: value for key, value in statement.items() if key not in ("vulnerability", "products")} == said


def test_equal_reports_give_equal_documents_and_others_other_ids() -> None:
    assert document(FINDING) == document(FINDING)
    assert document(FINDING)["@id"] != document()["@id"]


def test_findings_without_an_advisory_are_not_in_it() -> None:
    assert document(replace(FINDING, advisory=None))["statements"] == []
