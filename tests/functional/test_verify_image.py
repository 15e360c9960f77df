"""`steadypin verify-image`, on images made without Docker: equal is 0, each mutation is 1 and named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Ran, steadypin
from tests.support.images import Content, docker_save, layer, oci_folder, oci_tar
from tests.support.venvs import dist_info

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders of a Linux image cannot stand on a Windows disk")

SITE = "usr/local/lib/python3.12/site-packages/"
PYTHON = b"\x7fELF\x02\x01" + b"\0" * 12 + b"\x3e\0" + b"\0" * 40 + b"\x003.12.7\0"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BASE: dict[str, Content] = {
    "usr/local/bin/python3.12": PYTHON,
    "usr/local/bin/python3": "-> python3.12",
    "usr/local/lib/python3.12/os.py": b"# the standard library\n",
    **dist_info("pip", "24.2", at=SITE),
    **dist_info("boto3", "1.34.0", at=SITE),
}
LOCK = (
    f"flask==3.0.3 --hash=sha256:{'0' * 64}\n"
    f"click==8.1.7 --hash=sha256:{'1' * 64}\n"
    f"colorama==0.4.6 ; sys_platform == 'win32' --hash=sha256:{'2' * 64}\n"
    f"torch==2.1.0 --hash=sha256:{'3' * 64}\n"
    f"tool @ git+https://git.example/tool@{COMMIT}\n"
)


def vcs(commit: str) -> dict[str, bytes]:
    info = {"url": "https://git.example/tool", "vcs_info": {"vcs": "git", "commit_id": commit}}
    return {"direct_url.json": json.dumps(info).encode()}


APP: dict[str, Content] = {
    **dist_info("flask", "3.0.3", at=SITE),
    **dist_info("click", "8.1.7", at=SITE),
    **dist_info("torch", "2.1.0+cpu", at=SITE),
    **dist_info("tool", "1.0", at=SITE, extra=vcs(COMMIT)),
}


def without(name: str) -> dict[str, Content]:
    return {path: content for path, content in APP.items() if not path.startswith(f"{SITE}{name}-")}


def verify(tmp_path: Path, app: dict[str, Content], *words: str, make: Callable[..., Path] = docker_save) -> Ran:
    image = make(
        tmp_path / "image.tar", [layer(BASE, made_by="FROM"), layer(app, made_by="RUN pip install -r requirements.txt")]
    )
    lock = tmp_path / "requirements.txt"
    if not lock.exists():
        lock.write_text(LOCK, encoding="utf-8")
    return steadypin("verify-image", image, "--lock", lock, "--format", "json", *words, cwd=tmp_path)


@pytest.mark.parametrize("make", [docker_save, oci_tar, oci_folder], ids=lambda make: make.__name__)
def test_an_image_that_is_as_its_lock_is_equal(tmp_path: Path, make: Callable[..., Path]) -> None:
    ran = verify(tmp_path, APP, make=make)
    assert (ran.code, ran.json["equal"]) == (0, True), ran.out + ran.err
    (image,) = ran.json["images"]
    assert image["agree"] == 4 and image["environment"] == "/usr/local"
    assert image["installers"] == [{"name": "pip", "version": "24.2"}]
    assert image["base"] == [{"name": "boto3", "version": "1.34.0"}]


MUTATIONS: list[tuple[str, str, dict[str, Content]]] = [
    ("missing", "click", without("click")),
    ("missing", "tool", without("tool")),
    ("extra", "requests", {**APP, **dist_info("requests", "2.32.0", at=SITE)}),
    ("different", "flask", {**without("flask"), **dist_info("flask", "3.0.2", at=SITE)}),
    ("different", "flask", {**without("flask"), **dist_info("Flask", "4.0", at=SITE)}),
    ("different", "torch", {**without("torch"), **dist_info("torch", "2.1.1+cpu", at=SITE)}),
    ("different", "tool", {**without("tool"), **dist_info("tool", "1.0", at=SITE, extra=vcs("f" * 40))}),
    ("double", "click", {**APP, **dist_info("click", "8.1.6", at=SITE)}),
    ("extra", "colorama", {**APP, **dist_info("colorama", "0.4.6", at=SITE)}),
    ("unreadable", "click", {**without("click"), f"{SITE}click.dist-info/METADATA": b"nonsense"}),
    ("missing", "flask", {**dist_info("click", "8.1.7", at=SITE)}),
]


@pytest.mark.parametrize(
    ("kind", "name", "app"), MUTATIONS, ids=[f"{kind}-{name}-{i}" for i, (kind, name, _) in enumerate(MUTATIONS)]
)
def test_each_mutation_is_named(tmp_path: Path, kind: str, name: str, app: dict[str, Content]) -> None:
    ran = verify(tmp_path, app)
    assert ran.code == 1
    named = {(item["kind"], item["name"]) for item in ran.json["images"][0]["differences"]}
    assert (kind, name) in named
    assert {other for _, other in named} <= {name, "tool", "torch"}, "and nothing else is"


def test_exact_counts_installers_and_what_the_base_brought(tmp_path: Path) -> None:
    ran = verify(tmp_path, APP, "--exact")
    assert {item["name"] for item in ran.json["images"][0]["differences"]} == {"pip", "boto3"}
    assert verify(tmp_path, APP, "--exact", "--allow", "pip", "--allow", "Boto3").code == 0


def test_text_names_each_and_the_layer_that_brought_it(tmp_path: Path) -> None:
    image = docker_save(tmp_path / "i.tar", [layer(BASE), layer(MUTATIONS[3][2], made_by="RUN pip install flask")])
    (tmp_path / "requirements.txt").write_text(LOCK, encoding="utf-8")
    ran = steadypin("verify-image", image, "--lock", "requirements.txt", cwd=tmp_path)
    assert ran.code == 1
    assert "different  flask: 3.0.2 is there, the lock says 3.0.3" in ran.out and "RUN pip install flask" in ran.out


@pytest.mark.parametrize(
    ("image", "lock", "said"),
    [
        (b"no tar", LOCK, "image.tar"),
        (None, LOCK, "no such image"),
        (b"", None, "no such file"),
        (b"", "# nothing\n", "pins nothing"),
    ],
)
def test_what_cannot_be_verified_is_said_and_is_no_equality(
    tmp_path: Path, image: bytes | None, lock: str | None, said: str
) -> None:
    if image is not None:
        (tmp_path / "image.tar").write_bytes(image)
    if lock is not None:
        (tmp_path / "requirements.txt").write_text(lock, encoding="utf-8")
    ran = steadypin("verify-image", "image.tar", "--lock", "requirements.txt", cwd=tmp_path)
    assert ran.code == 2 and said in ran.err


def test_an_image_without_python_is_no_equality(tmp_path: Path) -> None:
    docker_save(tmp_path / "image.tar", [layer({"etc/passwd": b"", "bin/sh": b""})])
    (tmp_path / "requirements.txt").write_text(LOCK, encoding="utf-8")
    ran = steadypin("verify-image", "image.tar", "--lock", "requirements.txt", cwd=tmp_path)
    assert ran.code == 2 and "no Python environment" in ran.err
