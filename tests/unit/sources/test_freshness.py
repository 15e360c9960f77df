"""Stale or fresh, by the real tools' own answers (tests/data/manifests/content_hashes.json was made with them)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadypin.model.location import Location
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.sources.freshness import staleness
from steadypin.sources.lockfiles import uv
from steadypin.sources.lockfiles.requirements import read_requirements
from steadypin.sources.manifests.pyproject import read_pyproject

DATA = Path(__file__).parents[2] / "data" / "manifests"
CASES = json.loads((DATA / "content_hashes.json").read_text(encoding="utf-8"))
KEYS = {"poetry": "content-hash", "pdm": "content_hash", "pipfile": "pipfile-hash"}


def lock(case: dict[str, str], digest: str) -> SourceFile:
    value = digest if case["format"] == "poetry" else f"sha256:{digest}"
    name = {"poetry": "poetry.lock", "pdm": "pdm.lock", "pipfile": "Pipfile.lock"}[case["format"]]
    return SourceFile(
        path=name, format=case["format"], role="lock", generated_by=case["tool"], freshness=((KEYS[case["format"]], value),)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["tool"])
def test_the_hash_of_the_real_tool_is_fresh_and_any_other_is_stale(case: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / case["name"]).write_text(case["manifest"], encoding="utf-8")
    assert staleness(lock(case, case["hash"]), (), tmp_path) is None
    changed = case["manifest"].replace("attrs", "attrs-strict").replace("pytest", "pytest-strict")
    (tmp_path / case["name"]).write_text(changed, encoding="utf-8")
    reason = staleness(lock(case, case["hash"]), (), tmp_path)
    if case["tool"] == "Poetry 2.2.1":  # that one did not look at [dependency-groups]
        assert reason is None
    else:
        assert reason is not None
        assert case["name"] in reason


def test_nothing_is_said_without_the_manifest_or_with_a_broken_one(tmp_path: Path) -> None:
    assert staleness(lock(CASES[0], "0" * 64), (), tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[[[")
    assert staleness(lock(CASES[0], "0" * 64), (), tmp_path) is None


PYPROJECT = """
[project]
name = "Demo.App"
dependencies = ["requests[socks]>=2,<3", "idna ; python_version >= '3.8'", "tool"]
[project.optional-dependencies]
Web = ["flask~=3.0"]
[dependency-groups]
dev = ["iniconfig>=2", {include-group = "lint"}]
lint = ["six==1.16.0"]
[tool.uv]
constraint-dependencies = ["urllib3<3"]
[tool.uv.sources]
tool = { git = "https://git.example/tool" }
"""
UV_LOCK = """
version = 1
requires-python = ">=3.9"
[manifest]
constraints = [{ name = "urllib3", specifier = "<3" }]
[[package]]
name = "demo-app"
version = "0.1"
source = { virtual = "." }
[package.metadata]
requires-dist = [
    { name = "flask", marker = "extra == 'web'", specifier = "~=3.0" },
    { name = "idna", marker = "python_full_version >= '3.8'" },
    { name = "requests", extras = ["socks"], specifier = ">=2,<3" },
    { name = "tool", git = "https://git.example/tool" },
]
[package.metadata.requires-dev]
dev = [{ name = "iniconfig", specifier = ">=2" }, { name = "six", specifier = "==1.16.0" }]
lint = [{ name = "six", specifier = "==1.16.0" }]
[[package]]
name = "six"
version = "1.16.0"
source = { registry = "https://index.example/simple" }
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", None),
        ('"iniconfig>=2", ', "", "iniconfig (group dev) is no longer asked for"),
        ('["flask~=3.0"]', '["flask~=3.0", "click"]', "click (extra web) was added"),
        ("idna ;", "idna>3 ;", "idna changed from any version to >3"),
        ("urllib3<3", "urllib3<2", "urllib3 (constraint) changed from <3 to <2"),
        ("six==1.16.0", "six==1.17.0", "six (group dev) changed"),
        ("python_version >= '3.8'", "python_full_version>='3.8.0'", None),  # uv rewrites markers: what they admit is compared
        ("'3.8'", "'3.12'", "idna has another marker"),
        ("requests[socks]", "requests", "requests changed from [socks]<3,>=2 to <3,>=2"),
        ('/tool" }', '/tool", rev = "v2" }', "tool changed from another source to git v2"),
        ('tool = { git = "https://git.example/tool" }', "", "tool changed from another source to any version"),
        ('"Demo.App"', '"Other"', "made for demo-app, and the project is called Other"),
        ('"Demo.App"', '"demo_app"', None),
        (
            "[tool.uv]",
            "[tool.uv]\nindex-url = 'https://other.example/simple'",
            "are from https://index.example/simple, an index",
        ),
        ("[tool.uv]", "[tool.uv]\nindex-url = 'https://me:x@index.example/simple/'", None),
    ],
)
def test_uv_lock_against_its_manifest(old: str, new: str, said: str | None, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.replace(old, new))
    manifest = read_pyproject(PYPROJECT.replace(old, new).encode(), "pyproject.toml")
    read = uv.read(UV_LOCK.encode(), "uv.lock")
    reason = staleness(read, (manifest, read), tmp_path)
    assert reason is None if said is None else said in (reason or "")


