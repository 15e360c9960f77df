"""`plan --python 3.13` plans for a Python; everything else that --python takes is an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.cli.plan import for_version
from steadypin.config import Settings
from steadypin.values import replace


@pytest.mark.parametrize("version", ["3.13", "3.12.4"])
def test_a_bare_version_is_what_is_planned_for(version: str) -> None:
    planned = for_version(replace(Settings(root=Path()), python=version))
    assert (planned.python, planned.target) == (None, f"python={version}")


@pytest.mark.parametrize("environment", [None, ".venv", "python3.13", "/usr/bin/python3", "3"])
def test_what_is_no_version_is_an_environment(environment: str | None) -> None:
    settings = replace(Settings(root=Path()), python=environment)
    assert for_version(settings) is settings


def test_a_target_wins() -> None:
    settings = replace(Settings(root=Path()), python="3.13", target="python=3.12")
    assert for_version(settings) is settings
