"""`steadypin db update` and `steadypin db status` as a user runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data" / "advisories"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    script = shutil.which("steadypin", path=str(Path(sys.executable).parent))
    assert script, "the command is not installed beside this interpreter"
    command = [script, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as writing:
        for line in (DATA / "sample.jsonl").read_text(encoding="utf-8").splitlines():
            writing.writestr(json.loads(line)["id"] + ".json", line)
        writing.writestr("broken.json", "{")
    return path


def test_update_then_status(tmp_path: Path, archive: Path) -> None:
    cache = ("--cache-dir", str(tmp_path / "cache"))
    none = run("db", "status", *cache, cwd=tmp_path)
    assert (none.returncode, none.stdout) == (2, "")
    assert "steadypin db update" in none.stderr
    updated = run("db", "update", "--from", str(archive), *cache, cwd=tmp_path)
    assert updated.returncode == 0, updated.stderr
    assert "89 records about 49 packages, newest 2024-10-08T19:19:01Z" in updated.stdout
    assert "broken.json: not JSON" in updated.stderr
    status = run("db", "status", *cache, "--format", "json", cwd=tmp_path)
    shown = json.loads(status.stdout)
    assert (shown["records"], shown["packages"], shown["as_of"]) == (89, 49, "2024-10-08T19:19:01Z")
    assert shown["source"] == str(archive)
    assert shown["age_days"] > 700
    assert "all.zip" in run("db", "status", *cache, cwd=tmp_path).stdout


def test_a_file_url_is_a_path(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "a b").mkdir()
    url = archive.rename(tmp_path / "a b" / "all.zip").as_uri()
    assert "%20" in url
    updated = run("db", "update", "--from", url, "--cache-dir", str(tmp_path / "cache"), cwd=tmp_path)
    assert "89 records about 49 packages" in updated.stdout, updated.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "nowhere.zip"), "no such file or folder"),
        (("--from", "https://user:secret@advisories.example/all.zip", "--offline"), "https://****@advisories.example"),
        (("--format", "xml"), "no format 'xml'"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("db", "update", *arguments, "--cache-dir", str(tmp_path / "cache"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr
