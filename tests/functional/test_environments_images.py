"""Images and container roots, made without Docker, read without unpacking."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadypin.errors import EnvironmentNotFound, SourceError
from steadypin.model.installed import PythonEnvironment
from steadypin.sources import image_file
from steadypin.sources.environments import find_environment, read_environment
from steadypin.sources.image import read_image
from tests.support.images import Layer, docker_save, layer, layer_of, oci_folder, oci_tar
from tests.support.venvs import dist_info, install, make_venv, site_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders of a Linux image cannot stand on a Windows disk")

SITE = "usr/local/lib/python3.11/site-packages/"
LIBC = b"\x7fELF\x02\x01" + b"\0" * 12 + b"\x3e\0" + b"GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."
PYTHON = b"\x7fELF\x02\x01" + b"\0" * 12 + b"\x3e\0" + b"\0" * 40 + b"\x003.11.7\0"
BASE: dict[str, bytes | str | None] = {
    "usr": None,
    "bin": "-> usr/bin",
    "lib": "-> usr/lib",
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n",
    "usr/lib/x86_64-linux-gnu/libc.so.6": LIBC,
    "usr/local/bin/python3.11": PYTHON,
    "usr/local/bin/python3": "-> python3.11",
    "usr/local/lib/python3.11/os.py": b"# the standard library\n",
    **dist_info("pip", "23.0", at=SITE),
    **dist_info("wheel", "0.40", at=SITE),
    **dist_info("old", "1.0", at="opt/tools/vendored/"),
}
LAYERS = [
    layer(BASE, made_by="/bin/sh -c #(nop) ADD file:1 in / "),
    layer(
        {**dist_info("pip", "24.0", at=SITE), **dist_info("flask", "3.0", at=SITE)},
        hide=[SITE + "pip-23.0.dist-info"],
        made_by="RUN pip install https://me:secret@files.example/flask",
    ),
    layer(dist_info("new", "2.0", at="opt/tools/vendored/"), opaque=["opt/tools/vendored"]),
]
FORMS: list[Callable[..., Path]] = [docker_save, oci_tar, oci_folder]


def ledger(environment: PythonEnvironment) -> list[tuple[str, str | None]]:
    return [(item.name, item.version) for item in environment.distributions]


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_every_environment_with_version_platform_and_layers(make: Callable[..., Path], tmp_path: Path) -> None:
    place = make(tmp_path / "image", LAYERS)
    system, vendored = read_image(place)
    assert (system.path, ledger(system)) == (f"{place}:/usr/local", [("flask", "3.0"), ("pip", "24.0"), ("wheel", "0.40")])
    assert (system.target.python, system.target.platform) == ("3.11.7", "linux_x86_64")
    assert system.target.tags[1] == "cp311-cp311-manylinux_2_36_x86_64"
    flask, _, wheel = system.distributions
    assert (
        flask.layer and flask.layer.startswith("2/3 sha256:") and "pip install" in flask.layer and "secret" not in flask.layer
    )
    assert wheel.layer and wheel.layer.startswith("1/3 ")
    assert (vendored.path, ledger(vendored)) == (f"{place}:/opt/tools/vendored", [("new", "2.0")])


def test_the_environment_that_a_container_starts_is_the_one_that_is_read(tmp_path: Path) -> None:
    venv = {
        "app/.venv/pyvenv.cfg": b"home = /usr/local/bin\nversion = 3.11.7\n",
        **dist_info("x", "1", at="app/.venv/lib/python3.11/site-packages/"),
    }
    layers = [*LAYERS, layer({**venv, "app/.venv/bin/python": "-> /usr/local/bin/python3.11"})]
    place = docker_save(tmp_path / "image.tar", layers, environment=["PATH=/app/.venv/bin:/usr/local/bin:/usr/bin"])
    found = read_environment(find_environment(place, python=None, environ={}), cache_dir=None)
    assert (found.path, ledger(found)) == (f"{place}:/app/.venv", [("x", "1")])
    assert found.others == (f"{place}:/usr/local", f"{place}:/opt/tools/vendored")
    named = read_environment(find_environment(tmp_path, python=f"{place}:/usr/local", environ={}), cache_dir=None)
    assert len(named.distributions) == 3
    with pytest.raises(EnvironmentNotFound, match="/nowhere"):
        read_environment(find_environment(tmp_path, python=f"{place}:/nowhere", environ={}), cache_dir=None)


@pytest.mark.parametrize(("user", "home"), [("", "root"), ("app", "srv/app"), ("1000", "srv/app")])
def test_the_packages_of_the_user_who_runs_it_come_first(user: str, home: str, tmp_path: Path) -> None:
    layers = [*LAYERS[:1], layer(dist_info("pip", "99", at=f"{home}/.local/lib/python3.11/site-packages/"))]
    found = read_image(docker_save(tmp_path / "image.tar", layers, user=user))[0]
    assert ledger(found) == [("pip", "99"), ("wheel", "0.40")]


def test_hard_links_between_layers_and_links_on_the_way(tmp_path: Path) -> None:
    info = SITE + "linked-1.dist-info/METADATA"
    layers = [
        layer(
            {**BASE, "cache/METADATA": b"Name: linked\nVersion: 1\n\n", info: "=> cache/METADATA", "app": "-> srv", "srv": None}
        ),
        layer(dist_info("late", "1", at="app/"), hide=["cache"]),
    ]
    system, _, loose = read_image(docker_save(tmp_path / "image.tar", layers))
    assert ("linked", "1") in ledger(system)
    assert loose.path.endswith(":/srv") and ledger(loose) == [("late", "1")]


def test_alpine_is_musl(tmp_path: Path) -> None:
    files = {**BASE, "usr/lib/ld-musl-aarch64.so.1": b"\x7fELF"}
    found = read_image(docker_save(tmp_path / "image.tar", [layer(files)], architecture="arm64"))[0]
    assert found.target.platform == "musllinux_aarch64"
    assert found.target.accepts_wheel("a-1-cp311-cp311-musllinux_1_1_aarch64.whl")


def test_a_real_venv_in_an_image_and_in_a_root_gives_the_live_ledger(tmp_path: Path) -> None:
    live = make_venv(tmp_path / "app" / ".venv")
    for name in ("alpha", "beta"):
        install(site_of(live), name, "1.0", requires=["gamma>=2"])
    expected = read_environment(find_environment(tmp_path, python=str(live), environ={}), cache_dir=None)
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    image = docker_save(tmp_path / "image.tar", [layer({"etc": None, "usr/bin": None}), layer_of(live, "app/.venv")])
    for place in (image, tmp_path):
        (found,) = read_image(place)
        assert [(d.name, d.version, d.requires, d.installer) for d in found.distributions] == [
            (d.name, d.version, d.requires, d.installer) for d in expected.distributions
        ]
        assert found.target.python == expected.target.python


def test_links_of_a_root_folder_never_lead_out_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    install(secret, "outside", "1")
    root = tmp_path / "root"
    for name in ("etc", "usr", "bin"):
        (root / name).mkdir(parents=True)
    (root / "usr/lib/python3.11").mkdir(parents=True)
    (root / "usr/lib/python3.11/os.py").touch()
    (root / "usr/lib/python3.11/site-packages").symlink_to(secret)
    (root / "usr/lib/python3.11/dist-packages").symlink_to("../../../../../../../.." + str(secret))
    assert all(not environment.distributions for environment in read_image(root))


# -- hostile -----------------------------------------------------------------------------------------------------------------


def refuse(place: Path, part: str) -> None:
    with pytest.raises(SourceError, match=part) as caught:
        read_image(place)
    assert caught.value.location.path == str(place)


@pytest.mark.parametrize(
    "content", [b"", b"not a tar", b"\x1f\x8b\x08damaged", b"\x28\xb5\x2f\xfdzstd", gzip.compress(b"no tar either", mtime=0)]
)
def test_what_is_no_image_is_said(content: bytes, tmp_path: Path) -> None:
    place = tmp_path / "image.tar"
    place.write_bytes(content)
    refuse(place, "not a readable image")


def write_tar(place: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(place, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return place


@pytest.mark.parametrize(
    "manifest",
    [
        "{",
        "{}",
        "[3]",
        '[{"Config": "c.json"}]',
        '[{"Config": "c.json", "Layers": ["../../etc/passwd"]}]',
        '[{"Config": "c.json", "Layers": ["gone"]}]',
        "[" * 3000,
    ],
)
def test_a_manifest_that_makes_no_sense(manifest: str, tmp_path: Path) -> None:
    refuse(write_tar(tmp_path / "image.tar", {"manifest.json": manifest.encode(), "c.json": b"{}"}), "not a readable image")


def test_indexes_within_indexes_end(tmp_path: Path) -> None:
    index = json.dumps({"manifests": [{"digest": "sha256:aa"}]}).encode()
    refuse(write_tar(tmp_path / "image.tar", {"index.json": index, "blobs/sha256/aa": index}), "too deep")


def test_a_layer_that_decompresses_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "LARGEST", 1 << 20)
    bomb = Layer(tar=layer({"big": b"\0" * (4 << 20)}).tar)
    refuse(oci_tar(tmp_path / "image.tar", [bomb]), "decompresses to more than")


def test_paths_that_climb_are_left_out(tmp_path: Path) -> None:
    files: dict[str, bytes | str | None] = {**BASE, **dist_info("evil", "1", at="../../" + SITE), SITE + "loop": "-> loop"}
    assert len(read_image(docker_save(tmp_path / "image.tar", [layer(files)]))[0].distributions) == 2


def test_a_truncated_image_is_said(tmp_path: Path) -> None:
    place = docker_save(tmp_path / "image.tar", LAYERS)
    place.write_bytes(place.read_bytes()[: 20 * 512 + 100])
    refuse(place, "not a readable image")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_environments_or_one_clear_error(data: st.DataObject, tmp_path: Path) -> None:
    place = docker_save(tmp_path / "image.tar", LAYERS)
    content = bytearray(place.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    place.write_bytes(content)
    with contextlib.suppress(SourceError):
        read_image(place)
