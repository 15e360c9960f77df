"""The sample projects are what their READMEs say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.samples import NAMES, SAMPLES, Samples

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_installs_without_conflict_and_the_suite_passes(samples: Samples, name: str, tmp_path: Path) -> None:
    finished = samples.locked(name).test(FLAKY_SUITE_STATE=str(tmp_path / "runs"))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r"[0-9]+ passed|Ran [0-9]+ tests", finished.stdout + finished.stderr)
    checked = samples.locked(name).run("-m", "pip", "--disable-pip-version-check", "check")
    assert checked.returncode == 0, checked.stdout


def test_the_flaky_test_fails_on_the_runs_that_are_asked_for(samples: Samples, tmp_path: Path) -> None:
    luck = {"FLAKY_SUITE_STATE": str(tmp_path / "runs"), "FLAKY_SUITE_FAILS": "2"}
    assert [samples.locked("flaky_suite").test(**luck).returncode for _ in range(3)] == [0, 1, 0]


def test_parking_api_has_drifted_as_its_readme_says(samples: Samples) -> None:
    installed = versions(samples, "parking_api")
    drifted = {
        name: installed.get(name) for name in ("werkzeug", "requests", "blinker", "gunicorn", "python-dotenv", "plate-report")
    }
    assert drifted == {
        "werkzeug": "3.1.3",
        "requests": "2.32.1",
        "blinker": "1.6.1",
        "gunicorn": None,
        "python-dotenv": "1.0.1",
        "plate-report": "0.3.0",
    }
    checked = samples.drifted("parking_api").run("-m", "pip", "--disable-pip-version-check", "check")
    assert "flask 3.0.3 has requirement blinker>=1.6.2" in checked.stdout.lower()


def test_legacy_billing_has_drifted_as_its_readme_says(samples: Samples) -> None:
    installed = versions(samples, "legacy_billing")
    drifted = {name: installed.get(name) for name in ("certifi", "idna", "tabulate", "simplejson")}
    assert drifted == {"certifi": "2022.5.18", "idna": "3.4", "tabulate": None, "simplejson": "3.17.6"}


def versions(samples: Samples, name: str) -> dict[str, str]:
    """What pip says is installed, by normalised name."""
    listed = samples.drifted(name).run("-m", "pip", "--disable-pip-version-check", "list", "--format", "json")
    assert listed.returncode == 0, listed.stderr
    return {re.sub("[-_.]+", "-", row["name"]).lower(): row["version"] for row in json.loads(listed.stdout)}


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_tells_its_story(name: str) -> None:
    folder = SAMPLES / name
    readme = folder.joinpath("README.md").read_text("utf-8")
    assert "## What is wrong here" in readme
    assert all(step["why"] for step in json.loads(folder.joinpath("environment.json").read_text("utf-8"))["drift"])
    assert Path(folder, "requirements.txt").is_file()
