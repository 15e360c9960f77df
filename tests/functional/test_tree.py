"""`steadypin tree` beside `uv pip tree` and `uv tree`: the same requirements, in both directions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Ran, environment, site_packages, steadypin

UV = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
INSTALLED: dict[str, tuple[str, ...]] = {
    "boto3 1.26.165": ("botocore (<1.30.0,>=1.29.165)", "jmespath (<2.0.0,>=0.7.1)", "s3transfer (<0.7.0,>=0.6.0)"),
    "botocore 1.29.165": ("jmespath (<2.0.0,>=0.7.1)", "urllib3 (<1.27,>=1.25.4)", "awscrt (==0.16.9) ; extra == 'crt'"),
    "jmespath 1.0.1": (),
    "s3transfer 0.6.2": ("botocore (<2.0a0,>=1.12.36)", "ghost ; python_version < '3'"),
    "urllib3 1.26.18": (),
    "requests 2.32.3": ("urllib3<3,>=1.21.1", "PySocks!=1.5.7,>=1.5.6 ; extra == 'socks'"),
    "client 1.0": ("requests[socks]>=2",),
    "PySocks 1.7.1": (),
}
EXTRA = {("requests", "pysocks")}
"""What an extra brings that `client` asks for: `uv pip tree` shows no extras, `uv tree` does, and so do we."""
LOCK = """\
version = 1
requires-python = ">=3.10"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "client" }, { name = "urllib3" }]

[package.metadata]
requires-dist = [{ name = "client", specifier = ">=1" }, { name = "urllib3", specifier = "<2" }]

[[package]]
name = "client"
version = "1.0"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "requests", extra = ["socks"] }]
sdist = { url = "https://files.example/client-1.0.tar.gz", hash = "sha256:00", size = 1 }

[[package]]
name = "pysocks"
version = "1.7.1"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/PySocks-1.7.1.tar.gz", hash = "sha256:00", size = 1 }

[[package]]
name = "requests"
version = "2.32.3"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "urllib3" }]
sdist = { url = "https://files.example/requests-2.32.3.tar.gz", hash = "sha256:00", size = 1 }

[package.optional-dependencies]
socks = [{ name = "pysocks" }]

[[package]]
name = "urllib3"
version = "1.26.18"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/urllib3-1.26.18.tar.gz", hash = "sha256:00", size = 1 }
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without pip, with metadata alone."""
    folder = tmp_path_factory.mktemp("tree") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site_packages(next(folder.rglob("site-packages")), INSTALLED)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def uv_edges(*words: str | Path, cwd: Path) -> set[tuple[str, str]]:
    """(upper line, lower line) of a tree that uv prints."""
    command = [str(UV), *map(str, words), "--offline", "--no-config"]
    done = subprocess.run(command, cwd=cwd, env=environment(cwd / ".home"), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    above: list[str] = []
    found = set()
    for line in done.stdout.splitlines():
        row = re.match(r"(?P<indent>[│├└─ ]*)(?P<name>[\w.-]+)(?:\[[\w,]+\])? v", line)
        if row is None:
            continue
        above = [*above[: len(row["indent"]) // 4], row["name"]]
        found |= {(above[-2], above[-1])} if len(above) > 1 else set()
    return found


def edges(ran: Ran, below: str) -> set[tuple[str, str]]:
    """(name, name below it); what declares for the project is the project."""

    def walk(name: str, rows: list[dict]) -> set[tuple[str, str]]:
        own = {(name, row["name"] if row["version"] else "app") for row in rows}
        return own.union(*(walk(row["name"], row[below]) for row in rows))

    assert ran.code == 0, ran.err
    return walk(ran.json["name"], ran.json[below])


def ask(name: str, *words: str | Path, cwd: Path) -> Ran:
    return steadypin("tree", name, ".", *words, "--offline", "--format", "json", cwd=cwd, home=cwd / ".home")


@pytest.mark.parametrize("name", sorted(title.split()[0].lower() for title in INSTALLED))
def test_an_environment_has_the_edges_that_uv_sees(name: str, python: Path, tmp_path: Path) -> None:
    ran = ask(name, "--python", python, cwd=tmp_path)
    words = ("pip", "tree", "--python", python, "--package", name)
    assert edges(ran, "needs") - EXTRA == uv_edges(*words, cwd=tmp_path)
    if name != "pysocks":
        assert edges(ran, "needed_by") == uv_edges(*words, "--invert", cwd=tmp_path)


@pytest.mark.parametrize("name", ["app", "client", "requests", "pysocks", "urllib3"])
def test_a_lock_has_the_edges_that_uv_sees(name: str, tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(LOCK.replace("sha256:00", "sha256:" + "0" * 64), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["client>=1", "urllib3<2"]\n',
        encoding="utf-8",
    )
    ran = ask(name, "--no-env", cwd=tmp_path)
    words = ("tree", "--frozen", "--python", sys.executable, "--package", name)
    assert edges(ran, "needs") == uv_edges(*words, cwd=tmp_path)
    assert edges(ran, "needed_by") == uv_edges(*words, "--invert", cwd=tmp_path)


def test_people_read_who_holds_and_with_what(python: Path, tmp_path: Path) -> None:
    ran = steadypin("tree", "urllib3", ".", "--python", python, "--offline", cwd=tmp_path)
    assert ran.code == 0 and "botocore 1.29.165 asks for <1.27,>=1.25.4" in ran.out
    wrong = steadypin("tree", "urlib3", ".", "--python", python, "--offline", cwd=tmp_path)
    assert wrong.code == 2 and "did you mean urllib3?" in wrong.err
