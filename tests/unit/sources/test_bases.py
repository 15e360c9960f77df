"""What the names of base images tell, Dockerfiles as instructions, and ELF files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.errors import SourceError, UsageError
from steadypin.model.readiness import ImageBase
from steadypin.pipeline.readiness import at_level, image_targets
from steadypin.sources.bases import as_of, describe_base, python_ends, removed_modules, with_library
from steadypin.sources.dockerfile_text import exposed, parse_dockerfile
from steadypin.sources.elf import missing_libraries, needed
from steadypin.sources.entry_points import start_command
from tests.support.ledgers import LINUX_312
from tests.support.projects import write_tree


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python:3.12-slim", ("3.12", "glibc", "2.41")),
        ("python:3.12.4-slim-bookworm@sha256:00", ("3.12.4", "glibc", "2.36")),
        ("docker.io/library/python:3.11-alpine3.20", ("3.11", "musl", "1.2")),
        ("registry.example:5000/mirror/python:3.13", ("3.13", "glibc", "2.41")),
        ("python:latest", (None, None, None)),
        ("python", (None, None, None)),
        ("ubuntu:22.04", ("3.10", "glibc", "2.35")),
        ("debian:bookworm-slim", ("3.11", "glibc", "2.36")),
        ("public.ecr.aws/lambda/python:3.12", ("3.12", "glibc", "2.34")),
        ("public.ecr.aws/lambda/python:3.11", ("3.11", "glibc", "2.26")),
        ("gcr.io/distroless/python3-debian12", ("3.11", "glibc", "2.36")),
        ("registry.example/ubi9/python-312", ("3.12", "glibc", "2.34")),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", ("3.12", "glibc", "2.36")),
        ("alpine:3.12", (None, "musl", "1.1")),
        ("team/base:7", (None, None, None)),
    ],
)
def test_a_name_tells_what_a_table_knows_and_no_more(name: str, expected: tuple[str | None, ...]) -> None:
    base = describe_base(name)
    assert (base.python, base.libc, base.level) == expected


@given(st.text(max_size=60))
def test_any_name_is_described(name: str) -> None:
    base = describe_base(name)
    assert (base.libc is None) == (base.level is None)


def test_the_user_says_what_no_table_knows() -> None:
    assert with_library(ImageBase(name="x"), glibc="2.36.1", musl=None).level == "2.36"
    with pytest.raises(UsageError):
        with_library(ImageBase(name="x"), glibc="new", musl=None)
    with pytest.raises(UsageError):
        with_library(ImageBase(name="x"), glibc="2.36", musl="1.2")


def test_the_table_is_dated_and_its_days_are_days() -> None:
    assert date.fromisoformat(as_of()).year >= 2026
    assert python_ends("3.12.1") == "2028-10-31" and python_ends("9.9") is None
    assert "cgi" in removed_modules("3.13.0") and "imp" in removed_modules("3.12.0") and not removed_modules("3.11.2")


def test_targets_stand_at_the_level_of_the_base() -> None:
    debian = ImageBase(name="d", python="3.12", libc="glibc", level="2.36")
    alpine = ImageBase(name="a", python="3.12", libc="musl", level="1.2")
    both = image_targets(("python=3.13,linux_x86_64,linux_aarch64",), debian, LINUX_312)
    assert [(target.python[:4], target.platform) for target in both] == [("3.13", "linux_x86_64"), ("3.13", "linux_aarch64")]
    assert both[0].accepts_wheel("a-1-cp313-cp313-manylinux_2_36_x86_64.whl")
    assert not both[0].accepts_wheel("a-1-cp313-cp313-manylinux_2_37_x86_64.whl")
    (own,) = image_targets((), alpine, LINUX_312)
    assert own.platform == "musllinux_x86_64" and own.python.startswith("3.12")
    assert at_level("windows_x86_64", debian) == "windows_x86_64"
    with pytest.raises(UsageError):
        image_targets(("pyton=3.12",), debian, LINUX_312)
    with pytest.raises(UsageError):
        image_targets(("python=3.12,linux_vax",), debian, LINUX_312)


def test_a_dockerfile_as_its_instructions() -> None:
    text = "ARG V=3.12\n# c\nFROM --platform=linux/amd64 python:${V}-slim AS b\nRUN apt-get \\\n  # c\n  update\nRUN <<EOF\npip install x\nEOF\nFROM b\n"
    file = parse_dockerfile(text, "Dockerfile")
    assert file.bases == ((0, "python:3.12-slim", "b"), (1, "b", ""))
    assert [(item.name, item.line, item.stage) for item in file.instructions] == [
        ("ARG", 1, -1),
        ("FROM", 3, 0),
        ("RUN", 4, 0),
        ("RUN", 8, 0),
        ("FROM", 10, 1),
    ]
    assert re.sub(r"\s+", " ", file.instructions[2].text).endswith("update") and "pip install x" in file.instructions[3].text


@pytest.mark.parametrize("text", ["", "hello world\n", "version: 3\nservices: {}\n", "FROM a\nINSTALL b\n"])
def test_what_is_no_dockerfile_is_said(text: str) -> None:
    with pytest.raises(SourceError):
        parse_dockerfile(text, "Dockerfile")


def test_what_the_build_context_exposes(tmp_path: Path) -> None:
    write_tree(tmp_path, {".git/config": "", ".venv/pyvenv.cfg": "", "app.py": ""})
    assert exposed(tmp_path, None) == (".git", ".venv")
    assert exposed(tmp_path, (".git", "**/.venv")) == ()
    assert exposed(tmp_path, ("*", "!.git")) == (".git",)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Procfile": "web: gunicorn 'app:make()'\n"}, ("gunicorn", "app:make()")),
        ({"Procfile": "web: gunicorn -b :$PORT app\n"}, ("sh", "-c", "exec gunicorn -b :$PORT app")),
        ({"manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')"}, ("gunicorn", "--bind", "0.0.0.0:8000", "site.wsgi")),
        ({"pyproject.toml": '[project.scripts]\nserve = "a:b"\n'}, ("serve",)),
        ({"pyproject.toml": "nonsense ["}, ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_how_a_project_is_started(tmp_path: Path, files: dict[str, str], command: tuple[str, ...]) -> None:
    write_tree(tmp_path, files)
    assert start_command(tmp_path)[0] == command


def test_needed_libraries_are_those_that_readelf_lists() -> None:
    modules = sorted(Path(sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so"))[:8]
    if not modules or shutil.which("readelf") is None:
        pytest.skip("no ELF modules, or no readelf")
    for module in modules:
        listed = subprocess.run(["readelf", "-d", module], capture_output=True, text=True, check=True).stdout
        assert list(needed(module)) == re.findall(r"\(NEEDED\).*\[(.+)\]", listed)


@given(st.binary(max_size=300))
def test_a_damaged_elf_file_needs_nothing(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.so"
    for content in (data, b"\x7fELF\x02\x01" + data, b"\x7fELF\x01\x02" + data):
        file.write_bytes(content)
        assert isinstance(needed(file), tuple)
    assert missing_libraries("a", [str(file)]) == () or data
