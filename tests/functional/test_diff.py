"""`steadypin diff` over locks, environments, snapshots, folders and git revisions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import environment, site_packages, steadypin

OLD = "alpha==1.0\nbeta==1.2.0\ngamma==3.0\nkept==1\n"
NEW = "alpha==2.0\nbeta==1.1\ndelta==0.1\nkept==1.0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.txt").write_text(OLD)
    (tmp_path / "new.txt").write_text(NEW)
    return tmp_path


def test_added_removed_and_moved_with_direction_and_size(folder: Path) -> None:
    ran = steadypin("diff", "old.txt", "new.txt", "--format", "json", cwd=folder)
    assert ran.code == 0
    assert ran.json == {
        "schema_version": 1,
        "a": "old.txt",
        "b": "new.txt",
        "added": [{"name": "delta", "version": "0.1"}],
        "removed": [{"name": "gamma", "version": "3.0"}],
        "changed": [
            {"name": "alpha", "before": "1.0", "after": "2.0", "direction": "upgrade", "size": "major"},
            {"name": "beta", "before": "1.2.0", "after": "1.1", "direction": "downgrade", "size": "minor"},
        ],
        "unchanged": 1,
        "notes": [],
    }


def test_people_and_reviewers_get_their_own_form(folder: Path) -> None:
    ran = steadypin("diff", "old.txt", "new.txt", "-o", "diff.md", "--exit-code", cwd=folder)
    assert ran.code == 1 and "1 added, 1 removed, 2 changed, 1 the same" in ran.out
    text = (folder / "diff.md").read_text()
    assert "| `alpha` | `1.0` | `2.0` | **major upgrade** |" in text and "**minor downgrade**" in text
    assert steadypin("diff", "old.txt", "old.txt", "--exit-code", cwd=folder).code == 0


def test_an_environment_beside_a_lock_counts_without_its_installers(folder: Path) -> None:
    site_packages(folder / "site-packages", {"alpha 1.0": (), "beta 1.2": (), "gamma 3.0": (), "kept 1": (), "pip 25": ()})
    assert "no difference in 4 packages" in steadypin("diff", "old.txt", "site-packages", cwd=folder).out
    both = steadypin("diff", "site-packages", "site-packages", cwd=folder)
    assert "no difference in 5 packages" in both.out


def test_a_snapshot_is_a_side(folder: Path) -> None:
    site_packages(folder / "site-packages", {"alpha 1.5": ()})
    steadypin("snapshot", "--python", "site-packages", "-o", "snap.json", cwd=folder)
    ran = steadypin("diff", "snap.json", "new.txt", "--format", "json", cwd=folder)
    assert [change["size"] for change in ran.json["changed"]] == ["major"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_revision_of_a_lock_is_a_side(folder: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(
            ["git", *identity, *words], cwd=folder, check=True, capture_output=True, env=environment(folder / "home")
        )

    (folder / "sub").mkdir()
    (folder / "sub" / "requirements.txt").write_text(OLD)
    git("init", "-q", "-b", "main")
    git("add", "sub")
    git("commit", "-q", "-m", "lock")
    (folder / "sub" / "requirements.txt").write_text(NEW)
    for words, cwd in (
        (("main:sub/requirements.txt", "sub/requirements.txt"), folder),
        (("main:requirements.txt", "requirements.txt"), folder / "sub"),
    ):
        ran = steadypin("diff", *words, "--format", "json", cwd=cwd, home=folder / "home")
        assert [change["name"] for change in ran.json["changed"]] == ["alpha", "beta"]
    folder_side = steadypin("diff", "HEAD:sub/requirements.txt", "sub", "--format", "json", cwd=folder)
    assert len(folder_side.json["changed"]) == 2
    assert steadypin("diff", "nowhere:requirements.txt", "sub", cwd=folder).code == 2
    assert steadypin("diff", "--", "-p:requirements.txt", "sub", cwd=folder).code == 2
    git("branch", "other")
    git("-c", "protocol.file.allow=always", "clone", "-q", "--depth=1", "-b", "main", (folder / ".git").as_uri(), "clone")
    shallow = steadypin("diff", "other:requirements.txt", "sub", cwd=folder / "clone", home=folder / "home")
    assert shallow.code == 2 and "git fetch --depth=1 origin other, then FETCH_HEAD:requirements.txt" in shallow.err
    git("-C", "clone", "checkout", "-q", "-b", "work")
    git("-C", "clone", "branch", "-q", "-D", "main")
    local = steadypin("diff", "main:requirements.txt", "sub", cwd=folder / "clone", home=folder / "home")
    assert local.code == 2 and "but origin/main:requirements.txt" in local.err


def test_another_source_and_other_files_are_moves_too(folder: Path) -> None:
    def lock(name: str, source: str, digest: str) -> None:
        wheel = f'wheels = [{{ url = "https://files.example/a.whl", hash = "sha256:{digest * 64}" }}]'
        package = f'[[package]]\nname = "alpha"\nversion = "1.0"\nsource = {source}\n{wheel}\n'
        (folder / name).mkdir()
        (folder / name / "uv.lock").write_text(f'version = 1\nrequires-python = ">=3.10"\n\n{package}')

    lock("a", '{ registry = "https://index.example/simple" }', "0")
    lock("b", '{ registry = "https://index.example/simple" }', "1")
    lock("c", '{ git = "https://git.example/alpha#0123456789012345678901234567890123456789" }', "0")
    files = steadypin("diff", "a/uv.lock", "b/uv.lock", "--format", "json", cwd=folder).json["changed"]
    assert [change["direction"] for change in files] == ["files"]
    source = steadypin("diff", "a/uv.lock", "c/uv.lock", "--format", "json", cwd=folder).json["changed"]
    assert [change["direction"] for change in source] == ["source"]


@pytest.mark.parametrize(
    "words", [("old.txt", "nowhere.txt"), ("old.txt", "new.txt", "--format", "nope"), ("old.txt", "new.txt", "-o", "x.y")]
)
def test_what_cannot_be_compared_is_exit_2(words: tuple[str, ...], folder: Path) -> None:
    assert steadypin("diff", *words, cwd=folder).code == 2
