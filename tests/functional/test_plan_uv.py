"""A project with a uv.lock: the end of its plan is one that uv writes, for all that the lock covers, or the plan says so."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin import toml
from steadypin.locking.uv import UvLock
from steadypin.model.target import Target
from steadypin.sources.reading import reader_of
from tests.support.command import Ran, environment, steadypin
from tests.support.index_server import Rel, TestIndex

PACKAGES = {
    "wide": [Rel("1.0", requires_python=">=3.8"), Rel("2.0", requires_python=">=3.9")],
    "split": [Rel(version) for version in ("1.0", "1.1", "2.0", "2.1")],
    "calm": [Rel(version) for version in ("1.0", "1.1")],
}
MANIFEST = '[project]\nname = "mine"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = ["wide{}"]\n'
MINOR = platform.python_version().rpartition(".")[0]


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path, index: TestIndex) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(MANIFEST.format("<2"), encoding="utf-8")
    variables = environment(tmp_path / "home", UV_INDEX_URL=index.url)
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "lock", "-q", "--python", sys.executable], cwd=root, env=variables, check=True)
    (root / "pyproject.toml").write_text(MANIFEST.format(""), encoding="utf-8")
    return root


def plan(project: Path, index: TestIndex) -> Ran:
    words = ("plan", "--no-env", "--index-url", index.url, "--target", f"python={MINOR}", "--format", "json")
    return steadypin(*words, cwd=project, home=project.parent / "home", UV_INDEX_URL=index.url)


def lock_gaps(ran: Ran) -> list[tuple[str, str]]:
    return [(gap["reason"], gap["detail"]) for gap in ran.json["gaps"] if gap["subject"] == "uv.lock"]


def test_what_not_every_python_of_the_lock_can_have_is_locked_for_those_that_can(project: Path, index: TestIndex) -> None:
    before = (project / "uv.lock").read_bytes()
    ran = plan(project, index)
    assert ran.json["stages"][-1]["packages"] == {"wide": "2.0"}
    assert lock_gaps(ran) == []
    assert (project / "uv.lock").read_bytes() == before
    here = Target(python=f"{MINOR}.0", platform="", source="test")
    command, copy = (str(Path(sys.executable).with_name("uv")),), Path(shutil.copytree(project, project.with_name("copy")))
    lock = UvLock(command=command, folder=copy, target=here, python=sys.executable, variables={"UV_INDEX_URL": index.url})
    packages = toml.loads(lock.written({"wide": "2.0"}).decode())["package"]
    assert sorted(p["version"] for p in packages if p["name"] == "wide") == ["1.0", "2.0"]


def test_what_a_fork_cannot_have_stays_there_as_it_was(tmp_path: Path, index: TestIndex) -> None:
    here, there = f"sys_platform == '{sys.platform}'", f"sys_platform != '{sys.platform}'"
    asked = ("wide{}", f"split<3{{}} ; {here}", f"split<2{{}} ; {there}", "calm{}")
    manifest = '[project]\nname = "mine"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = {}\n'
    (tmp_path / "pyproject.toml").write_text(
        manifest.format([line.format(cap) for line, cap in zip(asked, ("<2", ",<2.1", ",<1.1", "<1.1"), strict=True)]), "utf-8"
    )
    variables = environment(tmp_path / "home", UV_INDEX_URL=index.url)
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "lock", "-q", "--python", sys.executable], cwd=tmp_path, env=variables, check=True)
    (tmp_path / "pyproject.toml").write_text(manifest.format([line.format("") for line in asked]), "utf-8")
    reader = reader_of("uv.lock")
    assert reader is not None
    read = reader.read((tmp_path / "uv.lock").read_bytes(), "uv.lock")
    lock = UvLock(
        command=(uv,),
        folder=tmp_path,
        target=Target(python=f"{MINOR}.0", platform="", source="test", environment=(("sys_platform", sys.platform),)),
        python=sys.executable,
        variables={"UV_INDEX_URL": index.url},
        packages=read.packages,
        requires_python=read.requires_python,
        needs={"wide": ">=3.9"},
    )
    packages = toml.loads(lock.written({"wide": "2.0", "split": "2.1", "calm": "1.1"}).decode())["package"]
    found = {(p["name"], p["version"]): p.get("resolution-markers", []) for p in packages}
    old, new = "python_full_version < '3.9'", "python_full_version >= '3.9'"
    assert sorted(found) == [
        ("calm", "1.1"),
        ("mine", "0"),
        ("split", "1.0"),
        ("split", "2.1"),
        ("wide", "1.0"),
        ("wide", "2.0"),
    ]
    assert all(there in marker for marker in found["split", "1.0"]) and all(here in marker for marker in found["split", "2.1"])
    assert all(old in marker for marker in found["wide", "1.0"]) and all(new in marker for marker in found["wide", "2.0"])


def test_what_uv_refuses_is_said_in_its_words(project: Path, index: TestIndex) -> None:
    manifest = project / "pyproject.toml"
    with TestIndex({"wide": PACKAGES["wide"][:1]}) as other:
        source = f'[tool.uv.sources]\nwide = {{ index = "other" }}\n[[tool.uv.index]]\nname = "other"\nurl = "{other.url}"\nexplicit = true\n'
        manifest.write_text(manifest.read_text("utf-8") + source, encoding="utf-8")
        ((reason, detail),) = lock_gaps(plan(project, index))
    assert reason == "refused" and "wide" in detail and "uv lock does not take the last stage" in detail


def test_packages_of_the_project_are_not_built_to_find_out(project: Path, index: TestIndex) -> None:
    manifest = project / "pyproject.toml"
    manifest.write_text(manifest.read_text("utf-8").replace('version = "0"', 'dynamic = ["version"]'), encoding="utf-8")
    ((reason, detail),) = lock_gaps(plan(project, index))
    assert reason == "not-asked" and "dynamic" in detail
