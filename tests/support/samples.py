"""Copies of the sample projects with their environments really built, one for a session."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_projects"
SCRIPT = SAMPLES / "build_environment.py"
NAMES = tuple(sorted(path.parent.name for path in SAMPLES.glob("*/environment.json")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A copy of a sample project, and the interpreter of its environment."""

    folder: Path
    python: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the sample's interpreter in its folder; the output is text, an exit code is an answer."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "PYTHON"))}
        command = [str(self.python), *arguments]
        environment = {**kept, "PYTHONDONTWRITEBYTECODE": "1", **variables}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False
        )

    def test(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the sample's own tests."""
        return self.run(*json.loads(self.folder.joinpath("environment.json").read_text("utf-8"))["test"], **variables)


def copy(name: str, into: Path) -> Path:
    """A copy of the sample's own files, without what was built in it."""
    ignored = shutil.ignore_patterns(".venv", ".steadypin", "__pycache__", ".pytest_cache", "*.egg-info")
    return Path(shutil.copytree(SAMPLES / name, into / name, ignore=ignored))


class Samples:
    """Each sample, built once under `root`, as time left it or as its lock says. Tests share it: change nothing in it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._built: dict[tuple[str, bool], Sample] = {}

    def drifted(self, name: str) -> Sample:
        return self._get(name, drift=True)

    def locked(self, name: str) -> Sample:
        return self._get(name, drift=False)

    def _get(self, name: str, *, drift: bool) -> Sample:
        if (name, drift) not in self._built:
            self._built[name, drift] = _build(copy(name, self._root / ("drifted" if drift else "locked")), drift=drift)
        return self._built[name, drift]


def _build(folder: Path, *, drift: bool) -> Sample:
    """Build the environment of a copy; skips where no Python that the sample runs on is here."""
    command = [sys.executable, str(SCRIPT), str(folder), *([] if drift else ["--lock-only"])]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if finished.returncode and "runs on Python" in finished.stderr:
        pytest.skip(finished.stderr.strip())
    assert finished.returncode == 0, finished.stderr
    python = folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return Sample(folder=folder, python=python)
