"""One file from the disk: found by its name, opened safely, refused with a reason."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from steadypin.errors import SourceError, UsageError
from steadypin.sources import reading
from steadypin.sources.reading import formats, read_file, reader_of

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX files")


def test_a_file_is_read_by_its_name_or_as_what_the_user_says(tmp_path: Path) -> None:
    path = tmp_path / "requirements" / "dev.txt"
    path.parent.mkdir()
    path.write_text("foo==1.0\n", encoding="utf-8")
    assert read_file(path).format == "requirements"
    assert read_file(path, format="constraints").format == "constraints"
    assert read_file(path, shown="dev.txt").packages[0].location.path == "dev.txt"
    with pytest.raises(UsageError, match="no format"):
        read_file(path, format="nonsense")


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("requirements.txt", "requirements"),
        ("Requirements-Dev.in", "requirements"),
        ("requirements/prod.txt", "requirements"),
        ("a/b/requirements/prod.in", "requirements"),
        ("constraints.txt", "constraints"),
        ("upper-constraints.txt", "constraints"),
        ("requirements/constraints.txt", "constraints"),
        ("uv.lock", "uv"),
        ("tool.py.lock", "uv"),
        ("pylock.dev.toml", "pylock"),
        ("sub\\Pipfile.lock", "pipfile"),
        ("conda-lock.yml", "conda-lock"),
        ("environment.yaml", "environment"),
    ],
)
def test_names(name: str, format: str) -> None:
    reader = reader_of(name)
    assert reader is not None
    assert reader.format == format


def test_a_name_that_says_nothing_is_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "pins.txt"
    path.write_text("# ours\nfoo==1.0\n", encoding="utf-8")
    assert read_file(path).format == "requirements"
    path.write_text("Dear all,\nplease find enclosed\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_file(path)
    assert "--as FORMAT" in caught.value.hint
    assert all(format in caught.value.hint for format in formats())


def test_what_is_not_there_and_folders(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_file(tmp_path / "uv.lock")
    (tmp_path / "poetry.lock").mkdir()
    with pytest.raises(SourceError, match="directory"):
        read_file(tmp_path / "poetry.lock")
    with pytest.raises(SourceError):
        read_file(tmp_path / "requirements\0.txt")


@posix
def test_links_pipes_and_devices_never_hang(tmp_path: Path) -> None:
    loop = tmp_path / "uv.lock"
    loop.symlink_to("uv.lock")
    with pytest.raises(SourceError, match="loop"):
        read_file(loop)
    pipe = tmp_path / "requirements.txt"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="pipe"):
        read_file(pipe)
    with pytest.raises(SourceError, match="regular"):
        read_file(Path("/dev/zero"), format="requirements")


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text("version = 1\n", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(SourceError, match="permission"):
        read_file(path)


@posix
def test_a_link_out_of_the_project_is_refused_or_told(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "secret.txt"
    outside.parent.mkdir()
    outside.write_text("foo==1.0\n", encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    link = project / "requirements.txt"
    link.symlink_to(outside)
    with pytest.raises(SourceError, match="outside the project"):
        read_file(link, within=project)
    with pytest.raises(SourceError, match="outside the project"):
        read_file(project / ".." / "elsewhere" / "secret.txt", within=project)
    assert "symbolic link" in read_file(link).problems[0].message


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SIZE_LIMIT", 10)
    path = tmp_path / "uv.lock"
    path.write_text("version = 1\n" * 3, encoding="utf-8")
    with pytest.raises(SourceError, match="not read"):
        read_file(path)


def test_importing_the_readers_loads_nothing_heavy() -> None:
    code = "import sys, steadypin.sources.lockfiles; print([m for m in ('yaml', 'packaging.pylock', 'requests', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
