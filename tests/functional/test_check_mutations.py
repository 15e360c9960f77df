"""The table of mutations (tests/data/mutations/mutations.toml): each is reported by its rules and by no other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from steadypin import toml
from steadypin.cli.entry import run
from tests.support.venvs import install, make_venv, site_of

DATA = Path(__file__).parents[1] / "data" / "mutations"
MUTATIONS: list[dict[str, Any]] = toml.loads(DATA.joinpath("mutations.toml").read_text("utf-8"))["mutation"]
BASES = {"uv": ("pyproject.toml", "uv.lock"), "compiled": ("requirements.in", "requirements.txt")}
CASES = [(base, mutation) for mutation in MUTATIONS for base in BASES if mutation.get("base", base) == base]
INSTALLED: list[dict[str, Any]] = [
    {"name": "alpha", "version": "1.0", "requires": ["beta>=1,<2"]},
    {"name": "beta", "version": "1.2"},
    {"name": "delta", "version": "0.5"},
    {"name": "gamma", "version": "2.0", "requires": ["delta; extra == 'socks'"], "extras": ["socks"]},
]
OWN = {"name": "demo", "version": "0.1.0", "direct_url": {"url": "file:///srv/demo", "dir_info": {"editable": True}}}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound project with its environment for each base."""
    root = tmp_path_factory.mktemp("bases")
    for base, files in BASES.items():
        (root / base).mkdir()
        for name in files:
            shutil.copy(DATA / f"{name}.txt", root / base / name)
        site = site_of(make_venv(root / base / ".venv"))
        for distribution in [*INSTALLED, *([OWN] if base == "uv" else [])]:
            put(site, distribution)
    return {base: root / base for base in BASES}


def put(site: Path, distribution: dict[str, Any]) -> None:
    """Install one distribution, in place of what stands there unless it is to be kept."""
    wanted = dict(distribution)
    direct_url, keep = wanted.pop("direct_url", None), wanted.pop("keep", False)
    if not keep:
        remove(site, wanted["name"])
    info = install(site, wanted.pop("name"), wanted.pop("version"), installer="uv", **wanted)
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url), encoding="utf-8")


def remove(site: Path, name: str) -> None:
    for info in site.glob(f"{name}-*.dist-info"):
        shutil.rmtree(info)
    (site / f"{name}.py").unlink(missing_ok=True)


def mutate(project: Path, mutation: dict[str, Any]) -> None:
    site = site_of(project / ".venv")
    for name in mutation.get("uninstall", ()):
        remove(site, name)
    for distribution in mutation.get("install", ()):
        put(site, distribution)
    for entry in mutation.get("write", ()):
        (site / entry["path"]).parent.mkdir(exist_ok=True)
        (site / entry["path"]).write_text(entry["text"], encoding="utf-8")
    for path in mutation.get("delete", ()):
        (site / path).unlink()
    for entry in mutation.get("replace", ()):
        file = project / entry["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text("utf-8") if file.exists() else ""
        assert entry["old"] in text, f"{entry['file']} has no {entry['old']!r}"
        file.write_text(text.replace(entry["old"], entry["new"], 1), encoding="utf-8")


@pytest.mark.parametrize(("base", "mutation"), CASES, ids=[f"{m['title']} ({base})" for base, m in CASES])
def test_a_mutation_is_reported_by_its_rules_and_by_no_other(
    base: str, mutation: dict[str, Any], templates: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "demo"
    shutil.copytree(templates[base], project, symlinks=True)
    words = ["--python", str(project / ".venv"), "--cache-dir", str(templates[base] / "cache"), "--format", "json"]
    run(["check", str(project), *words])  # what is remembered of it must not be believed of what it becomes
    capfd.readouterr()
    mutate(project, mutation)
    code = run(["check", str(project), *mutation.get("options", ()), *words])
    out = capfd.readouterr().out
    if mutation.get("code") == 2:
        assert (code, out) == (2, "")
        return
    assert sorted({finding["rule"] for finding in json.loads(out)["findings"]}) == mutation["rules"], out
    assert code == mutation.get("code", 1 if mutation["rules"] else 0)
