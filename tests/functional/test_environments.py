"""Real environments on disk, read and compared with what their own interpreters and pip say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from steadypin.errors import EnvironmentNotFound, InterpreterError
from steadypin.model.installed import PythonEnvironment
from steadypin.sources.environments import find_environment, read_environment
from steadypin.sources.interpreter import inspect
from tests.support.venvs import install, make_venv, other_pythons, python_of, site_of
from tests.support.wheels import build_wheel

posix = pytest.mark.skipif(os.name == "nt", reason="starts a shell script in the place of an interpreter")


def read(place: Path, cache: Path | None = None) -> PythonEnvironment:
    return read_environment(find_environment(place.parent, python=str(place), environ={}), cache_dir=cache)


def names(environment: PythonEnvironment) -> list[tuple[str, str | None]]:
    return [(item.name, item.version) for item in environment.distributions]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = make_venv(tmp_path_factory.mktemp("live") / "venv")
    install(site_of(place), "alpha", "1.0", requires=["beta>=2"], requested=True)
    install(site_of(place), "beta", "2.0")
    return place


def test_a_venv_by_folder_by_interpreter_and_by_site_packages(environment: Path) -> None:
    for place in (environment, python_of(environment), site_of(environment)):
        found = read(place)
        assert names(found) == [("alpha", "1.0"), ("beta", "2.0")]
        assert found.target.python == sys.version.split()[0]
    assert read(environment).kind == "venv"
    assert read(site_of(environment)).kind == "target"


def test_the_running_environment_is_read_as_the_standard_library_reads_it() -> None:
    script = (
        "import json, importlib.metadata as m;"
        "print(json.dumps(sorted({(d.metadata['Name'].lower().replace('_','-').replace('.','-'), d.version) for d in m.distributions()})))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=Path(sys.prefix)
    ).stdout
    expected = dict(json.loads(output))
    found = read(Path(sys.executable))
    assert {item.name for item in found.distributions} == set(expected)
    assert all(item.version == expected[item.name] for item in found.distributions)


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: path.parent.parent.name)
def test_other_pythons_have_the_paths_that_they_say(python: Path, tmp_path: Path) -> None:
    found = inspect(python, cache_dir=None)
    script = "import sys, json; print(json.dumps([p for p in sys.path if p]))"
    said = json.loads(
        subprocess.run([str(python), "-c", script], check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    )
    assert [path for path in found.paths if Path(path).exists()] == [path for path in said if Path(path).exists()]
    assert found.version == python.parent.parent.name


def test_the_cache_answers_without_starting_and_notices_a_change(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = python_of(environment)
    first = inspect(python, cache_dir=tmp_path)
    monkeypatch.setattr("steadypin.process.run", lambda *_args, **_options: pytest.fail("the interpreter was started again"))
    assert inspect(python, cache_dir=tmp_path) == first
    config = environment / "pyvenv.cfg"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception):
        inspect(python, cache_dir=tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cache_version": 99}', '{"cache_version": 1, "site_candidates": 3}'])
def test_a_damaged_cache_is_as_good_as_none(environment: Path, tmp_path: Path, content: str) -> None:
    first = inspect(python_of(environment), cache_dir=tmp_path)
    for file in tmp_path.rglob("*.json"):
        file.write_text(content, encoding="utf-8")
    assert inspect(python_of(environment), cache_dir=tmp_path) == first


def test_nothing_that_is_installed_runs(tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    witness = tmp_path / "witness"
    for name, text in (("evil.pth", "import sitecustomize"), ("sitecustomize.py", ""), ("usercustomize.py", "")):
        (site_of(place) / name).write_text(
            f"{text}\nimport pathlib; pathlib.Path({str(witness)!r}).touch()\n", encoding="utf-8"
        )
    read(place)
    assert not witness.exists()


def test_pth_lines_editables_and_system_site_packages(tmp_path: Path) -> None:
    project = tmp_path / "src"
    install(project, "gamma", "3.0")
    place = make_venv(tmp_path / "venv", system_site_packages=True)
    (site_of(place) / "dev.pth").write_text(f"import os\n{project}\n", encoding="utf-8")
    install(site_of(place), "alpha", "1.0")
    found = read(place)
    assert names(found)[:2] == [("alpha", "1.0"), ("gamma", "3.0")]
    assert found.system_site_packages
    assert len(found.paths) > 2


@posix
@pytest.mark.parametrize(
    ("script", "part"),
    [
        ("exit 3", "ended with 3"),
        ("echo hello", "did not describe itself"),
        ("echo '<<<steadypin {} steadypin>>>'", "without"),
        ("exec sleep 30", "no end after"),
    ],
)
def test_an_interpreter_that_is_none_is_one_clear_error(tmp_path: Path, script: str, part: str) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(InterpreterError, match=part):
        inspect(python, cache_dir=None, timeout=0.5)


@posix
def test_a_venv_with_a_broken_interpreter_is_read_from_its_folders(environment: Path, tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    install(site_of(place), "alpha", "1.0")
    for name in ("python", "python3"):
        (place / "bin" / name).unlink(missing_ok=True)
        (place / "bin" / name).symlink_to("/nowhere/python")
    found = read(place)
    assert names(found) == [("alpha", "1.0")]
    assert found.target.python == sys.version.split()[0]
    assert "could not be asked" in found.problems[0].message


@posix
def test_a_windows_venv_is_read_here(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    (place / "Scripts").mkdir(parents=True)
    (place / "Scripts" / "python.exe").write_bytes(b"MZ")
    (place / "pyvenv.cfg").write_text("home = C:\\Python312\nversion = 3.12.4\n", encoding="utf-8")
    install(place / "Lib" / "site-packages", "alpha", "1.0", tag="cp312-cp312-win_amd64")
    found = read(place)
    assert names(found) == [("alpha", "1.0")]
    assert (found.target.python, found.target.platform) == ("3.12.4", "windows_x86_64")
    assert dict(found.target.environment)["sys_platform"] == "win32"


def test_a_target_folder_tells_its_python_by_its_wheels(tmp_path: Path) -> None:
    place = tmp_path / "vendored"
    install(place, "alpha", "1.0")
    install(place, "beta", "1.0", tag="cp39-cp39-manylinux_2_17_aarch64")
    found = read(place)
    assert (found.kind, names(found)) == ("target", [("alpha", "1.0"), ("beta", "1.0")])
    assert (found.target.python, found.target.platform) == ("3.9.0", "linux_aarch64")
    assert "wheels' tags" in found.target.source


@pytest.mark.parametrize("inside", ["", "site-packages/", ".deps/alpha-1.0-py3-none-any.whl/"])
def test_zipapps_shivs_and_pexes(tmp_path: Path, inside: str) -> None:
    place = tmp_path / "app.pyz"
    _, wheel = build_wheel("alpha", "1.0")
    (tmp_path / "a.whl").write_bytes(wheel)
    with place.open("wb") as stream:
        stream.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(tmp_path / "a.whl") as source, zipfile.ZipFile(stream, "w") as archive:
            for member in source.namelist():
                archive.writestr(inside + member, source.read(member))
    place.chmod(0o755)
    found = read(place)
    assert (found.kind, names(found)) == ("zipapp", [("alpha", "1.0")])


# -- which one is meant ------------------------------------------------------------------------------------------------------


def test_the_order_in_which_environments_are_looked_for(tmp_path: Path) -> None:
    project = tmp_path / "project"
    inside, active, named, conda = (
        make_venv(tmp_path / path) for path in ("project/.venv", "active", "project/named", "conda")
    )
    environ = {"VIRTUAL_ENV": str(active), "UV_PROJECT_ENVIRONMENT": "named", "CONDA_PREFIX": str(conda)}
    expected = [(named, "UV_PROJECT_ENVIRONMENT"), (active, "VIRTUAL_ENV"), (inside, "in the project"), (conda, "CONDA_PREFIX")]
    for place, because in expected:
        found = find_environment(project, python=None, environ=environ)
        assert (found.path, because in found.because) == (str(place), True)
        if because == "VIRTUAL_ENV":
            assert ".venv" in found.notes[0]
        environ.pop(because, None)
        if because == "in the project":
            (inside / "pyvenv.cfg").unlink()
            for python in (inside / "bin").glob("python*"):
                python.unlink()
    assert find_environment(project, python=str(inside.parent / "named"), environ={}).because == "--python"


def test_our_own_environment_is_passed_over_and_said(tmp_path: Path) -> None:
    own = make_venv(tmp_path / "tools")
    project = tmp_path / "project"
    project.mkdir()
    environ = {"VIRTUAL_ENV": str(own)}
    with pytest.raises(EnvironmentNotFound, match="steadypin's own environment") as caught:
        find_environment(project, python=None, environ=environ, own_prefix=str(own))
    assert any("VIRTUAL_ENV" in place for place in caught.value.looked)
    assert find_environment(project, python=str(own), environ=environ, own_prefix=str(own)).path == str(own)
    assert find_environment(tmp_path, python=None, environ=environ, own_prefix=str(own)).path == str(own)


def test_the_conda_base_environment_is_passed_over(tmp_path: Path) -> None:
    base = make_venv(tmp_path / "conda")
    (tmp_path / "project").mkdir()
    environ = {"CONDA_PREFIX": str(base), "CONDA_DEFAULT_ENV": "base"}
    with pytest.raises(EnvironmentNotFound, match="base environment"):
        find_environment(tmp_path / "project", python=None, environ=environ)


def test_an_environment_above_counts_only_in_the_same_repository(tmp_path: Path) -> None:
    place = make_venv(tmp_path / ".venv")
    member = tmp_path / "packages" / "one"
    member.mkdir(parents=True)
    with pytest.raises(EnvironmentNotFound):
        find_environment(member, python=None, environ={})
    (tmp_path / ".git").mkdir()
    assert find_environment(member, python=None, environ={}).path == str(place)


@pytest.mark.parametrize("text", ["nowhere", "./nowhere", "nowhere/bin/python", "\x1b[31mred"])
def test_what_is_not_there_is_said_once_and_clearly(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvironmentNotFound) as caught:
        find_environment(tmp_path, python=text, environ={"PATH": ""})
    assert "\x1b" not in caught.value.message
    assert caught.value.hint


@posix
def test_a_conda_prefix_without_its_interpreter(tmp_path: Path) -> None:
    prefix = tmp_path / "conda"
    (prefix / "conda-meta").mkdir(parents=True)
    install(prefix / "lib" / "python3.10" / "site-packages", "alpha", "1.0", installer="conda")
    found = read(prefix)
    assert (found.kind, found.target.python[:5], names(found)) == ("conda", "3.10.", [("alpha", "1.0")])
    assert found.distributions[0].installer == "conda"


@posix
def test_a_venv_that_was_upgraded_keeps_its_old_folder_and_only_the_new_one_counts(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    for minor, version in (("3.9", "1.0"), ("3.12", "2.0")):
        install(place / "lib" / f"python{minor}" / "site-packages", "alpha", version)
    (place / "pyvenv.cfg").write_text("home = /usr/bin\nversion_info = 3.9.18.final.0\nvirtualenv = 20.1\n", encoding="utf-8")
    found = read(place)
    assert (found.kind, found.target.python, names(found)) == ("virtualenv", "3.9.18", [("alpha", "1.0")])


@posix
def test_files_that_are_no_files_do_not_stop_the_reading(environment: Path, tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    site = site_of(place)
    for name in ("pipe", "folder", "loop"):
        (site / f"{name}-1.dist-info").mkdir()
    os.mkfifo(site / "pipe-1.dist-info" / "METADATA")
    (site / "folder-1.dist-info" / "METADATA").mkdir()
    (site / "loop-1.dist-info" / "METADATA").symlink_to("METADATA")
    install(site, "alpha", "1.0")
    found = read(place)
    assert names(found) == [("alpha", "1.0"), ("folder", "1"), ("loop", "1"), ("pipe", "1")]
    assert [bool(item.problems) for item in found.distributions] == [False, True, True, True]


def test_a_project_that_holds_only_its_own_egg_info_is_no_environment(tmp_path: Path) -> None:
    (tmp_path / "proj.egg-info").mkdir()
    with pytest.raises(EnvironmentNotFound):
        find_environment(tmp_path, python=None, environ={})
    assert find_environment(tmp_path, python=str(tmp_path), environ={}).form == "folder"


def test_a_cache_that_cannot_be_written_costs_only_time(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert inspect(python_of(environment), cache_dir=tmp_path / "file").version


@posix
def test_a_program_that_is_no_python_is_said_and_its_folders_are_not_read(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "program"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    install(tmp_path / "lib" / "python3.11" / "site-packages", "alpha", "1.0")
    with pytest.raises(InterpreterError, match="ended with 1"):
        read(program)
    program.rename(tmp_path / ".env")
    with pytest.raises(EnvironmentNotFound):
        find_environment(tmp_path, python=None, environ={})
