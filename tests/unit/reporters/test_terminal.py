"""What people see."""

from __future__ import annotations

import re

import pytest

from steadypin.model.finding import Suppressed
from steadypin.reporters import REPORTERS, Presentation
from steadypin.reporters.layout import cut, width_of
from steadypin.values import replace
from tests.contracts.test_reporters import REPORT

TERMINAL = REPORTERS["terminal"]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = TERMINAL.render(REPORT, Presentation(width=width))
    assert max(map(width_of, text.splitlines())) <= width


def test_colours_only_decorate() -> None:
    plain = TERMINAL.render(REPORT, Presentation())
    coloured = TERMINAL.render(REPORT, Presentation(color=True))
    assert plain != coloured and re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain


def test_a_terminal_that_is_not_unicode_gets_ascii() -> None:
    assert TERMINAL.render(REPORT, Presentation(ascii=True)).isascii()


def test_the_totals_name_severities_and_the_threshold() -> None:
    last = " ".join(TERMINAL.render(REPORT, Presentation(quiet=True)).splitlines()[-2:])
    assert "fails at medium" in last and "high" in last and "gaps" in last


def test_a_check_shows_the_packages_that_something_is_wrong_with() -> None:
    check = replace(REPORT, command="check")
    rows = [TERMINAL.render(check, Presentation(width=200, verbose=verbose)).split("\n\n")[1] for verbose in (False, True)]
    wrong = {finding.package for finding in REPORT.findings} & {package.name for package in REPORT.packages}
    assert len(rows[0].splitlines()) == len(wrong) + 2 <= len(rows[1].splitlines()) == len(REPORT.packages) + 2
    assert rows[0].splitlines()[-1] == "! high, * medium"
    sound = TERMINAL.render(replace(check, findings=(), gaps=()), Presentation())
    assert "declared" not in sound and "\n\n\n" not in sound


def test_of_what_the_baseline_knows_the_number_is_told() -> None:
    known = tuple(Suppressed(finding=finding, reason="known: base.json", in_baseline=True) for finding in REPORT.findings)
    excused = Suppressed(finding=REPORT.findings[0], reason="agreed")
    short, long = (
        TERMINAL.render(replace(REPORT, suppressed=(*known, excused)), Presentation(width=200, verbose=verbose))
        for verbose in (False, True)
    )
    assert f"{len(known)} findings known: base.json (--verbose)" in short and "(known: base.json" not in short
    assert "known: base.json (--verbose)" not in long and "(known: base.json" in long
    assert "(agreed)" in short and f"{len(known) + 1} excused" in short


def test_wide_characters_take_two_columns() -> None:
    assert width_of("包x") == 3 and cut("包包包", 4) == "包…"


def test_packages_are_shown_also_where_nothing_is_wrong_with_any() -> None:
    text = TERMINAL.render(replace(REPORT, findings=()), Presentation(width=120))
    assert " flask " in text and " jinja2 " in text


def test_what_no_index_was_asked_for_takes_no_column() -> None:
    offline = [replace(item, latest=None, wanted=None, blocked_by=()) for item in REPORT.packages]
    text = TERMINAL.render(replace(REPORT, packages=tuple(offline), findings=()), Presentation(width=120))
    assert "latest" not in text and "held by" not in text and "installed" in text
