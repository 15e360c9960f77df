"""Where a check runs by itself: as tests, as the steps of the GitHub Action, as hooks of pre-commit."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import PROGRAM, environment, site_packages

ROOT = Path(__file__).parents[2]
HASH = "--hash=sha256:" + "0" * 64
posix = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


def run_pytest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--rootdir", str(folder)]
    installed = "steadypin.pytest_plugin" in subprocess.run(
        [*command, "--trace-config", "--co"], cwd=folder, env=environment(folder / "home"), capture_output=True, text=True
    ).stdout.replace("/", ".")
    named = [] if installed else ["-p", "steadypin.pytest_plugin"]
    return subprocess.run(
        [*command, *named, *words], cwd=folder, env=environment(folder / "home"), capture_output=True, encoding="utf-8"
    )


def test_a_suite_gets_a_test_for_each_family_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    (tmp_path / "requirements.txt").write_text(f"surely-not-installed==1.0 {HASH}\n")
    assert "1 passed" in run_pytest(tmp_path).stdout
    asked = run_pytest(tmp_path, "--steadypin", "-rf")
    assert asked.returncode == 1 and "surely-not-installed 1.0 is locked, but not installed" in asked.stdout
    assert "FAILED" in asked.stdout and "steadypin[drift]" in asked.stdout and "Traceback" not in asked.stdout
    assert "(requirements.txt:1:1)\n    -> " in asked.stdout
    (tmp_path / "requirements.txt").unlink()
    assert "no lock to check against" in run_pytest(tmp_path, "--steadypin").stdout


def test_the_plugin_costs_nothing_when_it_is_not_asked() -> None:
    code = "import sys, pytest; before = set(sys.modules); import steadypin.pytest_plugin; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if name.startswith("steadypin")} == {"steadypin", "steadypin.pytest_plugin"}


ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """What a runner sets, and steadypin on the path as the first step leaves it."""
    for name in ("output", "summary", "path"):
        (tmp_path / name).touch()
    return {
        **environment(tmp_path / "home"),
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_PATH": str(tmp_path / "path"),
    }


def run_step(
    step: dict[str, Any], inputs: dict[str, str], runner: dict[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    """A step of the composite action as the runner runs it: expressions put in, then bash."""

    def expand(text: str) -> str:
        known = {"github.action_path": str(ROOT), **{f"inputs.{name}": value for name, value in inputs.items()}}
        return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: known[found[1]], text)

    assert "${{" not in step["run"], "inputs reach the shell as variables only"
    variables = {name: expand(value) for name, value in step["env"].items()}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=cwd, env={**runner, **variables}, capture_output=True, encoding="utf-8", timeout=120)


@posix
def test_the_action_gives_annotations_a_summary_and_sarif(tmp_path: Path, runner: dict[str, str]) -> None:
    workspace = tmp_path / "work space"
    (workspace / "app").mkdir(parents=True)
    (workspace / "app" / "requirements.txt").write_text(f"alpha==1.0 {HASH}\nbeta==1.0 {HASH}\n")
    site_packages(workspace / "env site", {"alpha 1.1": ()})
    defaults = {name: entry["default"] for name, entry in ACTION["inputs"].items()}
    inputs = {**defaults, "path": "app", "python": "env site", "sarif": "drift.sarif", "args": "--only=alpha\n--fail-on=high\n"}
    (check,) = [step for step in ACTION["runs"]["steps"] if step["id"] == "check"]
    done = run_step(check, inputs, runner, workspace)
    assert done.returncode == 1, done.stderr
    assert "::error file=app/requirements.txt,line=1" in done.stdout and "beta" not in done.stdout
    assert "steadypin check" in (tmp_path / "summary").read_text()
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    assert json.loads((workspace / "drift.sarif").read_text())["runs"][0]["results"]
    fine = run_step(check, {**defaults, "path": "app"}, runner, workspace)
    assert fine.returncode == 0, fine.stdout + fine.stderr


@posix
def test_no_input_of_the_action_is_run(tmp_path: Path, runner: dict[str, str]) -> None:
    (tmp_path / "requirements.txt").write_text(f"alpha==1.0 {HASH}\n")
    defaults = {name: entry["default"] for name, entry in ACTION["inputs"].items()}
    install, check = ACTION["runs"]["steps"]
    hostile = run_step(check, {**defaults, "args": "--only=$(touch owned)\n`touch owned`"}, runner, tmp_path)
    assert hostile.returncode == 2
    refused = run_step(install, {**defaults, "version": "==1; touch owned"}, runner, tmp_path)
    assert refused.returncode == 2 and "not a version specifier" in refused.stdout
    assert not (tmp_path / "owned").exists()


def test_every_input_of_the_action_is_documented_and_used() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, entry in ACTION["inputs"].items():
        assert entry["description"] and f"inputs.{name} " in text


def scripts() -> dict[str, tuple[str, str]]:
    """Every shell script that users run: its dialect and its text."""
    found = {path.name: ("bash", path.read_text("utf-8")) for path in sorted((ROOT / "ci").glob("*.sh"))}
    found |= {f"action.yml, {step['id']}": (step["shell"], step["run"]) for step in ACTION["runs"]["steps"]}
    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".steadypin"]
    return found | {"gitlab.yml": ("sh", "\n".join([*job["before_script"], *job["script"]]))}


@posix
@pytest.mark.parametrize(("dialect", "text"), scripts().values(), ids=scripts())
def test_the_scripts_are_sound_shell(dialect: str, text: str) -> None:
    subprocess.run([dialect, "-n"], input=text, text=True, check=True)
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if shellcheck is None:
        pytest.skip("needs shellcheck")
    done = subprocess.run([shellcheck, f"--shell={dialect}", "-"], input=text, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gitlab_template_writes_what_it_reports() -> None:
    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".steadypin"]
    assert all(f"-o {name}" in " ".join(job["script"]) for name in job["artifacts"]["reports"].values())


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("uv.lock", True),
        ("requirements-dev.txt", True),
        ("requirements/prod.in", True),
        ("services/api/pylock.prod.toml", True),
        ("pyproject.toml", True),
        ("README.md", False),
        ("src/requirements.py", False),
        ("notes/toml", False),
    ],
)
def test_the_hook_runs_for_files_that_matter(path: str, runs: bool) -> None:
    assert bool(re.search(HOOKS["steadypin-check"]["files"], path)) is runs


def test_the_hooks_are_commands_that_exist(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"alpha==1.0 {HASH}\n")
    site_packages(tmp_path / "site-packages", {"alpha 1.0": ()})
    for hook in HOOKS.values():
        words = hook["entry"].split()
        assert words[0] == "steadypin"
        variables = {"STEADYPIN_PYTHON": "site-packages"} if "--files-only" not in words else {}
        done = subprocess.run([str(PROGRAM), *words[1:]], cwd=tmp_path, env={**environment(tmp_path / "home"), **variables})
        assert done.returncode == 0
