"""What holds for every FileTree: the same files give the same ledger, and what is not there is said as the system says it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from steadypin.sources.archives import ArchiveTree
from steadypin.sources.filetree import DISK, FileTree, RootTree
from steadypin.sources.image_file import read_images
from steadypin.sources.installed import read_listing
from tests.support.images import docker_save, layer
from tests.support.trees import tree_of
from tests.support.venvs import dist_info

FILES = {
    **dist_info("alpha", "1.0", at="site/", requires=["beta>=2; python_version > '3'"], extra={"REQUESTED": b""}),
    **dist_info(
        "beta", "2.0", at="site/", extra={"direct_url.json": b'{"url": "file:///src", "dir_info": {"editable": true}}'}
    ),
    "site/gamma-3-py2.7.egg-info/PKG-INFO": b"Name: gamma\nVersion: 3\n",
    "site/gamma-3-py2.7.egg-info/requires.txt": b"six\n",
    "site/broken-1.dist-info/METADATA": b"nothing",
    "site/flat-4.egg-info": b"Name: flat\nVersion: 4\n",
}

Made = tuple[FileTree, str]


def on_disk(folder: Path) -> Made:
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return DISK, str(folder / "site")


def below_a_root(folder: Path) -> Made:
    on_disk(folder)
    return RootTree(str(folder)), "/site"


def in_an_archive(folder: Path) -> Made:
    place = folder / "app.pyz"
    with zipfile.ZipFile(place, "w") as archive:
        for path, content in FILES.items():
            archive.writestr(path, content)
    return ArchiveTree(str(place)), f"{place}/site"


def in_an_image(folder: Path) -> Made:
    image = docker_save(folder / "image.tar", [layer(FILES)])
    return read_images(image)[0].tree, "/site"


def recorded(folder: Path) -> Made:
    return tree_of(FILES), "site"


@pytest.fixture(params=[on_disk, below_a_root, in_an_archive, in_an_image, recorded], ids=lambda make: make.__name__)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    make: Callable[[Path], Made] = request.param
    return make(tmp_path)


def test_the_same_files_give_the_same_ledger(made: Made) -> None:
    tree, site = made
    found = read_listing([site], tree=tree).distributions
    assert [(item.name, item.version, item.requires, item.requested, item.editable, len(item.problems)) for item in found] == [
        ("alpha", "1.0", ("beta>=2; python_version > '3'",), True, False, 0),
        ("beta", "2.0", (), False, True, 0),
        ("broken", "1", (), False if found[2].requested is False else None, False, 1),
        ("flat", "4", (), None, False, 0),
        ("gamma", "3", ("six",), None, False, 0),
    ]
    assert all(item.location.path.startswith(site) for item in found)


def test_what_is_not_there_is_not_found(made: Made) -> None:
    tree, site = made
    gone = f"{site}{tree.separator}gone"
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        tree.read(gone)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        tree.names(gone)
    assert not tree.is_dir(gone)
    assert not tree.is_file(gone)


def test_a_read_is_bounded(made: Made) -> None:
    tree, site = made
    assert tree.read(tree.separator.join((site, "flat-4.egg-info")), 4) == b"Name"
