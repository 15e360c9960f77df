"""What is found in a project folder, what is left out, and which project it belongs to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from steadypin.errors import SourceError
from steadypin.sources.discovery import Discovery, discover

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def paths(discovery: Discovery) -> list[str]:
    return [found.path for found in discovery.found]


def test_formats_by_name(tmp_path: Path) -> None:
    names = {
        "pyproject.toml": "pyproject",
        "uv.lock": "uv",
        "requirements.txt": "requirements",
        "dev-requirements.in": "requirements",
        "constraints.txt": "constraints",
        "pylock.web.toml": "pylock",
        "Pipfile": "pipfile-manifest",
        "setup.py": "setup.py",
        "setup.cfg": "setup.cfg",
        "tox.ini": "tox",
        "noxfile.py": "nox",
        ".pre-commit-config.yaml": "pre-commit",
        "Dockerfile": "dockerfile",
        "docker/app.Dockerfile": "dockerfile",
        ".github/workflows/ci.yml": "workflow",
        "tool.py": "script",
        "tool.py.lock": "uv",
    }
    tree(tmp_path, dict.fromkeys(names, ""))
    tree(tmp_path, dict.fromkeys(["workflows/other.yml", "module.py", "README.md", "notes.txt"], ""))
    assert {found.path: found.format for found in discover(tmp_path).found} == names


def test_environments_caches_and_vendored_trees_are_left_out(tmp_path: Path) -> None:
    for folder in (
        ".venv",
        "node_modules/x",
        "lib/site-packages",
        ".tox/py",
        "a/vendor/b",
        "third_party",
        "x/_vendor",
        ".git/x",
    ):
        tree(tmp_path, {f"{folder}/requirements.txt": ""})
    tree(tmp_path, {"env3/pyvenv.cfg": "", "env3/requirements.txt": "", "mamba/conda-meta/h": "", "mamba/environment.yml": ""})
    tree(tmp_path, {"tests/data/requirements.txt": ""})
    assert paths(discover(tmp_path)) == ["tests/data/requirements.txt"]


def test_projects_are_told_apart(tmp_path: Path) -> None:
    tree(
        tmp_path,
        dict.fromkeys(
            [
                "pyproject.toml",
                "requirements/dev.txt",
                "docker/Dockerfile",
                "libs/a/pyproject.toml",
                "libs/a/requirements/x.txt",
                "libs/a/docs/requirements.txt",
                "docs/requirements.txt",
                "tools/run.py",
                "tools/run.py.lock",
            ],
            "",
        ),
    )
    assert {found.path: found.project for found in discover(tmp_path).found} == {
        "pyproject.toml": "",
        "requirements/dev.txt": "",
        "docker/Dockerfile": "",
        "libs/a/pyproject.toml": "libs/a",
        "libs/a/requirements/x.txt": "libs/a",
        "libs/a/docs/requirements.txt": "libs/a/docs",
        "docs/requirements.txt": "docs",
        "tools/run.py": "tools/run.py",
        "tools/run.py.lock": "tools/run.py",
    }


IGNORES = {
    ".gitignore": "build/\n*-tmp.txt\n/only-root/\n!keep-tmp.txt\n**/gen/requirements.txt\n# comment\n\\#odd\ndoc[s]/\n",
    "a/.gitignore": "requirements-x.txt\n!requirements-tmp.txt\nsub/*\n!sub/requirements.txt\n",
    "a/deep/.gitignore": "*\n!.gitignore\n",
}
CANDIDATES = [
    f"{folder}requirements{suffix}.txt"
    for folder in (
        "",
        "a/",
        "a/sub/",
        "a/deep/",
        "a/deep/er/",
        "build/",
        "a/build/",
        "only-root/",
        "a/only-root/",
        "x/gen/",
        "docs/",
        "b/",
    )
    for suffix in ("", "-tmp", "-x")
] + ["keep-tmp.txt", "a/requirements-keep-tmp.txt"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@pytest.mark.parametrize("inside", ["", "a"])
def test_ignored_is_what_git_ignores(tmp_path: Path, inside: str) -> None:
    tree(tmp_path, dict.fromkeys(CANDIDATES, "") | IGNORES)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=environment)
    exclude = tmp_path / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("b/requirements-x.txt\n")
    command = ["git", "-C", str(tmp_path / inside), "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True, env=environment).stdout.decode().split("\0")
    expected = sorted(name for name in listed if "requirements" in name)
    assert paths(discover(tmp_path / inside)) == expected
    assert len(expected) >= 5


def test_a_folder_that_is_ignored_is_read_when_it_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "/scratch/\n", "scratch/app/requirements.txt": "", ".git/HEAD": ""})
    assert paths(discover(tmp_path)) == []
    assert paths(discover(tmp_path / "scratch" / "app")) == ["requirements.txt"]


def test_costly_and_invalid_patterns_are_passed_over(tmp_path: Path) -> None:
    long_name = "requirements-" + "a" * 200 + ".txt"
    tree(tmp_path, {".gitignore": "*a*a*a*a*a*a*a*a*a*a*b\n" + "**/" * 50 + "x\n!\n[\nrequirements-dev.txt\n", long_name: ""})
    tree(tmp_path, {"requirements-dev.txt": ""})
    assert paths(discover(tmp_path)) == [long_name]


@posix
def test_special_files_and_links_are_problems_and_never_followed(tmp_path: Path) -> None:
    tree(tmp_path / "root", {"tree/requirements.txt": "", "real/requirements.txt": ""})
    tree(tmp_path, {"outside/requirements.txt": ""})
    root = tmp_path / "root"
    (root / "tree" / "up").symlink_to(root)
    (root / "loop").mkdir()
    (root / "loop" / "uv.lock").symlink_to("uv.lock")
    (root / "out").mkdir()
    (root / "out" / "requirements.txt").symlink_to(tmp_path / "outside" / "requirements.txt")
    (root / "in").mkdir()
    (root / "in" / "requirements.txt").symlink_to(root / "real" / "requirements.txt")
    (root / "pipe").mkdir()
    os.mkfifo(root / "pipe" / "requirements.txt")
    (root / "uv.lock").mkdir()
    (root / "dangling-requirements.txt").symlink_to("nothing")
    found = discover(root)
    assert paths(found) == ["in/requirements.txt", "real/requirements.txt", "tree/requirements.txt"]
    assert {problem.location.path for problem in found.problems} == {
        "dangling-requirements.txt",
        "loop/uv.lock",
        "out/requirements.txt",
        "pipe/requirements.txt",
    }


def test_a_requirements_folder_may_be_the_root(tmp_path: Path) -> None:
    assert paths(discover(tree(tmp_path / "requirements", {"base.txt": "", "readme.md": ""}))) == ["base.txt"]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        discover(tmp_path / "nothing")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        discover(tree(tmp_path, {"x": ""}) / "x")
