"""What machines read is held against the schemas that they publish, hostile names and all."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema

from steadypin.config import Settings
from steadypin.model.report import Report
from steadypin.pipeline.audit import report
from steadypin.reporters import REPORTERS, Presentation
from tests.contracts.test_reporters import REPORT as HOSTILE
from tests.support.ledgers import facts, lock
from tests.unit.reporters.test_machines import REPORT

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
EMPTY = report(facts(lock()), Settings(root=Path()), command="check")
REPORTS = {"check": REPORT, "hostile": HOSTILE, "empty": EMPTY}


@cache
def validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())


@cache
def junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema((SCHEMAS / "junit-10.xsd").read_text("utf-8"))


@pytest.mark.parametrize("of", REPORTS.values(), ids=REPORTS)
def test_reports_are_valid_by_the_schemas_of_those_who_read_them(of: Report) -> None:
    for name, schema in (("sarif", "sarif-schema-2.1.0.json"), ("gitlab", "code-quality.json")):
        found = json.loads(REPORTERS[name].render(of, Presentation()))
        assert [error.message for error in validator(schema).iter_errors(found)] == []
    assert [str(error) for error in junit().iter_errors(REPORTERS["junit"].render(of, Presentation()))] == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    assert list(validator("sarif-schema-2.1.0.json").iter_errors({"version": "2.1.0", "runs": [{"results": [{}]}]}))
    assert list(validator("code-quality.json").iter_errors([{"description": "x"}]))
    assert list(junit().iter_errors("<testsuites><testsuite name='x'><case/></testsuite></testsuites>"))