def test_a_member_that_the_lock_does_not_know_is_new(tmp_path: Path) -> None:
    text = PYPROJECT.replace("[tool.uv]", "[tool.uv.workspace]\nmembers = ['libs/*']\n[tool.uv]")
    (tmp_path / "pyproject.toml").write_text(text)
    read = uv.read(UV_LOCK.encode(), "uv.lock")
    root = read_pyproject(text.encode(), "pyproject.toml")
    new = read_pyproject(b"[project]\nname = 'one'\n", "libs/one/pyproject.toml")
    assert staleness(read, (root, read), tmp_path) is None
    assert staleness(read, (root, new, read), tmp_path) == "one came to the workspace since"
    (tmp_path / "libs" / "one").mkdir(parents=True)
    (tmp_path / "libs" / "one" / "pyproject.toml").write_text("[tool.uv]\nmanaged = false\n")
    assert staleness(read, (root, new, read), tmp_path) is None
    apart = read_pyproject(b"[project]\nname = 'one'\n", "other/pyproject.toml")
    assert staleness(read, (root, apart, read), tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        PYPROJECT.replace('name = "Demo.App"\ndependencies', 'name = "Demo.App"\ndynamic = ["dependencies"]\nother'),
        PYPROJECT + '[tool.poetry.group.more.dependencies]\nflit = "*"\n[tool.pdm.dev-dependencies]\nmore = ["flit"]\n',
    ],
    ids=["dynamic", "other tools"],
)
def test_uv_is_not_judged_by_what_it_does_not_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    read = uv.read(UV_LOCK.encode(), "uv.lock")
    assert staleness(read, (read_pyproject(text.encode(), "pyproject.toml"), read), tmp_path) is None


COMPILED = b"""\
#    pip-compile --output-file=requirements.txt requirements.in
#
attrs==25.1.0
    # via -r requirements.in
certifi==2025.1.31
    # via requests
requests==2.32.3
    # via -r requirements.in
"""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("attrs\nrequests\n", None),
        ("attrs\nrequests\nsetuptools\npywin32; sys_platform == 'win32'\n", None),
        ("attrs\nrequests\nflask\n", "flask is asked for and not pinned"),
        ("requests\n", "attrs is no longer asked for"),
    ],
)
def test_compiled_requirements_against_their_input(source: str, said: str | None, tmp_path: Path) -> None:
    compiled = read_requirements(COMPILED, "requirements.txt")
    reason = staleness(compiled, (read_requirements(source.encode(), "requirements.in"), compiled), tmp_path)
    assert reason is None if said is None else said in (reason or "")


def test_other_formats_have_no_rule(tmp_path: Path) -> None:
    package = LockedPackage(name="attrs", version="1", kind="index", location=Location(path="pylock.toml"))
    assert staleness(SourceFile(path="pylock.toml", format="pylock", role="lock", packages=(package,)), (), tmp_path) is None
