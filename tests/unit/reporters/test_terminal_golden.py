"""What a terminal of 80, 120 and 200 columns shows, as files; no line is wider than the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.config import Settings
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.gap import Gap
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.pipeline.audit import report
from steadypin.pipeline.tree import tree
from steadypin.reporters import REPORTERS, Presentation
from steadypin.reporters import tree as tree_text
from steadypin.reporters.layout import width_of
from steadypin.reporters.plans import PLAN_REPORTERS
from tests.contracts.test_reporters import hostile_report
from tests.support.golden import hold
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project
from tests.unit.reporters.test_html import PLAN, released

WIDTHS = (80, 120, 200)
FLAW = AdvisoryMatch(
    name="werkzeug",
    version="2.2.3",
    primary="PYSEC-0000-1",
    ids=("PYSEC-0000-1", "CVE-0000-0001"),
    records=("PYSEC-0000-1",),
    fixed_in=("2.3.8",),
    severity=Severity.HIGH,
    summary="Multipart bodies can exhaust the memory",
)
FACTS = facts(
    manifest(declared("flask>=2.2"), declared("boto3<1.27", line=2), declared("internal-billing-client", line=3)),
    lock(
        pin("flask", "2.2.5", line=1),
        pin("werkzeug", "2.2.3", line=2),
        pin("boto3", "1.26.165", line=3),
        pin("botocore", "1.29.165", line=4),
        pin("urllib3", "1.26.18", line=5),
        pin("internal-billing-client", "4.0", line=6),
    ),
    installed=(
        installed("flask", "2.2.5", "werkzeug>=2.2.2"),
        installed("werkzeug", "2.2.3"),
        installed("boto3", "1.26.165", "botocore<1.30.0,>=1.29.165"),
        installed("botocore", "1.29.165", "urllib3<1.27,>=1.25.4"),
        installed("urllib3", "1.26.20"),
        installed("a-package-with-quite-a-long-name-for-a-table", "2026.10.19.post1"),
    ),
    projects=(
        project("flask", *released(("2.2.5", "2023-05-02"), ("3.0.0", "2023-09-30"))),
        project("werkzeug", *released(("2.2.3", "2023-02-14"), ("2.3.8", "2023-11-08"), ("3.0.1", "2023-10-24"))),
        project("boto3", *released(("1.26.165", "2023-06-30"), ("1.35.0", "2024-08-19"))),
        project("botocore", *released(("1.29.165", "2023-06-30"), ("1.35.0", "2024-08-19"))),
        project("urllib3", *released(("1.26.18", "2023-10-17"), ("1.26.20", "2024-08-29"), ("2.2.3", "2024-09-12"))),
        project("a-package-with-quite-a-long-name-for-a-table", *released(("2026.10.19.post1", "2026-10-19"))),
    ),
    advisories=(FLAW,),
    advisories_as_of="2026-11-20T00:00:00Z",
    gaps=(Gap(subject="internal-billing-client", stage="index", reason="http-503", detail="the index answered 503, 4 times"),),
)
SETTINGS = Settings(root=Path())


def audited() -> Report:
    return report(FACTS, SETTINGS, command="audit")


def check_widths(text: str, width: int) -> None:
    assert [line for line in text.splitlines() if width_of(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_audit(width: int) -> None:
    text = REPORTERS["terminal"].render(audited(), Presentation(width=width))
    check_widths(text, width)
    hold(f"audit-{width}.txt", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_plan(width: int) -> None:
    text = PLAN_REPORTERS["terminal"].render(PLAN, Presentation(width=width))
    check_widths(text, width)
    hold(f"plan-{width}.txt", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_tree(width: int) -> None:
    text = tree_text.text(tree(FACTS, SETTINGS, "urllib3"), Presentation(width=width))
    check_widths(text, width)
    hold(f"tree-{width}.txt", text)


@pytest.mark.parametrize("width", [40, *WIDTHS])
def test_hostile_names_are_no_wider_either(width: int) -> None:
    for verbose in (False, True):
        check_widths(REPORTERS["terminal"].render(hostile_report(), Presentation(width=width, verbose=verbose)), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_colour_is_never_the_only_sign(width: int) -> None:
    plain = REPORTERS["terminal"].render(audited(), Presentation(width=width))
    colored = REPORTERS["terminal"].render(audited(), Presentation(width=width, color=True))
    bare = colored
    for code in ("0", "1", "2", "31", "32", "33", "34", "35", "36", "1;31", "1;32", "1;33", "1;35"):
        bare = bare.replace(f"\x1b[{code}m", "")
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()
