"""The story of sample_projects/to_container, on the live index: named, pinned, proved, and its image's steps really run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from steadypin.reporters.recipes import check_script
from steadypin.sources.dockerfile_text import parse_dockerfile
from tests.support.command import Ran, steadypin
from tests.support.index_server import Rel, TestIndex
from tests.support.samples import Sample, Samples, copy

pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="a Linux server")]


@pytest.fixture(scope="module")
def server(samples: Samples) -> Sample:
    return samples.drifted("to_container")


def run(server: Sample, tmp_path: Path, *words: str | Path) -> Ran:
    return steadypin(*words, cwd=server.folder, home=tmp_path / "home", timeout=300)


def test_the_report_names_each_row_of_the_readme(server: Sample, tmp_path: Path) -> None:
    words = ("audit", "--for-image", "--base", "python:3.13-slim", "--target", "python=3.13,linux_x86_64,linux_aarch64")
    found = {(item["rule"], item["package"]) for item in run(server, tmp_path, *words, "--format", "json").json["findings"]}
    expected = {
        ("version-differs", "flask"),
        ("undeclared-import", "urllib3"),
        ("unused-declaration", "redis"),
        ("image-no-wheel", "pyahocorasick"),
        ("image-source-only", "docopt"),
        ("image-unreachable", "label-sheet"),
        ("image-leftover", "xmltodict"),
        ("image-leftover", "simplejson"),
        ("image-development", None),
        ("removed-module", None),
        ("dockerfile-unpinned-base", None),
        ("dockerfile-piped-script", None),
        ("dockerfile-add-url", None),
        ("dockerfile-apt-unversioned", None),
        ("dockerfile-pip-unhashed", None),
        ("dockerfile-copy-before-install", None),
        ("dockerfile-root", None),
        ("dockerignore-incomplete", None),
    }
    assert expected <= found


def test_the_lock_is_proved_and_the_tests_pass_in_it(server: Sample, tmp_path: Path) -> None:
    lock = tmp_path / "locked.txt"
    ran = run(server, tmp_path, "pin", "-o", lock, "--verify")
    assert ran.code == 0, ran.err
    assert "verified:" in ran.err
    fresh = tmp_path / "fresh"
    subprocess.run([server.python, "-m", "venv", fresh], check=True)
    pip = [fresh / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--no-deps", "-r", tmp_path / "locked-vcs.txt"], check=True)
    tested = subprocess.run([fresh / "bin" / "python", "-m", "pytest", "-q"], cwd=server.folder, capture_output=True, text=True)
    assert tested.returncode == 0 and "8 passed" in tested.stdout, tested.stdout


def test_a_lock_of_an_environment_from_a_lock_is_that_lock(samples: Samples, tmp_path: Path) -> None:
    locked = samples.locked("parking_api")
    ran = steadypin("pin", cwd=locked.folder, home=tmp_path / "home", timeout=120)
    assert ran.code == 0, ran.err
    other_platform = {"colorama", "tomli", "exceptiongroup"}
    meant = {name: version for name, version in pins(locked.folder / "requirements.txt").items() if name not in other_platform}
    assert {name: v for name, v in pins_of(ran.out).items() if name not in other_platform} == meant


def pins(lock: Path) -> dict[str, str]:
    return pins_of(lock.read_text("utf-8"))


def pins_of(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_the_steps_of_the_dockerfile_run_in_a_plain_environment(server: Sample, tmp_path: Path) -> None:
    """There is no Docker here: each RUN of the build stage runs as it is, with /opt/venv and /src elsewhere."""
    folder = copy("to_container", tmp_path)
    shutil.copytree(server.folder / ".venv", folder / ".venv", symlinks=True)
    assert steadypin("pin", "--no-dev", "-o", "requirements.txt", cwd=folder, home=tmp_path / "home", timeout=120).code == 0
    printed = steadypin("dockerfile", cwd=folder, home=tmp_path / "home", timeout=120)
    assert printed.code == 0, printed.err
    parsed = parse_dockerfile(printed.out, "Dockerfile")
    assert [item.text for item in parsed.instructions if item.name == "USER"] == ["10001:10001"]
    venv = tmp_path / "opt" / "venv"
    for item in parsed.instructions:
        if item.name == "RUN" and item.stage == 0 and not item.text.startswith("apt-get"):
            body = item.text.replace("/opt/venv", str(venv))
            if body.startswith("python - "):
                command, _, script = body.partition("\n")
                _run([str(server.python), *command.split()[1:]], folder, script.replace("\nCHECK", ""))
            else:
                _run([str(server.python), *body.split()[1:]], folder)
    (site,) = venv.glob("lib/python*/site-packages")
    shutil.rmtree(next(site.glob("flask-*.dist-info")))
    drifted = subprocess.run(
        [server.python, "-", site, "requirements.txt", "requirements-vcs.txt"],
        cwd=folder,
        input=check_script(),
        text=True,
        capture_output=True,
    )
    assert drifted.returncode == 1 and "flask: locked 3.1.0, missing" in drifted.stderr


def _run(command: list[str], folder: Path, script: str = "") -> None:
    done = subprocess.run(command, cwd=folder, input=script, text=True, capture_output=True)
    assert done.returncode == 0, (command, done.stderr)


SPECS = """
pyahocorasick==2.1.0 docopt==0.6.2 greenlet==3.1.1 uvloop==0.19.0 psycopg2-binary==2.9.9 orjson==3.10.7
aiobotocore==2.13.0 annotated-types==0.7.0 attrs==23.2.0 botocore==1.34.117 certifi==2024.2.2 cffi==1.16.0
charset-normalizer==3.3.2 click==8.1.7 cryptography==42.0.7 distlib==0.3.8 filelock==3.14.0 fsspec==2024.5.0
google-api-core==2.19.0 grpcio==1.64.0 grpcio-status==1.64.0 idna==3.7 importlib-metadata==7.1.0
iniconfig==2.0.0 jinja2==3.1.4 jmespath==1.0.1 markupsafe==2.1.5 numpy==1.26.4 packaging==24.0 pandas==2.2.2
platformdirs==4.2.2 pluggy==1.5.0 protobuf==5.27.0 pyasn1==0.6.0 pycparser==2.22 pydantic==2.7.2
pydantic-core==2.18.3 pytest==8.2.1 python-dateutil==2.9.0.post0 pytz==2024.1 pyyaml==6.0.1 requests==2.32.3
rich==13.7.1 rsa==4.9 s3fs==2024.5.0 s3transfer==0.10.1 setuptools==70.0.0 six==1.16.0 tomli==2.0.1
typing-extensions==4.12.0 tzdata==2024.1 urllib3==2.2.1 virtualenv==20.26.2 wheel==0.43.0 zipp==3.19.1
lxml==5.2.2 pillow==10.3.0 scipy==1.13.1 ujson==5.10.0 mysqlclient==2.2.4
""".split()
PLATFORMS = {
    "linux_x86_64": "x86_64-manylinux_2_36",
    "linux_aarch64": "aarch64-manylinux_2_36",
    "musllinux_x86_64": "x86_64-unknown-linux-musl",
    "windows_x86_64": "x86_64-pc-windows-msvc",
}


def test_wheels_for_other_platforms_agree_with_uv(tmp_path: Path) -> None:
    """Each package on each platform, asked of uv with wheels only."""
    from steadypin.index.client import IndexClient
    from steadypin.index.routing import route
    from steadypin.model.readiness import ImageBase
    from steadypin.pipeline.readiness import image_targets
    from steadypin.pipeline.release_files import fits
    from steadypin.sources.targets import running_target

    bases = {"musllinux_x86_64": ImageBase(name="x", libc="musl", level="1.2"), "windows_x86_64": None}
    ours, offered = {}, {}
    with IndexClient(route(environ={})) as client:
        for spec in SPECS:
            name, version = spec.split("==")
            listed = client.files(name, version)
            files = [file for file in listed if file.filename.endswith(".whl")]
            tags = [file.filename[:-4].split("-", 2)[2] for file in files]
            offered[name] = [Rel(version, tags=tags, sdist=len(files) < len(listed))]
            for platform in PLATFORMS:
                base = bases.get(platform, ImageBase(name="x", libc="glibc", level="2.36"))
                (target,) = image_targets((f"python=3.12,{platform}",), base, running_target())
                ours[spec, platform] = any(fits(file, target) for file in files)
    with TestIndex(offered) as served:  # the live index's file names, so that the other side needs no network
        theirs = {pair: _uv_finds_a_wheel(*pair, served.url, tmp_path) for pair in ours}
    assert ours == theirs and set(ours.values()) == {True, False}


def _uv_finds_a_wheel(spec: str, platform: str, url: str, folder: Path) -> bool:
    uv = Path(sys.executable).with_name("uv")
    words = ["pip", "compile", "-q", "-", "--no-deps", "--only-binary", ":all:", "--python-version", "3.12", "--index-url", url]
    asked = [uv, *words, "--python-platform", PLATFORMS[platform], "--cache-dir", folder / "uv", "--python", sys.executable]
    return subprocess.run(asked, input=spec, text=True, capture_output=True, cwd=folder).returncode == 0
