"""One project, locked by every tool: each lock gives the same packages for the same target.

What is right is asked of a resolver for each target, not of a lock. The packages come from an index in this process that
knows the releases of `sample_projects/many_locks`, so that nothing here depends on what is newest today.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from steadypin.cli.entry import run
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.model import parse
from steadypin.model.facts import Facts
from steadypin.sources.project import read_project
from steadypin.sources.targets import parse_target
from tests.support.command import environment, steadypin
from tests.support.index_server import Rel, TestIndex
from tests.support.samples import SAMPLES
from tests.support.venvs import python_of

RELEASES = json.loads((Path(__file__).parents[1] / "data/many_locks/releases.json").read_text("utf-8"))
Pins = frozenset[tuple[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A target in our words and in uv's."""

    target: str
    python: str
    uv: str


PLATFORMS = {
    "linux": Platform(target="python=3.12,platform=linux_x86_64", python="3.12", uv="x86_64-unknown-linux-gnu"),
    "windows": Platform(target="python=3.10,platform=windows_x86_64", python="3.10", uv="x86_64-pc-windows-msvc"),
    "macos": Platform(target="python=3.13,platform=macos_arm64", python="3.13", uv="aarch64-apple-darwin"),
}
SELECTIONS = {
    "plain": Selection(),
    "group": Selection(groups=frozenset({"dev"})),
    "extra": Selection(extras=frozenset({"fast"})),
    "both": Selection(extras=frozenset({"fast"}), groups=frozenset({"dev"})),
}
WHOLE = ("uv.lock", "poetry.lock", "pdm.lock", "all/pylock.toml", "all/requirements.txt")
"""Locks that hold every extra and group; the exports tell them apart no more."""
CHOOSING = ("uv.lock", "poetry.lock", "pdm.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A copy of the project with locks of every kind, and the index that they were made from."""

    folder: Path
    index: TestIndex

    def uv(self, *words: str, cwd: Path | None = None) -> str:
        command = [
            sys.executable,
            "-m",
            "uv",
            *words,
            "--no-config",
            "--python",
            sys.executable,
            "--default-index",
            self.index.url,
        ]
        return self.run(command, cwd=cwd)

    def run(self, command: list[str], cwd: Path | None = None, **variables: str) -> str:
        home = self.folder.parent / "home"
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=environment(home, UV_CACHE_DIR=str(home / "uv"), UV_PYTHON_DOWNLOADS="never", **variables),
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    def right(self, platform: Platform, chosen: Selection) -> Pins:
        """What a resolver says for this target: names and versions."""
        words = ["--python-version", platform.python, "--python-platform", platform.uv, "--no-annotate", "--no-header"]
        words += [word for extra in sorted(chosen.extras) for word in ("--extra", extra)]
        words += [word for group in sorted(chosen.groups) for word in ("--group", group)]
        lines = map(Requirement, self.uv("pip", "compile", "-q", "pyproject.toml", *words).splitlines())
        return frozenset((parse.normalise(line.name), next(iter(line.specifier)).version) for line in lines)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("many") / "app"
    shutil.copytree(SAMPLES / "many_locks", folder)
    with TestIndex({name: [Rel(v, **words) for v, words in found.items()] for name, found in RELEASES.items()}) as index:
        made = World(folder=folder, index=index)
        made.uv("lock", "-q")
        (folder / "all").mkdir()
        everything = ("--frozen", "-q", "--all-extras", "--all-groups")
        made.uv("export", *everything, "--format", "pylock.toml", "-o", "all/pylock.toml")
        made.uv("export", *everything, "--no-emit-project", "-o", "all/requirements.txt")
        made.uv("export", "--frozen", "-q", "--no-default-groups", "--format", "pylock.toml", "-o", "pylock.toml")
        yield made


def locked(world: World, lock: str, platform: Platform, chosen: Selection) -> Pins:
    """What an install of one lock of the project brings on a target."""
    files = read_project(world.folder, locks=[world.folder / lock]).files
    compared = compare(Facts(target=parse_target(platform.target), taken_at="2026-01-01T00:00:00Z", files=files), None, chosen)
    return frozenset((package.name, entry.version) for package in compared.packages for entry in package.expected)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize("chosen", sorted(SELECTIONS))
def test_each_lock_brings_what_a_resolver_says(chosen: str, platform: str, world: World) -> None:
    right = world.right(PLATFORMS[platform], SELECTIONS[chosen])
    locks = CHOOSING + {"plain": ("requirements.txt", "pylock.toml"), "both": WHOLE[3:]}.get(chosen, ())
    for lock in locks:
        brought = locked(world, lock, PLATFORMS[platform], SELECTIONS[chosen])
        assert brought == right, (lock, sorted(brought ^ right))


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_audit_and_show_give_every_lock_the_same_packages(
    platform: str, world: World, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("STEADYPIN_CACHE_DIR", str(tmp_path))
    right = world.right(PLATFORMS[platform], SELECTIONS["both"])
    target = ("--target", PLATFORMS[platform].target, "--format", "json")
    for lock in WHOLE:
        assert run(["audit", ".", "--no-env", "--offline", "--only", "locks-disagree", "--lock", lock, *target]) == 0
        report = json.loads(capsysbinary.readouterr().out)
        assert {(row["name"], version) for row in report["packages"] for version in row["locked"]} == right, lock
        assert run(["show", lock, *target]) == 0
        shown = json.loads(capsysbinary.readouterr().out)
        assert {(row["name"], row["version"]) for row in shown["packages"] if row["kind"] == "index"} == right, lock


def test_no_lock_is_stale_and_none_disagree(world: World) -> None:
    ran = steadypin("audit", ".", "--no-env", "--offline", "--format", "json", cwd=world.folder, home=world.folder.parent / "h")
    found = {finding["rule"] for finding in ran.json["findings"]}
    assert not found & {"lock-stale", "locks-disagree", "lock-violates-declared", "file-problem"}, ran.out
    assert {"uv.lock", "poetry.lock", "pdm.lock", "requirements.txt", "pylock.toml"} <= set(ran.json["files"])


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pdm.lock", "requirements.txt"])
def test_a_lock_that_is_older_than_its_manifest_is_stale(lock: str, world: World, tmp_path: Path) -> None:
    for name, entry in (("pyproject.toml", '    "rich",\n'), ("requirements.in", "rich\n")):
        lines = (world.folder / name).read_text("utf-8").splitlines(keepends=True)
        place = next(number for number, line in enumerate(lines) if "click>=8.1" in line)
        (tmp_path / name).write_text("".join([*lines[:place], entry, *lines[place:]]), encoding="utf-8")
    shutil.copy(world.folder / lock, tmp_path / lock)
    ran = steadypin("audit", ".", "--no-env", "--offline", "--format", "json", cwd=tmp_path)
    stale = [f["locations"][0]["path"] for f in ran.json["findings"] if f["rule"] == "lock-stale"]
    assert stale == [lock], ran.out


def test_two_locks_that_disagree_are_a_finding_at_both_places(world: World, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "poetry.lock", "pdm.lock"):
        shutil.copy(world.folder / name, tmp_path)
    text = (tmp_path / "pdm.lock").read_text("utf-8")
    (tmp_path / "pdm.lock").write_text(text.replace('name = "h2"\nversion = "4.4.1"', 'name = "h2"\nversion = "4.4.0"'))
    ran = steadypin("audit", ".", "--no-env", "--offline", "--format", "json", "--only", "locks-disagree", cwd=tmp_path)
    (finding,) = ran.json["findings"]
    assert finding["package"] == "h2" and {place["path"] for place in finding["locations"]} == {"pdm.lock", "poetry.lock"}
    assert "4.4.0" in finding["message"] and "4.4.1" in finding["message"]


def test_pip_compile_agrees_for_the_python_that_it_runs_on(world: World) -> None:
    """pip-compile locks one environment: the one that it runs in."""
    words = ["--quiet", "--strip-extras", "--no-config", "--index-url", world.index.url, "-o", "compiled/requirements.txt"]
    (world.folder / "compiled").mkdir()
    world.run([sys.executable, "-m", "piptools", "compile", *words, "requirements.in"])
    files = read_project(world.folder, locks=[world.folder / "compiled/requirements.txt"]).files
    facts = Facts(target=parse_target("python={}.{}".format(*sys.version_info)), taken_at="2026-01-01T00:00:00Z", files=files)
    brought = {(p.name, e.version) for p in compare(facts).packages for e in p.expected}
    assert brought == set(world_pins(world, facts))


def world_pins(world: World, facts: Facts) -> Iterator[tuple[str, str | None]]:
    """What uv.lock brings on the target of other facts."""
    files = read_project(world.folder, locks=[world.folder / "uv.lock"]).files
    compared = compare(Facts(target=facts.target, taken_at=facts.taken_at, files=files))
    yield from ((package.name, entry.version) for package in compared.packages for entry in package.expected)


TOOLS = {
    "poetry": ("poetry==2.5.1",),
    "pdm": ("pdm==2.29.4", "hishel==1.4.0"),
    "pip": ("pip>=25.1",),
    "pipenv": ("pipenv==2026.6.1",),
}
"""What is installed to lock anew, with what the tool needs and does not say."""


@pytest.fixture
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of the commands of a throw-away environment with one tool; skips where it cannot be installed."""
    packages = TOOLS[request.param]
    uv = [sys.executable, "-m", "uv"]
    made = subprocess.run(
        [*uv, "venv", "-q", "--python", sys.executable, str(tmp_path / "tool")], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    commands = python_of(tmp_path / "tool").parent
    done = subprocess.run(
        [*uv, "pip", "install", "-q", "--python", str(python_of(tmp_path / "tool")), *packages], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"{request.param} cannot be installed: {done.stderr.strip()[-300:]}")
    return commands


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["poetry"], indirect=True)
def test_poetry_itself_locks_the_same(tool: Path, world: World, tmp_path: Path) -> None:
    source = f'\n[[tool.poetry.source]]\nname = "world"\nurl = "{world.index.url}"\npriority = "primary"\n'
    folder = project(world, tmp_path / "poetry", source)
    world.run([str(tool / "poetry"), "lock", "--no-interaction"], cwd=folder, POETRY_VIRTUALENVS_CREATE="false")
    agrees(World(folder=folder, index=world.index), "poetry.lock", world)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pdm"], indirect=True)
def test_pdm_itself_locks_the_same(tool: Path, world: World, tmp_path: Path) -> None:
    folder = project(world, tmp_path / "pdm")
    words = [str(tool / "pdm"), "lock", "-q", "-G", ":all"]
    settings = {"PDM_PYPI_URL": world.index.url, "PDM_CHECK_UPDATE": "0", "PDM_USE_VENV": "0", "PDM_PYTHON": sys.executable}
    world.run([*words, "--python", ">=3.11"], cwd=folder, **settings)
    world.run([*words, "--append", "--python", ">=3.10,<3.11"], cwd=folder, **settings)
    agrees(World(folder=folder, index=world.index), "pdm.lock", world)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="the Pipfile is for newer Pythons: it can name zipp once only")
@pytest.mark.parametrize("tool", ["pipenv"], indirect=True)
def test_pipenv_itself_locks_the_same_for_the_python_that_it_runs_on(tool: Path, world: World, tmp_path: Path) -> None:
    version = "{}.{}".format(*sys.version_info)
    folder = tmp_path / "pipenv"
    folder.mkdir()
    text = (SAMPLES / "many_locks/Pipfile").read_text("utf-8").replace('"3.12"', f'"{version}"')
    source = f'[[source]]\nname = "world"\nurl = "{world.index.url}"\nverify_ssl = false\n\n'
    (folder / "Pipfile").write_text(source + text, encoding="utf-8")
    settings = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_PYTHON": sys.executable, "PIPENV_YES": "1", "LANG": "C.UTF-8"}
    world.run([str(tool / "pipenv"), "lock"], cwd=folder, **settings)
    here = Platform(target=f"python={version}", python=version, uv="")
    for name in ("plain", "group"):
        brought = locked(World(folder=folder, index=world.index), "Pipfile.lock", here, SELECTIONS[name])
        assert brought == locked(world, "uv.lock", here, SELECTIONS[name]), name
    assert stale(folder, "Pipfile.lock") is None
    (folder / "Pipfile").write_text(source + text.replace("click = ", 'rich = "*"\nclick = '), encoding="utf-8")
    assert "Pipfile was changed" in (stale(folder, "Pipfile.lock") or "")


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip"], indirect=True)
def test_pip_itself_locks_the_same_for_the_python_that_it_runs_on(tool: Path, world: World, tmp_path: Path) -> None:
    shutil.copy(world.folder / "requirements.in", tmp_path)
    words = ["lock", "-q", "-r", "requirements.in", "--index-url", world.index.url, "-o", "pylock.toml"]
    world.run([str(python_of(tool.parent)), "-m", "pip", *words], cwd=tmp_path)
    here = Platform(target="python={}.{}".format(*sys.version_info), python="", uv="")
    brought = locked(World(folder=tmp_path, index=world.index), "pylock.toml", here, SELECTIONS["plain"])
    assert brought == locked(world, "uv.lock", here, SELECTIONS["plain"])


def project(world: World, folder: Path, more: str = "") -> Path:
    """The declarations alone, with a tool's own table added."""
    folder.mkdir()
    text = (world.folder / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(text + more, encoding="utf-8")
    return folder


def agrees(made: World, lock: str, world: World) -> None:
    """A lock brings what uv.lock brings, on every platform and with every choice, and is fresh."""
    for platform in PLATFORMS.values():
        for chosen in SELECTIONS.values():
            assert locked(made, lock, platform, chosen) == locked(world, "uv.lock", platform, chosen), (platform, chosen)
    assert stale(made.folder, lock) is None


def stale(folder: Path, lock: str) -> str | None:
    """Why a lock is older than its manifest, None where it is fresh."""
    (found,) = (file for file in read_project(folder).files if file.path == lock)
    return found.stale
