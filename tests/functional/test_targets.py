"""`--target`: a lock is judged for a Python and platform that are not here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from steadypin.cli.entry import run
from tests.support.command import site_packages, steadypin

UV = """
version = 1
revision = 3
requires-python = ">=3.9"
resolution-markers = ["python_full_version >= '3.11'", "python_full_version < '3.11'"]

[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy", version = "2.0.2", source = { registry = "https://index.example/simple" }, marker = "python_full_version < '3.11'" },
    { name = "numpy", version = "2.3.1", source = { registry = "https://index.example/simple" }, marker = "python_full_version >= '3.11'" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "uvloop", marker = "platform_machine == 'aarch64' and sys_platform == 'linux'" },
]

[[package]]
name = "numpy"
version = "2.0.2"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version < '3.11'"]

[[package]]
name = "numpy"
version = "2.3.1"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.11'"]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://index.example/simple" }

[[package]]
name = "uvloop"
version = "0.21.0"
source = { registry = "https://index.example/simple" }
"""
FORMS = [
    ("python=3.12,platform=linux_x86_64", {"numpy 2.3.1"}),
    ("platform=linux_x86_64,python=3.10", {"numpy 2.0.2"}),
    ("python=3.10.4,platform=windows_x86_64", {"numpy 2.0.2", "colorama 0.4.6"}),
    ("python=3.13,platform=windows", {"numpy 2.3.1", "colorama 0.4.6"}),
    ("python=3.13,platform=win_amd64", {"numpy 2.3.1", "colorama 0.4.6"}),
    ("python=3.12,platform=linux_aarch64", {"numpy 2.3.1", "uvloop 0.21.0"}),
    ("python=3.12,platform=linux_arm64", {"numpy 2.3.1", "uvloop 0.21.0"}),
    ("python=3.12,platform=manylinux_2_28_aarch64", {"numpy 2.3.1", "uvloop 0.21.0"}),
    ("python=3.12,platform=musllinux_aarch64", {"numpy 2.3.1", "uvloop 0.21.0"}),
    ("python=3.11,platform=macos_arm64", {"numpy 2.3.1"}),
    ("python=3.9,platform=macosx_12_0_arm64", {"numpy 2.0.2"}),
    ("python=3.14t,platform=linux_x86_64", {"numpy 2.3.1"}),
    (" python = 3.12 , platform = linux_x86_64 ", {"numpy 2.3.1"}),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "uv.lock").write_text(UV)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEADYPIN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(("target", "brought"), FORMS, ids=[form for form, _ in FORMS])
def test_each_form_chooses_its_fork_in_audit_and_show(
    target: str, brought: set[str], project: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    words = ["--target", target, "--format", "json"]
    assert run(["audit", "--no-env", "--offline", "--fail-on", "critical", *words]) == 0
    rows = json.loads(capsysbinary.readouterr().out)["packages"]
    assert {f"{row['name']} {version}" for row in rows for version in row["locked"] if row["name"] != "app"} == brought
    assert run(["show", "uv.lock", *words]) == 0
    rows = json.loads(capsysbinary.readouterr().out)["packages"]
    assert {f"{row['name']} {row['version']}" for row in rows if row["name"] != "app"} == brought


def test_without_a_target_a_lock_is_shown_whole(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["show", "uv.lock", "--format", "json"])
    shown = json.loads(capsysbinary.readouterr().out)["packages"]
    assert [(row["name"], row["version"]) for row in shown if row["name"] == "numpy"] == [
        ("numpy", "2.0.2"),
        ("numpy", "2.3.1"),
    ]


BAD = [
    ("python=banana", "banana"),
    ("python=3", "'3'"),
    ("platform=amiga_m68k", "amiga_m68k"),
    ("python=3.12,python=3.13", "python"),
    ("os=linux", "os"),
    ("3.12", "python=3.12,platform=linux_x86_64"),
    ("python=3.12\x1b[31m", "\\x1b"),
]


@pytest.mark.parametrize(("target", "said"), BAD, ids=[repr(bad) for bad, _ in BAD])
def test_a_target_that_is_none_is_refused_with_the_way_to_write_it(
    target: str, said: str, project: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for words in (["audit", "--no-env", "--offline"], ["show", "uv.lock"]):
        code = run([*words, "--target", target])
        told = capsysbinary.readouterr().err.decode()
        assert code == 2 and said in told and "hint: " in told and "\x1b" not in told, told


def test_an_environment_is_judged_for_another_target(project: Path) -> None:
    """What is installed here against what the lock would bring there: before an image for another platform is built."""
    site_packages(project / "site", {"numpy 2.3.1": (), "importlib-metadata 8.0": ("zipp; python_version < '3.8'",)})
    words = ("audit", ".", "--python", "site", "--offline", "--format", "json", "--target")
    here = steadypin(*words, "python=3.12,platform=linux_x86_64", cwd=project)
    there = steadypin(*words, "python=3.10,platform=windows_x86_64", cwd=project)

    def drift(text: str) -> set[tuple[str, str]]:
        kinds = ("version-differs", "locked-not-installed")
        return {(f["rule"], f["package"]) for f in json.loads(text)["findings"] if f["rule"] in kinds}

    assert drift(here.out) == set()
    assert drift(there.out) == {("version-differs", "numpy"), ("locked-not-installed", "colorama")}
    assert there.json["target"] == {"platform": "windows_x86_64", "python": "3.10.0", "source": "option"}


def test_the_variable_and_the_option_mean_the_same(project: Path) -> None:
    target = "python=3.10,platform=windows_x86_64"
    by_variable = steadypin("audit", "--no-env", "--offline", "--format", "json", cwd=project, STEADYPIN_TARGET=target)
    assert by_variable.json["target"]["platform"] == "windows_x86_64"


def test_half_a_target_keeps_the_other_half_of_here(project: Path) -> None:
    ran = steadypin("audit", "--no-env", "--offline", "--format", "json", "--target", "platform=linux_aarch64", cwd=project)
    version = "{}.{}".format(*sys.version_info)
    assert ran.json["target"]["python"].startswith(f"{version}.") and ran.json["target"]["platform"] == "linux_aarch64"


def test_two_locks_that_differ_only_elsewhere_do_not_disagree_here(project: Path) -> None:
    lines = ("numpy==2.0.2 ; python_full_version < '3.11'", "numpy==2.9.9 ; python_full_version >= '3.11'")
    (project / "requirements.txt").write_text("# This file is autogenerated by uv\n" + "\n".join(lines) + "\n")
    words = ("audit", "--no-env", "--offline", "--format", "json", "--only", "locks-disagree", "--target")
    older = steadypin(*words, "python=3.10,platform=linux_x86_64", cwd=project)
    newer = steadypin(*words, "python=3.12,platform=linux_x86_64", cwd=project)
    assert older.json["findings"] == []
    (finding,) = newer.json["findings"]
    assert finding["package"] == "numpy" and "2.3.1" in finding["message"] and "2.9.9" in finding["message"]
    assert {(place["path"], place["line"]) for place in finding["locations"]} == {("requirements.txt", 3), ("uv.lock", 25)}


def test_without_an_environment_the_python_that_the_project_asks_for_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    minor = sys.version_info[1] + 1
    (tmp_path / "uv.lock").write_text(UV.replace(">=3.9", f"==3.{minor}.*"))
    run(["check", "--files-only", str(tmp_path)])
    out = " ".join(capsys.readouterr().out.split())
    assert f"Python 3.{minor}.0 on" in out and f"judged for Python 3.{minor}: Python ==3.{minor}.* is asked for" in out
    run(["check", "--files-only", str(tmp_path), "--target", "python=3.10"])
    assert "judged for" not in capsys.readouterr().out


def test_projects_below_are_named_and_a_folder_with_nothing_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "libs" / "app").mkdir(parents=True)
    (tmp_path / "libs" / "app" / "uv.lock").write_text(UV)
    assert run(["audit", str(tmp_path), "--no-env", "--offline"]) == 2
    said = capsys.readouterr().err
    assert "nothing to look at" in said and "name a project below it: libs/app" in said
    (tmp_path / "requirements.txt").write_text("idna==3.7\n")
    run(["check", str(tmp_path), "--files-only"])
    assert "note: 1 project below was not read: libs/app" in capsys.readouterr().out
