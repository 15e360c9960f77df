"""Withdrawn advisories: never counted, and listed by `--show-withdrawn`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.support.command import steadypin
from tests.unit.advisories.osv import entry, osv

SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / "report.schema.json").read_text("utf-8"))
RECORDS = (
    osv("PYSEC-2024-1", entry(("introduced", "0")), withdrawn="2024-05-01T00:00:00Z", summary="taken <b>back</b>\x1b[31m"),
    osv("PYSEC-2024-2", entry(("introduced", "0")), withdrawn="2999-05-01T00:00:00Z"),
    osv("PYSEC-2024-3", entry(("introduced", "3"), ("fixed", "4")), withdrawn="2024-05-01T00:00:00Z"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("withdrawn")
    (root / "requirements.txt").write_text("demo==1.0\n", encoding="utf-8")
    (root / "osv").mkdir()
    for record in RECORDS:
        (root / "osv" / f"{record['id']}.json").write_text(json.dumps(record), encoding="utf-8")
    assert steadypin("db", "update", "--from", "osv", cwd=root).code == 0
    return root


def test_they_are_listed_when_asked_for_and_do_not_count(project: Path) -> None:
    words = ("check", "--files-only", "--advisories", "-o", "a.json", "-o", "a.md", "-o", "a.html", "--fail-on", "high")
    plain = steadypin(*words, cwd=project)
    silent = json.loads((project / "a.json").read_text("utf-8"))
    asked = steadypin(*words, "--show-withdrawn", cwd=project)
    told = json.loads((project / "a.json").read_text("utf-8"))
    jsonschema.validate(told, SCHEMA)
    assert (plain.code, asked.code) == (0, 0)
    assert "Withdrawn" not in plain.out and silent["withdrawn"] is None
    assert [(record["name"], record["version"], record["id"]) for record in told["withdrawn"]] == [
        ("demo", "1.0", "PYSEC-2024-1")
    ]
    assert told["summary"] == silent["summary"]
    assert [finding["advisory"]["id"] for finding in told["findings"] if finding["advisory"]] == ["PYSEC-2024-2"]
    page, markdown = ((project / name).read_text("utf-8") for name in ("a.html", "a.md"))
    for text in (asked.out, page, markdown):
        assert "which do not count" in text and "2024" in text and "\x1b" not in text
    assert "<b>back" not in page and "<b>back" not in markdown
    assert "PYSEC-2024-1 (withdrawn 2024-05-01): taken <b>back</b>" in asked.out


def test_without_advisories_there_is_nothing_to_show(project: Path) -> None:
    done = steadypin("check", "--files-only", "--show-withdrawn", cwd=project)
    assert done.code == 2 and "--advisories" in done.err
