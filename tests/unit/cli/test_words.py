"""Options declared once, read by the small parser and by typer alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from steadypin.cli.app import function_of, invoke
from steadypin.cli.audit import AuditOptions
from steadypin.cli.check import CheckOptions
from steadypin.cli.checklist import ChecklistOptions
from steadypin.cli.commands import COMMANDS, load
from steadypin.cli.db import UpdateOptions
from steadypin.cli.diff import DiffOptions
from steadypin.cli.plan import PlanOptions
from steadypin.cli.upgrade import UpgradeOptions
from steadypin.cli.words import NEEDED, Options, parse
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
def test_plain_cases_are_understood_and_mean_the_same_to_typer(words: list[str], options: Options) -> None:
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
    assert options.overrides() == {"fail_on": Severity.HIGH, "cooldown_days": 7, "locks": ("a",)}
    with pytest.raises(UsageError):
        AuditOptions(fail_on="dreadful").overrides()


def test_how_to_plan_is_a_setting_that_options_override() -> None:
    assert PlanOptions(to=("minor",), max_stages="3").overrides() == {"to": ("minor",), "max_stages": 3}
    for wrong in ("0", "1001", "many", "²", "1" * 5000):
        with pytest.raises(UsageError):
            PlanOptions(max_stages=wrong).overrides()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_declared_in_words_and_shows_how_it_is_used(name: str) -> None:
    kind, run = load(name)
    needed = [field for field, word in kind.words.items() if word.default is NEEDED]
    assert parse(kind, ["x"] * len(needed), {}) is not None
    assert f"steadypin {name}" in str(run.__doc__)
    options = [word.spelling(field) for field, word in kind.words.items() if not word.positional]
    shorts = [word.short for word in kind.words.values() if word.short]
    assert len({*options, *shorts}) == len([*options, *shorts])


def test_a_needed_word_has_a_place_and_an_unknown_one_is_an_error() -> None:
    assert parse(DiffOptions, ["a", "b"], {}) == DiffOptions(a="a", b="b")
    assert parse(DiffOptions, ["a"], {}) is None
    assert parse(DiffOptions, ["a", "b", "c"], {}) is None
    for given in ({"a": "a"}, {"a": "a", "b": "b", "colour": "red"}):
        with pytest.raises(TypeError):
            DiffOptions(**given)


def test_a_name_of_its_own_and_an_opposite() -> None:
    assert parse(UpdateOptions, ["--from", "all.zip"], {}) == UpdateOptions(source="all.zip")
    assert parse(UpgradeOptions, ["--apply"], {}) == UpgradeOptions(apply=True)
    assert parse(UpgradeOptions, ["--forget"], {}) is None
    said: list[UpgradeOptions] = []
    app = typer.Typer()
    app.command()(function_of(UpgradeOptions, lambda given: said.append(given) or 0))  # type: ignore[func-returns-value]
    typer.main.get_command(app).main(["--apply", "--forget"], standalone_mode=False)
    assert said == [UpgradeOptions(apply=True, resume=False)]


@pytest.mark.parametrize(
    ("line", "offered"), [("steadypin au", "audit"), ("steadypin db st", "status"), ("steadypin audit --off", "--offline")]
)
def test_a_shell_completes_words(
    line: str, offered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_STEADYPIN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    with pytest.raises(SystemExit):
        invoke([])
    assert offered in capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (AuditOptions(cooldown="soon"), "--cooldown: not a duration"),
        (PlanOptions(max_stages="0"), "--max-stages: '0' is not a number from 1 to 1000"),
        (UpgradeOptions(jobs="many"), "--jobs: 'many' is not a number"),
    ],
)
def test_a_text_that_means_nothing_is_told_with_its_option(options: Options, said: str) -> None:
    with pytest.raises(UsageError) as error:
        options.overrides()
    assert error.value.message.startswith(said)
