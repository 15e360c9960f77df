"""No false alarm: what the real tools install from their own locks is no drift. Wheels are made here; no network is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment, steadypin
from tests.support.venvs import python_of
from tests.support.wheels import build_wheel

UV = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not UV.exists(), reason="needs uv")]
PYPROJECT = """
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"
dependencies = ["alpha[fast]>=1", "onlywin; sys_platform == 'nowhere'"]

[project.optional-dependencies]
web = ["webby"]

[dependency-groups]
dev = ["tester"]
docs = ["writer"]

[tool.uv]
package = false
"""
NO_HASHES = ("--ignore", "missing-hashes")
"""uv writes none for wheels of a folder."""
WHEELS: dict[str, dict[str, object]] = {
    "alpha": {"requires": ["beta>=1", "speed; extra == 'fast'"], "extras": ["fast"]},
    "beta": {},
    "speed": {},
    "onlywin": {},
    "webby": {"requires": ["beta"]},
    "tester": {},
    "writer": {},
}


class Project:
    """A folder with wheels beside it, and the tools that act on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "demo"
        self.folder.mkdir()
        self.home = folder / "home"
        (folder / "wheels").mkdir()
        for name, more in WHEELS.items():
            filename, content = build_wheel(name, "1.0", **more)  # type: ignore[arg-type]
            (folder / "wheels" / filename).write_bytes(content)
        self.links = ["--no-index", "--find-links", str(folder / "wheels")]
        (self.folder / "pyproject.toml").write_text(PYPROJECT)
        self.run(UV, "lock", "--offline", "-q", "--python", sys.executable, *self.links)

    def run(self, *words: str | Path) -> None:
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=environment(self.home),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def sync(self, *words: str) -> None:
        self.run(UV, "sync", "--offline", "-q", "--python", sys.executable, *self.links, *words)

    def check(self, *words: str) -> tuple[int, list[str]]:
        ran = steadypin("check", "--python", ".venv", "--format", "json", *NO_HASHES, *words, cwd=self.folder, home=self.home)
        return ran.code, sorted({finding["package"] for finding in ran.json["findings"]})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_uv_syncs_is_no_drift_in_any_mode(project: Project) -> None:
    project.sync()
    assert project.check() == (0, [])
    assert project.check("--group", "dev", "--exact") == (0, [])
    assert project.check("--verify-files") == (0, [])
    assert project.check("--no-dev") == (1, ["tester"])
    project.sync("--no-dev")
    assert project.check() == project.check("--no-dev") == project.check("--exact") == (0, [])
    assert project.check("--group", "dev") == (1, ["tester"])
    project.sync("--no-dev", "--extra", "web", "--group", "docs")
    assert project.check() == (0, [])
    assert project.check("--no-dev", "--extra", "web", "--group", "docs") == (0, [])
    assert project.check("--no-dev", "--extra", "web") == (1, ["writer"])


def test_what_pip_installs_from_an_exported_lock_is_no_drift(project: Project) -> None:
    project.run(UV, "export", "--offline", "-q", "--no-dev", *project.links, "-o", "requirements.txt")
    (project.folder / "uv.lock").unlink()
    project.run(sys.executable, "-m", "venv", ".venv")
    python = python_of(project.folder / ".venv")
    project.run(python, "-m", "pip", "install", "-q", *project.links, "-r", "requirements.txt")
    assert project.check()[0] == 0
    assert project.check("--verify-files")[0] == 0


def test_the_repair_repairs(project: Project) -> None:
    project.sync()
    project.run(UV, "pip", "uninstall", "-q", "--python", ".venv", "beta")
    ran = steadypin("check", "--python", ".venv", "--fix-hint", cwd=project.folder, home=project.home)
    assert ran.code == 1 and ran.out.splitlines()[-1] == "repair: uv sync"
    project.sync()
    assert project.check() == (0, [])
