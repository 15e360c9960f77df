"""Changelogs out of archives: found by their name, bounded, and nothing of an archive is ever unpacked or trusted."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from steadypin.errors import NetworkError
from steadypin.index import changelogs
from steadypin.index.changelogs import changelogs_in, inside

FILES = {
    "demo-1.0/CHANGES.rst": "top",
    "demo-1.0/docs/history/changelog-0.9.rst": "older",
    "demo-1.0/docs/releases/1.0.1.txt": "one",
    "demo-1.0/src/demo/changes.py": "code",
    "demo-1.0/tests/CHANGES.md": "a test's",
    "demo-1.0/README.md": "read me",
}
FOUND = (("CHANGES.rst", "top"), ("docs/history/changelog-0.9.rst", "older"), ("docs/releases/1.0.1.txt", "one"))


def tar(files: dict[str, str], *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
        for info in more:
            archive.addfile(info)
    return buffer.getvalue()


def test_changelogs_are_found_in_both_kinds_of_archives() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in FILES.items():
            archive.writestr(path, text)
    assert changelogs_in(tar(FILES), "demo-1.0.tar.gz") == FOUND
    assert changelogs_in(buffer.getvalue(), "demo-1.0.zip") == FOUND


@pytest.mark.parametrize(
    "path",
    ["../CHANGES", "/CHANGES", "demo/../CHANGES", "CHANGES", "demo//CHANGES", "demo/a/b/c/d/e/CHANGES", "demo/newspaper.txt",
     "demo/changes.py", "demo/src/CHANGES.md", "demo/docs/vendor/CHANGES.md", "demo/1.0.txt", "demo/" + "a" * 400 + "/CHANGES"],
)  # fmt: skip
def test_other_members_are_not_looked_at(path: str) -> None:
    assert inside(path) is None


@pytest.mark.parametrize(
    "path", ["d/CHANGELOG", "d/Changes.md", "d/docs/changelog.rst", "d/HISTORY.txt", "./d/NEWS", "d/RELEASE-NOTES.md", "d/docs/whatsnew/3.1.rst"]
)  # fmt: skip
def test_names_of_changelogs(path: str) -> None:
    assert inside(path) == path.removeprefix("./").partition("/")[2]


def test_links_and_devices_are_passed_over() -> None:
    link, device = tarfile.TarInfo("demo-1.0/CHANGES"), tarfile.TarInfo("demo-1.0/NEWS")
    link.type, link.linkname, device.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.CHRTYPE
    assert changelogs_in(tar({"demo-1.0/HISTORY": "h"}, link, device), "demo-1.0.tar.gz") == (("HISTORY", "h"),)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
@pytest.mark.parametrize("cut", [0, 5, 60, 120])
def test_damaged_archives_are_said(name: str, cut: int) -> None:
    with pytest.raises(NetworkError, match=name):
        changelogs_in(tar(FILES)[:cut], name)


def test_a_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelogs, "MOST_UNPACKED", 100_000)
    with pytest.raises(NetworkError, match="MiB"):
        changelogs_in(tar({"demo-1.0/data": "x" * 1_000_000, "demo-1.0/CHANGES": "c"}), "bomb.tar.gz")


def test_a_large_changelog_is_read_in_part() -> None:
    (only,) = changelogs_in(tar({"d/CHANGES": "x" * 3_000_000}), "d.tar.gz")
    assert len(only[1]) == 1024 * 1024
