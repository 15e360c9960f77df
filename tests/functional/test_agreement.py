"""On the live index, an audit agrees with `pip list --outdated`, `pip check` and `pip freeze`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from steadypin.model.parse import normalise
from tests.support.command import steadypin
from tests.support.samples import Samples

pytestmark = [pytest.mark.network, pytest.mark.slow]

HUNDRED = (
    "jupyterlab==4.0.3",
    "boto3==1.28.0",
    "django==4.1.7",
    "sphinx==6.1.3",
    "flask==2.2.5",
    "sqlalchemy==1.4.49",
    "pip==24.0",
)


def pip(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *words]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=180, check=False)


def audit(python: Path, folder: Path, *words: str) -> dict:
    ran = steadypin(
        "audit", "--python", python.parents[1], "--format", "json", *words, cwd=folder, home=folder / ".home", timeout=180
    )
    assert ran.code in (0, 1), ran.err
    assert [gap for gap in ran.json["gaps"] if gap["stage"] == "index"] == []
    return ran.json


def agrees(python: Path, folder: Path) -> None:
    report = audit(python, folder)
    installed = {p["name"]: p["installed"] for p in report["packages"] if p["installed"]}
    assert installed == everything_of(python)
    behind = {p["name"]: p["latest"] for p in report["packages"] if p["installed"] and p["releases_behind"]}
    assert behind == outdated_of(python)
    broken = {
        (f["package"], f["message"].split()[2].rstrip(",")) for f in report["findings"] if f["rule"] == "broken-requirement"
    }
    assert {(name, re.split(r"[^\w.-]", text)[0].lower()) for name, text in broken} == broken_of(python)


def everything_of(python: Path) -> dict[str, str]:
    """Of `pip list`, which is `pip freeze --all` with the versions of editable installs."""
    rows = json.loads(pip(python, "list", "--format", "json").stdout)
    return {normalise(row["name"]): row["version"] for row in rows}


def outdated_of(python: Path) -> dict[str, str]:
    rows = json.loads(pip(python, "list", "--outdated", "--format", "json").stdout)
    return {normalise(row["name"]): row["latest_version"] for row in rows}


def broken_of(python: Path) -> set[tuple[str, str]]:
    lines = pip(python, "check").stdout.splitlines()
    found = [re.match(r"(\S+) \S+ (?:has requirement|requires) ([\w.-]+)", line) for line in lines]
    return {(normalise(match[1]), match[2].lower()) for match in found if match}


@pytest.mark.parametrize("name", ["parking_api", "legacy_billing"])
def test_of_a_drifted_sample(samples: Samples, name: str, tmp_path: Path) -> None:
    agrees(samples.drifted(name).python, tmp_path)


def test_of_an_environment_of_a_hundred_packages(tmp_path: Path) -> None:
    uv = [sys.executable, "-m", "uv"]
    venv = tmp_path / "venv"
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", str(venv), *HUNDRED], check=True)
    python = next(path for path in (venv / "bin" / "python", venv / "Scripts" / "python.exe") if path.exists())
    subprocess.run([*uv, "pip", "install", "-q", "--no-deps", "--python", str(venv), "jinja2==2.11.3"], check=True)
    assert len(everything_of(python)) > 100
    agrees(python, tmp_path)
