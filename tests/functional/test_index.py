"""Our view of indexes against that of pip and uv, as they are installed here."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.tags import sys_tags
from packaging.version import Version

from steadypin.index.client import IndexClient
from steadypin.index.pipconfig import configuration_files, read_pip_settings
from steadypin.index.routing import Routing, route
from steadypin.model.parse import version as parse_version
from steadypin.model.released import Project
from steadypin.model.target import Target
from tests.support.index_server import Rel, TestIndex

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
HERE = Target(
    python=".".join(map(str, sys.version_info[:3])), platform="here", source="test", tags=tuple(str(tag) for tag in sys_tags())
)
WORLD = {
    "Demo.App": [
        Rel("1.0", yanked="bad"),
        Rel("2.0", requires=["dep-x>=1"], requires_python=">=3.8", sdist=True),
        Rel("3.0", requires_python=">=3.99"),
        Rel("4.0rc1"),
    ],
    "dep-x": [Rel("1.0"), Rel("1.5", metadata=False), Rel("9.0", tags=["cp27-cp27m-win32"])],
}


def pip(*arguments: str, environ: Mapping[str, str] | None = None) -> str:
    answer = subprocess.run([*PIP, *arguments], capture_output=True, text=True, timeout=120, env=environ, check=False)
    if "No module named pip" in answer.stderr:
        pytest.skip("no pip in this environment")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def without_configuration() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}


def fitting(project: Project) -> set[Version]:
    """The final versions, not yanked, that could be installed here, as `pip index versions` lists them."""
    return {
        version
        for release in project.releases
        if not (version := Version(release.version)).is_prerelease
        and release.yanked is None
        and HERE.accepts_python(release.requires_python)
        and (release.sdist or any(HERE.accepts_wheel(wheel) for wheel in release.wheels))
    }


def listed_by_pip(name: str, *options: str, environ: Mapping[str, str] | None = None) -> set[Version]:
    line = next(line for line in pip("index", "versions", name, *options, environ=environ).splitlines() if "versions:" in line)
    texts = (text.strip() for text in line.partition(":")[2].split(","))
    return {found for text in texts if (found := parse_version(text)) is not None}  # older pips list "2004d" too


@pytest.mark.parametrize("kind", ["json", "html"])
def test_installers_install_from_the_test_index_what_we_say_fits(kind: str, tmp_path: Path) -> None:
    with TestIndex(WORLD, kinds=[kind]) as index:
        with IndexClient(Routing(indexes=(index.url,))) as client:
            ours = {project.name: max(fitting(project)) for project in client.ask(WORLD).projects}
        environ = without_configuration()
        pip("install", "-q", "--target", str(tmp_path / "pip"), "--index-url", index.url, "demo-app", environ=environ)
        folders = [tmp_path / "pip"]
        if uv := shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])):
            command = [uv, "pip", "install", "-q", "--no-config", "--no-cache", "--python", sys.executable]
            command += ["--target", str(tmp_path / "uv"), "--index-url", index.url, "demo-app"]
            subprocess.run(command, check=True, timeout=120, env=environ)
            folders.append(tmp_path / "uv")
        assert listed_by_pip("demo-app", "--index-url", index.url, environ=environ) == {Version("2.0")}
    expected = {f"{name.replace('-', '_')}-{version}.dist-info" for name, version in ours.items()}
    for folder in folders:
        assert (
            {path.name for path in folder.glob("*.dist-info")} == expected == {"demo_app-2.0.dist-info", "dep_x-1.5.dist-info"}
        )


def test_configuration_as_pip_itself_reads_it(tmp_path: Path) -> None:
    name = "pip.ini" if os.name == "nt" else "pip.conf"
    home = str(tmp_path / "home")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "XDG_"))}
    environ |= {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home,
        "PROGRAMDATA": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path),
    }
    user = configuration_files(environ, Path(sys.prefix))[-2]
    for path, text in {
        tmp_path / "pip" / name: "[global]\nindex-url = https://machine.example/\nretries = 2\n",
        user: "[global]\nextra-index-url =\n  https://a.example/\n  https://b.example/\n[install]\nretries = 3\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environ["PIP_TRUSTED_HOST"] = "h.example"
    said: dict[str, str] = {}
    for line in pip("config", "list", environ=environ).splitlines():
        key, _, value = line.partition("=")
        said[key] = ast.literal_eval(value)
    ours = read_pip_settings(environ, Path(sys.prefix))
    assert ours.index_url == said["global.index-url"]
    assert list(ours.extra_index_urls) == said["global.extra-index-url"].split()
    assert ours.retries == int(said["install.retries"])
    assert ours.trusted_hosts == (said[":env:.trusted-host"],)


@pytest.mark.network
def test_the_live_index_offers_what_pip_lists() -> None:
    names = ["numpy", "zope.interface", "pytz", "setuptools", "attrs", "ruff"]
    with IndexClient(route(prefix=Path(sys.prefix))) as client:
        answers = client.ask([*names, "steadypin-never-heard-of-this-name"])
    assert answers.gaps == ()
    assert answers.unknown == ("steadypin-never-heard-of-this-name",)
    for project in answers.projects:
        assert fitting(project) == listed_by_pip(project.name), project.name


@pytest.mark.network
def test_the_live_index_has_files_and_metadata() -> None:
    with IndexClient(route(prefix=Path(sys.prefix))) as client:
        files = client.files("flask", "3.0.0")
        needed = client.metadata("flask", "3.0.0")
    assert {file.filename for file in files} >= {"flask-3.0.0-py3-none-any.whl"}
    assert all(any(text.startswith("sha256:") for text in file.hashes) for file in files)
    assert any(text.startswith("Werkzeug") for text in needed.requires_dist)
    assert needed.requires_python == ">=3.8"
