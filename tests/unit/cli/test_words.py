"""Options declared once, read by the small parser and by typer alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from steadypin.cli.audit import AuditOptions
from steadypin.cli.check import CheckOptions
from steadypin.cli.checklist import ChecklistOptions
from steadypin.cli.commands import function_of
from steadypin.cli.plan import PlanOptions
from steadypin.cli.words import overrides, parse
from steadypin.errors import UsageError
from steadypin.model.severity import Severity

PLAIN = [
    ([], CheckOptions()),
    (["app", "-q"], CheckOptions(path=Path("app"), quiet=True)),
    (["--lock", "a", "--lock=b"], CheckOptions(lock=("a", "b"))),
    (["--fail-on=high", "-o", "x.json", "-f", "json"], CheckOptions(fail_on="high", output=(Path("x.json"),), format="json")),
    (["--group", "dev", "--files-only"], CheckOptions(group=("dev",), files_only=True)),
    (["--to", "minor", "--to=a=latest", "--max-stages", "3"], PlanOptions(to=("minor", "a=latest"), max_stages="3")),
    (["--plan", "p.json", "-o", "x.md"], ChecklistOptions(plan=Path("p.json"), output=Path("x.md"))),
    (["--offline", "--index-url", "https://index.example"], AuditOptions(offline=True, index_url="https://index.example")),
]


@pytest.mark.parametrize(("words", "options"), PLAIN, ids=[" ".join(words) for words, _ in PLAIN])
def test_plain_cases_are_understood_and_mean_the_same_to_typer(words: list[str], options: object) -> None:
    assert parse(type(options), words, {}) == options
    said: list[object] = []
    app = typer.Typer()
    app.command()(function_of(type(options), lambda given: said.append(given) or 0))  # type: ignore[func-returns-value]
    typer.main.get_command(app).main(words, standalone_mode=False)
    assert said == [options]


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["--help"],
            ["-h"],
            ["--nope"],
            ["--path", "x"],
            ["--lock"],
            ["--quiet=1"],
            ["a", "b"],
            ["--fail-on", "--strict"],
            ["-qv"],
        ),
        *(["--files_only"], ["--target", "a", "--target", "b"], ["-"]),
    ],
)
def test_everything_else_is_left_to_typer(words: list[str]) -> None:
    assert parse(CheckOptions, words, {}) is None


def test_variables_count_and_options_win_over_them() -> None:
    environ = {"STEADYPIN_FAIL_ON": "low", "STEADYPIN_PYTHON": "x"}
    assert parse(CheckOptions, ["--fail-on", "high"], environ) == CheckOptions(fail_on="high", python="x")
    assert parse(CheckOptions, [], {"STEADYPIN_CHECK_QUIET": "1"}) is None
    assert parse(CheckOptions, [], {"STEADYPIN_STRICT": "0"}) is None  # what a flag's variable may say is typer's to know


def test_overrides_are_parsed_and_only_what_was_given() -> None:
    options = AuditOptions(fail_on="high", cooldown="P7D", lock=("a",))
    assert overrides(options) == {"fail_on": Severity.HIGH, "cooldown_days": 7, "locks": ("a",)}
    with pytest.raises(UsageError):
        overrides(AuditOptions(fail_on="dreadful"))


def test_how_to_plan_is_a_setting_that_options_override() -> None:
    assert overrides(PlanOptions(to=("minor",), max_stages="3")) == {"to": ("minor",), "max_stages": 3}
    for wrong in ("0", "1001", "many", "²", "1" * 5000):
        with pytest.raises(UsageError):
            overrides(PlanOptions(max_stages=wrong))
