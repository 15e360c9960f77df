"""The small parser of `check` and the full one have the same options."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from steadypin.cli.check import check
from steadypin.cli.checking import CheckOptions, parse


def test_both_parsers_have_the_same_options() -> None:
    assert [field.name for field in fields(CheckOptions)] == list(inspect.signature(check).parameters)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], CheckOptions()),
        (["app", "-q"], CheckOptions(path=Path("app"), quiet=True)),
        (["--lock", "a", "--lock=b"], CheckOptions(lock=("a", "b"))),
        (["--fail-on=high", "-o", "x.json", "-f", "json"], CheckOptions(fail_on="high", output=(Path("x.json"),), format="json")),
        (["--group", "dev", "--files-only"], CheckOptions(group=("dev",), files_only=True)),
    ],
)
def test_plain_cases_are_understood(words: list[str], options: CheckOptions) -> None:
    assert parse(words, {}) == options


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["--nope"], ["--path", "x"], ["--lock"], ["--quiet=1"], ["a", "b"], ["--fail-on", "--strict"], ["-qv"]]
)
def test_everything_else_is_left_to_the_full_parser(words: list[str]) -> None:
    assert parse(words, {}) is None


def test_variables_count_and_options_win_over_them() -> None:
    environ = {"STEADYPIN_FAIL_ON": "low", "STEADYPIN_PYTHON": "x"}
    assert parse(["--fail-on", "high"], environ) == CheckOptions(fail_on="high", python="x")
    assert parse([], {"STEADYPIN_CHECK_QUIET": "1"}) is None
