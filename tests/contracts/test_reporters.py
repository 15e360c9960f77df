"""Laws that hold for every reporter."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.cli.output import reporter_for
from steadypin.config import Settings
from steadypin.model.gap import Gap
from steadypin.model.report import Report
from steadypin.pipeline.audit import report
from steadypin.reporters import REPORTERS, Presentation
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project

HOSTILE = [
    "a\x1b[31mred",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "a|b`c`*d*",
    "\u202egnp.exe",
    "line\nbreak\r\n::error::owned",
    "]]>&amp;",
    "x" * 10_000,
    "\ud800",
    "https://user:s3cret@index.example/",
]


def hostile_report() -> Report:
    known = facts(
        manifest(declared("flask>=3")),
        lock(pin("flask", "2.0"), *(pin(name, "1.0", line=i) for i, name in enumerate(HOSTILE))),
        installed=(
            installed("flask", "2.1", "jinja2>=9"),
            *(installed(name, "1.0") for name in HOSTILE),
            *(installed(f"extra{name}", name) for name in HOSTILE),
        ),
        projects=(project("flask", "2.1", "3.0", status="archived", status_reason=HOSTILE[1]),),
        gaps=tuple(Gap(subject=name, stage="index", reason="timeout", detail=name) for name in HOSTILE),
    )
    return report(known, Settings(root=Path()), command="audit")


REPORT = hostile_report()


@pytest.fixture(params=sorted(REPORTERS))
def text(request: pytest.FixtureRequest) -> str:
    return REPORTERS[request.param].render(REPORT, Presentation())


def test_the_same_report_gives_the_same_bytes(text: str) -> None:
    assert text in [REPORTERS[name].render(hostile_report(), Presentation()) for name in REPORTERS]


def test_the_text_is_encodable_and_ends_in_one_newline(text: str) -> None:
    assert text.encode("utf-8").endswith(b"\n") and not text.endswith("\n\n")


def test_no_control_or_bidi_character_gets_through(text: str) -> None:
    assert not [c for c in text if (ord(c) < 32 and c != "\n") or c in "\x7f\u202e\u2028\u200b"]


def test_no_credential_gets_through(text: str) -> None:
    assert "s3cret" not in text


def test_no_line_starts_with_a_workflow_command_of_a_hostile_name(text: str) -> None:
    assert not [line for line in text.splitlines() if line.startswith("::error::owned")]


def test_every_gap_is_shown(text: str) -> None:
    assert "timeout" in text


def test_no_two_formats_share_a_suffix_and_the_longest_one_chooses() -> None:
    suffixes = [suffix for reporter in REPORTERS.values() for suffix in reporter.suffixes]
    assert len(suffixes) == len(set(suffixes))
    for name, reporter in REPORTERS.items():
        assert {reporter_for(Path(f"drift{suffix}"), REPORTERS).name for suffix in reporter.suffixes} == {name}


@pytest.mark.parametrize("name", sorted(set(REPORTERS) - {"openvex", "cyclonedx"}))
def test_every_failing_finding_is_named_by_its_rule(name: str) -> None:
    text = REPORTERS[name].render(REPORT, Presentation())
    assert not [finding.rule for finding in REPORT.failing if finding.rule not in text.replace("\\-", "-")]
