"""[tool.steadypin] and steadypin.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.config import load, override, parse_days
from steadypin.errors import ConfigError, UsageError
from steadypin.model.severity import Severity

RULES = frozenset({"yanked", "unpinned"})


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_project_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path).policy.fail_on is Severity.MEDIUM


def test_values_are_parsed_at_the_door(tmp_path: Path) -> None:
    text = """
[tool.steadypin]
fail-on = "high"
cooldown = "P7D"
max-age = "2y"
lock = "requirements.txt"
[tool.steadypin.severity]
yanked = "critical"
unpinned = "off"
[[tool.steadypin.ignore]]
rule = "yanked"
package = "a"
reason = "vendored"
until = 2027-01-31
"""
    settings = load(write(tmp_path, text), known_rules=RULES)
    assert settings.policy.fail_on is Severity.HIGH
    assert (settings.policy.cooldown_days, settings.policy.max_age_days) == (7, 730)
    assert settings.locks == ("requirements.txt",)
    assert settings.policy.severities == (("yanked", Severity.CRITICAL), ("unpinned", None))
    (entry,) = settings.policy.suppressions
    assert (entry.until, entry.location.line if entry.location else None) == ("2027-01-31", 10)


def test_steadypin_toml_wins(tmp_path: Path) -> None:
    write(tmp_path, '[tool.steadypin]\nfail-on = "low"\n')
    write(tmp_path, 'fail-on = "high"\n', "steadypin.toml")
    assert load(tmp_path).policy.fail_on is Severity.HIGH


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('fail-onn = "high"', 2, "did you mean fail-on?"),
        ('fail-on = "dreadful"', 2, "not a severity"),
        ('cooldown = "soon"', 2, "not a duration"),
        ("offline = 1", 2, "expected true or false"),
        ('[tool.steadypin.severity]\nyankd = "low"', 3, "did you mean yanked?"),
        ('[[tool.steadypin.ignore]]\nrule = "yanked"', 2, "without a reason"),
        ('[[tool.steadypin.ignore]]\nreason = "x"', 2, "for everything"),
        ('[[tool.steadypin.ignore]]\nreason = "x"\nrule = "nope"', 2, "unknown rule"),
        ('[[tool.steadypin.ignore]]\nreason = "x"\nrule = "yanked"\nuntil = "tomorrow"', 2, "not a date"),
        ('[[tool.steadypin.ignore]]\nreason = "x"\nrule = "yanked"\nuntill = "2027-01-01"', 2, "did you mean until?"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, "[tool.steadypin]\n" + text + "\n"), known_rules=RULES)
    assert caught.value.location.line == line
    assert said in caught.value.message + caught.value.hint


def test_options_win_over_the_file(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[tool.steadypin]\nfail-on = "high"\npython = "x"\n'))
    changed = override(settings, fail_on=Severity.LOW, python=None, offline=True)
    assert (changed.policy.fail_on, changed.python, changed.offline) == (Severity.LOW, "x", True)


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("7", 7), ("2w", 14), ("P7D", 7), ("P1Y2M", 425), ("p2w", 14)])
def test_durations(text: str, days: int) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "P", "soon", "-3d", "7 days"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError):
        parse_days(text)
