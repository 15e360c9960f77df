"""`steadypin history`, `audit --history` and `audit --open` as a user runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command import Ran, site_packages, steadypin


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("flask==2.0\njinja2==3.0\n", encoding="utf-8")
    site_packages(tmp_path / "site", {"Flask 2.1": (), "Jinja2 3.0": ()})
    return tmp_path


def audit(project: Path, *words: str | Path, **variables: str) -> Ran:
    return steadypin("audit", ".", "--python", "site", "--offline", *words, cwd=project, **variables)


def test_an_audit_is_kept_once_as_one_line(project: Path) -> None:
    audit(project, "-o", "audit.json")
    first = steadypin("history", "add", "audit.json", "--label", "release 1", cwd=project)
    again = steadypin("history", "add", "audit.json", cwd=project)
    assert first.code == again.code == 0 and "already there" in again.out
    (line,) = (project / "steadypin-history.jsonl").read_text("utf-8").splitlines()
    kept = json.loads(line)
    assert kept["drifted"] == 1 and kept["packages"] == 2 and kept["label"] == "release 1" and kept["libyears"] is not None


def test_nothing_is_kept_unless_asked_for(project: Path) -> None:
    before = {path.name for path in project.iterdir()}
    audit(project)
    assert {path.name for path in project.iterdir()} - before <= {".home"}


def history(project: Path, *rows: dict[str, object]) -> Path:
    lines = [json.dumps({"schema_version": 1, "packages": 2, **row}) for row in rows]
    path = project / "history.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_show_is_sorted_and_a_merge_of_two_branches_counts_once(project: Path) -> None:
    early, late = {"taken_at": "2026-01-01T00:00:00Z", "drifted": 5}, {"taken_at": "2026-02-01T00:00:00Z", "drifted": 2}
    history(project, late, early, late)
    shown = steadypin("history", "show", "--file", "history.jsonl", "--format", "json", cwd=project)
    assert [row["drifted"] for row in shown.json["audits"]] == [5, 2]
    people = steadypin("history", "show", "--file", "history.jsonl", cwd=project)
    assert "drifted -3" in people.out and people.out.index("2026-01-01") < people.out.index("2026-02-01")


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        "[]",
        "{}",
        '{"schema_version": 2, "taken_at": "", "packages": 1}',
        '{"schema_version": 1, "packages": 1}',
        '{"schema_version": 1, "taken_at": "soon", "packages": 1}',
        '{"schema_version": 1, "packages": "x"}',
        "[" * 100_000,
        '{"schema_version": 1, "taken_at": "2026-01-02T00:00:00Z", "packages": 1' + "0" * 400 + "}",
        '{"schema_version": 1, "taken_at": "2026-01-02T00:00:00Z", "packages": 1, "libyears": 1e999}',
    ],
)
def test_a_line_that_is_none_is_named(project: Path, line: str) -> None:
    path = history(project, {"taken_at": "2026-01-01T00:00:00Z"})
    path.write_text(path.read_text("utf-8") + line + "\n", encoding="utf-8")
    ran = steadypin("history", "show", "--file", "history.jsonl", cwd=project)
    assert ran.code == 2 and "history.jsonl:2" in ran.err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"command": "audit", "findings": 3}', '{"command": "check", "findings": []}']
)
def test_what_is_no_audit_is_refused_and_the_history_stays(project: Path, text: str) -> None:
    path = history(project, {"taken_at": "2026-01-01T00:00:00Z"})
    before = path.read_bytes()
    (project / "wrong.json").write_text(text, encoding="utf-8")
    ran = steadypin("history", "add", "wrong.json", "--file", path, cwd=project)
    assert ran.code == 2 and "wrong.json" in ran.err and path.read_bytes() == before


def test_the_report_plots_what_was_kept(project: Path) -> None:
    path = history(
        project, {"taken_at": "2026-01-01T00:00:00Z", "drifted": 5}, {"taken_at": "2026-02-01T00:00:00Z", "drifted": 2}
    )
    audit(project, "-o", "report.html", "--history", path)
    text = (project / "report.html").read_text("utf-8")
    assert "Drifted packages <b>5 → 1</b>" in text
    audit(project, "-o", "plain.html")
    assert 'id="history"' not in (project / "plain.html").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="BROWSER names a program")
def test_open_starts_the_browser_with_the_report(project: Path) -> None:
    browser = project / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s" "$1" > opened\n', encoding="utf-8")
    browser.chmod(0o755)
    audit(project, "-o", "report.html", "--open", BROWSER=str(browser))
    assert (project / "opened").read_text("utf-8") == (project / "report.html").resolve().as_uri()
    audit(project, "--open", BROWSER=str(browser), TMPDIR=str(project))
    opened = Path((project / "opened").read_text("utf-8").removeprefix("file://"))
    assert opened.is_file() and opened.parent.stat().st_mode & 0o077 == 0


def test_where_no_browser_starts_the_place_is_said(project: Path) -> None:
    ran = audit(project, "-o", "report.html", "--open", BROWSER="/bin/false")
    assert ran.code == 1 and "no browser could be started" in ran.err and "report.html" in ran.err
