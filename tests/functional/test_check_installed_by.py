"""No false alarm: what poetry, pdm and pipenv install from their own locks is no drift. The tools are the real ones; the
packages come from an index in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command import environment, steadypin
from tests.support.index_server import Rel, TestIndex

UV = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.skipif(not UV.exists(), reason="needs uv")]

PACKAGES = {
    "alpha": [Rel("1.0", requires=["beta>=0.5", "speed; extra == 'fast'"], extras=["fast"])],
    "beta": [Rel("0.9"), Rel("1.0")],
    "speed": [Rel("1.0")],
    "onlywin": [Rel("1.0")],
    "Web.By": [Rel("1.0", requires=["beta"])],
    "tester": [Rel("1.0")],
    "writer": [Rel("1.0")],
}
PYPROJECT = """
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"
dependencies = ["alpha[fast]>=1", "onlywin; sys_platform == 'nowhere'"]

[project.optional-dependencies]
web = ["Web.By"]

[dependency-groups]
dev = ["tester"]
docs = ["writer"]
"""
PIPFILE = """
[[source]]
name = "pypi"
url = "{url}"
verify_ssl = false

[packages]
alpha = {{version = ">=1", extras = ["fast"]}}
onlywin = {{version = "*", markers = "sys_platform == 'nowhere'"}}

[dev-packages]
tester = "*"

[docs]
writer = "*"
"""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool as its users have it, a project of its own, and how it locks and installs.

    `beside` are what the tool needs that its own requirements do not say. `installs` are the words of an install beside those of
    the check that expects just that; `chosen` is what the last brings that a plain one does not. `stale` is an edit of the
    manifest after which the lock is no longer of it.
    """

    name: str
    release: str
    beside: tuple[str, ...] = ()
    manifest: str = "pyproject.toml"
    text: str
    variables: Mapping[str, str]
    locks: str = "lock"
    installs: tuple[tuple[str, str], ...]
    chosen: frozenset[str] = frozenset({"tester", "writer", "web-by"})
    stale: tuple[str, str] = ('"alpha[fast]>=1"', '"alpha[fast]>=1,<9"')


TOOLS = (
    Tool(
        name="poetry",
        release="2.5.1",
        text=PYPROJECT + '\n[tool.poetry]\npackage-mode = false\n\n[[tool.poetry.source]]\nname = "here"\nurl = "{url}"\n',
        installs=(("sync --only main", "--no-dev"), ("sync --with docs --extras web", "--group dev --group docs --extra web")),
        variables={"POETRY_VIRTUALENVS_IN_PROJECT": "true", "POETRY_NO_INTERACTION": "1"},
    ),
    Tool(
        name="pdm",
        release="2.29.4",
        beside=("hishel<2",),
        text=PYPROJECT
        + '\n[tool.pdm]\ndistribution = false\n\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{url}"\nverify_ssl = false\n',
        locks="lock -G :all",
        installs=(("sync --prod", "--no-dev"), ("sync --clean -G :all", "--group dev --group docs --extra web")),
        variables={"PDM_CHECK_UPDATE": "false"},
    ),
    Tool(
        name="pipenv",
        release="2026.10.3",
        manifest="Pipfile",
        text=PIPFILE,
        installs=(("sync", "--no-dev"), ("sync --categories packages,dev-packages,docs", "--group dev --group docs")),
        stale=('version = ">=1"', 'version = ">=1,<9"'),
        chosen=frozenset({"tester", "writer"}),
        variables={"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_NOSPIN": "1"},
    ),
)


class Project:
    """A project of one tool, locked by it; and its environment."""

    def __init__(self, tool: Tool, folder: Path, index: str) -> None:
        self.tool, self.folder, self.index = tool, folder / "demo", index
        self.home = folder / "home"
        self.folder.mkdir()
        (self.folder / tool.manifest).write_text(tool.text.format(url=index), encoding="utf-8")
        self.python = _python_of(tool)
        self.run(str(UV), "venv", "-q", "--python", sys.executable, ".venv")
        self.act(tool.locks)

    def run(self, *words: str) -> None:
        variables = {**self.tool.variables, "UV_CACHE_DIR": str(self.home / "uv")}
        done = subprocess.run(
            words, cwd=self.folder, env=environment(self.home, **variables), capture_output=True, encoding="utf-8", timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def act(self, words: str) -> None:
        self.run(self.python, "-m", self.tool.name, *words.split())

    def check(self, *words: str) -> tuple[int, set[tuple[str, str | None]]]:
        ran = steadypin("check", "--python", ".venv", "--format", "json", *words, cwd=self.folder, home=self.home)
        found = [finding for finding in ran.json["findings"] if finding["severity"] not in ("low", "info")]
        return ran.code, {(finding["rule"], finding["package"]) for finding in found}

    def repair(self) -> None:
        """What the check tells to type, typed."""
        ran = steadypin("check", "--python", ".venv", "--fix-hint", cwd=self.folder, home=self.home)
        for command in ran.out.splitlines()[-1].removeprefix("repair: ").split(" && "):
            name, _, words = command.partition(" ")
            assert name == self.tool.name, command
            self.act(words)


def _python_of(tool: Tool) -> str:
    """The interpreter of the environment that uv keeps for the tool in its cache, between runs as well."""
    beside = [word for requirement in tool.beside for word in ("--with", requirement)]
    words = [UV, "tool", "run", "--python", sys.executable, *beside, "--from", f"{tool.name}=={tool.release}"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    for more in ((), ("--offline",)):
        command = [*map(str, words), *more, "python", "-c", "import sys; print(sys.executable)"]
        done = subprocess.run(command, env=kept, capture_output=True, encoding="utf-8", timeout=120)
        if done.returncode == 0:
            return done.stdout.strip()
    why = f"{tool.name} {tool.release} cannot be had: {done.stderr.strip()[-300:]}"
    return pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


@pytest.fixture(scope="module")
def locked(index: TestIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Project]]]:
    """All of them at the same time: much of it is waiting."""
    with ThreadPoolExecutor(len(TOOLS)) as pool:
        yield {tool.name: pool.submit(Project, tool, tmp_path_factory.mktemp(tool.name), index.url) for tool in TOOLS}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_what_a_tool_installs_from_its_own_lock_is_no_drift(tool: Tool, locked: dict[str, Future[Project]]) -> None:
    project = locked[tool.name].result()
    for install, expected in tool.installs:
        project.act(install)
        assert project.check() == project.check(*expected.split(), "--verify-files") == (0, set()), install
    assert project.check("--no-dev")[1] == {("installed-not-chosen", name) for name in tool.chosen}
    project.run(str(UV), "pip", "install", "-q", "--python", ".venv", "--index-url", project.index, "beta==0.9")
    assert project.check() == (1, {("version-differs", "beta")})
    project.repair()
    assert project.check() == (0, set())
    manifest = project.folder / tool.manifest
    manifest.write_text(manifest.read_text("utf-8").replace(*tool.stale), encoding="utf-8")
    assert project.check() == (1, {("lock-stale", None)})
