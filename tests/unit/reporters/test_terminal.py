"""What people see."""

from __future__ import annotations

import re

import pytest

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
    assert len(rows[0].splitlines()) == len(wrong) + 1 <= len(rows[1].splitlines()) == len(REPORT.packages) + 1
    sound = TERMINAL.render(replace(check, findings=(), gaps=()), Presentation())
    assert "declared" not in sound and "\n\n\n" not in sound


def test_wide_characters_take_two_columns() -> None:
    assert width_of("包x") == 3 and cut("包包包", 4) == "包…"


def test_packages_are_shown_also_where_nothing_is_wrong_with_any() -> None:
    text = TERMINAL.render(replace(REPORT, findings=()), Presentation(width=120))
    assert " flask " in text and " jinja2 " in text


def test_what_no_index_was_asked_for_takes_no_column() -> None:
    offline = [replace(item, latest=None, wanted=None, blocked_by=()) for item in REPORT.packages]
    text = TERMINAL.render(replace(REPORT, packages=tuple(offline), findings=()), Presentation(width=120))
    assert "latest" not in text and "held by" not in text and "installed" in text
