"""`steadypin check` as it is run: formats, baseline, GitHub Actions, bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment, site_packages, steadypin

HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two pins, one of them met; a stranger beside them."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "requirements.txt").write_text(f"alpha==1.0 {HASH}\nbeta==2.0 {HASH}\n")
    site_packages(folder / "site-packages", {"alpha 1.0": (), "stranger 0.1": ()})
    return folder


ENV = ("--python", "site-packages")


def test_drift_is_told_and_the_exit_code_can_be_trusted(project: Path) -> None:
    ran = steadypin("check", *ENV, "-q", cwd=project)
    assert ran.code == 1 and "beta 2.0 is locked, but not installed" in ran.out
    assert steadypin("check", *ENV, "--fail-on", "high", cwd=project).code == 0
    assert steadypin("check", "--files-only", cwd=project).code == 0


def test_several_formats_at_once(project: Path) -> None:
    outputs = ["drift.sarif", "drift.xml", "gl-code-quality-report.json", "drift.md", "drift.json", "drift.github.txt"]
    ran = steadypin("check", *ENV, *(word for name in outputs for word in ("-o", name)), cwd=project)
    assert ran.code == 1
    assert json.loads((project / "drift.sarif").read_text())["version"] == "2.1.0"
    assert (project / "drift.xml").read_text().startswith("<?xml")
    assert isinstance(json.loads((project / "gl-code-quality-report.json").read_text()), list)
    assert all((project / name).stat().st_size for name in outputs)


def test_a_runner_of_github_gets_annotations_and_a_summary(project: Path) -> None:
    summary = project / "summary.md"
    summary.write_text("before\n")
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ran = steadypin("check", "app", "--python", "app/site-packages", cwd=project.parent, **runner)
    assert ran.code == 1 and "::error file=app/requirements.txt,line=2,col=1,title=locked-not-installed" in ran.out
    assert summary.read_text().startswith("before\n# steadypin check")
    chosen = steadypin("check", *ENV, "--format", "json", cwd=project, **runner)
    assert chosen.json["command"] == "check"


def test_the_repair_is_one_command_and_does_not_disturb_machines(project: Path) -> None:
    ran = steadypin("check", *ENV, "--fix-hint", cwd=project)
    assert ran.out.splitlines()[-1].startswith("repair: ") and "requirements.txt" in ran.out.splitlines()[-1]
    machine = steadypin("check", *ENV, "--fix-hint", "--format", "json", cwd=project)
    assert machine.json and "repair: " in machine.err


def test_a_baseline_lets_new_findings_fail_and_reports_cured_ones(project: Path) -> None:
    wrote = steadypin("baseline", "write", *ENV, cwd=project)
    assert wrote.code == 0 and "2 known findings (2 new, 0 taken away)" in wrote.out
    assert steadypin("check", *ENV, cwd=project).code == 0
    assert steadypin("check", *ENV, "--no-baseline", cwd=project).code == 1
    site_packages(project / "site-packages", {"newcomer 1": ()})
    new = steadypin("check", *ENV, "--format", "json", cwd=project)
    assert [finding["package"] for finding in new.json["findings"]] == ["newcomer"] and new.code == 1
    shutil.rmtree(project / "site-packages" / "newcomer-1.dist-info")
    shutil.rmtree(project / "site-packages" / "stranger-0.1.dist-info")
    cured = steadypin("check", *ENV, "--format", "json", cwd=project)
    assert [finding["rule"] for finding in cured.json["findings"]] == ["baseline-stale"] and cured.code == 0
    assert steadypin("check", "--files-only", "--format", "json", cwd=project).json["findings"] == []
    pruned = steadypin("baseline", "write", "--prune", *ENV, cwd=project)
    assert "1 known finding (0 new, 1 taken away)" in pruned.out
    assert steadypin("check", *ENV, "--format", "json", cwd=project).json["findings"] == []


def test_a_baseline_that_cannot_be_understood_is_refused(project: Path) -> None:
    steadypin("baseline", "write", *ENV, "-o", "known.json", cwd=project)
    text = (project / "known.json").read_text()
    assert len(text.splitlines()) == len(json.loads(text)["value"]["findings"]) + 2  # a review shows each that came or went
    (project / "known.json").write_text(text.replace('"schema_version": 1', '"schema_version": 2'))
    newer = steadypin("check", *ENV, "--baseline", "known.json", cwd=project)
    assert newer.code == 2 and "schema_version 2" in newer.err and "delete the file" in newer.err
    (project / "known.json").write_text(text[:40])
    assert steadypin("check", *ENV, "--baseline", "known.json", cwd=project).code == 2
    assert steadypin("check", *ENV, "--baseline", "nowhere.json", cwd=project).code == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--files-only", "--verify-files"), "looks at no environment"),
        (("--baseline", "x", "--no-baseline"), "exclude each other"),
        (("--format", "nope"), "no format"),
        (("-o", "x.unknown"), "names no format"),
        (("--lock", "missing.lock"), "no such file"),
    ],
)
def test_what_cannot_be_done_is_no_drift_but_exit_2(words: tuple[str, ...], reason: str, project: Path) -> None:
    ran = steadypin("check", *words, *(() if "--files-only" in words else ENV), cwd=project)
    assert ran.code == 2 and reason in ran.err


def test_without_a_lock_the_way_to_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("alpha\n")
    ran = steadypin("check", "--files-only", cwd=tmp_path)
    assert ran.code == 2 and "steadypin pin" in ran.err


def test_without_an_environment_the_way_on_is_told(project: Path) -> None:
    ran = steadypin("check", cwd=project)
    assert ran.code == 2 and "--files-only" in ran.err and "--no-env" not in ran.err


def test_a_lock_that_cannot_be_read_is_exit_2(project: Path) -> None:
    (project / "uv.lock").write_text("version = [\n")
    ran = steadypin("check", *ENV, cwd=project)
    assert ran.code == 2 and "uv.lock" in ran.err


def test_check_writes_nothing(project: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    steadypin("check", *ENV, cwd=project, home=project.parent / "home")
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


CONFIG = [
    ('[[ignore]]\nrule = "unpinned"\n', "steadypin.toml:1: an exception without a reason"),
    ('[[ignore]]\nrule = "unpined"\nreason = "x"\n', "did you mean unpinned?"),
    ('[[ignore]]\nrule = "unpinned"\nreason = "x"\nuntil = "soon"\n', "steadypin.toml:1: until: not a date"),
    ('fail-onn = "high"\n', "did you mean fail-on?"),
    ('[severity]\nyanked = "dreadful"\n', "steadypin.toml:2"),
]


@pytest.mark.parametrize(("text", "told"), CONFIG)
def test_a_wrong_configuration_is_told_with_its_place(text: str, told: str, project: Path) -> None:
    (project / "steadypin.toml").write_text(text)
    ran = steadypin("check", *ENV, cwd=project)
    assert ran.code == 2 and told in ran.err


def test_why_a_package_does_not_fail_is_told(project: Path) -> None:
    def why(name: str, *words: str) -> str:
        ran = steadypin("explain", "--why-not-failing", name, *ENV, *words, cwd=project)
        assert ran.code == 0, ran.err
        return ran.out

    assert "what is installed is what is locked" in why("Alpha")
    assert "fails: medium is at or above fail-on medium" in why("stranger")
    assert "neither declared, locked nor installed" in why("nobody")
    (project / "steadypin.toml").write_text('[[ignore]]\npackage = "stranger"\nreason = "an agent"\nuntil = "2099-01-01"\n')
    assert "excused by an exception (steadypin.toml:1) until 2099-01-01: an agent" in why("stranger")
    (project / "steadypin.toml").write_text('fail-on = "high"\n')
    assert "medium is below fail-on high" in why("stranger")
    (project / "steadypin.toml").write_text('[severity]\ninstalled-not-locked = "off"\n')
    assert 'severity.installed-not-locked = "off"' in why("stranger")
    (project / "steadypin.toml").write_text('skip = ["strang*"]\n')
    assert "passed over by --only or --ignore" in why("stranger")
    (project / "steadypin.toml").unlink()
    steadypin("baseline", "write", *ENV, cwd=project)
    assert "known: in the baseline" in why("stranger")
    assert steadypin("explain", cwd=project).code == 2


NEVER = {"typer", "click", "rich", "requests", "urllib3", "yaml", "pathspec", "pydantic", "sqlite3", "ssl", "tempfile", "http"}
ROOMS = {"index", "advisories", "resolution", "locking", "trials", "planning"}


KNOWN = {"tomllib", "tomli", "logging", "inspect", "hashlib"}
"""What is loaded to find out what an earlier check found out already."""


def test_a_check_loads_neither_network_nor_machinery(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\ndependencies = ["alpha>=1,<2 ; python_version>\'3\'"]\n'
    )
    site_packages(project / "site-packages", {"gamma 1.0": ("alpha!=3,>=0.5", "beta; os_name == 'other'")})
    steadypin("check", *ENV, cwd=project)  # the interpreter is asked once, and known from then on
    code = "import sys\nfrom steadypin.cli.entry import run\ncode = run(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)"
    words = ["check", *ENV, "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=project, env=environment(project / ".home"), capture_output=True, text=True
    )
    loaded = set(done.stderr.split())
    assert "steadypin.pipeline.check" in loaded
    assert loaded & NEVER == set()
    assert not {name for name in loaded if name in KNOWN or name.startswith("packaging.")}
    assert not {name for name in loaded if name.startswith("steadypin.") and name.split(".")[1] in ROOMS}
    formats = {name.rpartition(".")[2] for name in loaded if name.startswith("steadypin.sources.lockfiles.")}
    assert not formats & {"uv", "poetry", "pdm", "pipfile", "pixi", "conda_lock", "pylock", "environment"}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"by": 1}', '{"by": null, "answers": {}}'])
def test_a_memory_that_is_damaged_is_none(project: Path, damage: str) -> None:
    first = steadypin("check", *ENV, "--cache-dir", "cache", cwd=project)
    (kept,) = (project / "cache" / "answers").iterdir()
    whole = kept.read_text()
    kept.write_text(damage)
    again = steadypin("check", *ENV, "--cache-dir", "cache", cwd=project)
    assert (again.code, again.out) == (first.code, first.out) and kept.read_text() == whole


def test_a_check_needs_no_place_to_remember(project: Path) -> None:
    (project / "file").write_text("")
    ran = steadypin("check", *ENV, "--cache-dir", "file/cache", cwd=project)
    assert (ran.code, ran.out) == (1, steadypin("check", *ENV, cwd=project).out)
