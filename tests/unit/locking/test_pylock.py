"""pylock.toml, edited in place."""

from __future__ import annotations

import pytest

from steadypin import toml
from steadypin.errors import SourceError
from steadypin.locking.edits import Edit, NewPin, Repin
from steadypin.locking.pylock import rewrite
from steadypin.model.released import ReleaseFile

FILES = (
    ReleaseFile(filename="a-2.tar.gz", url="https://files.example/a-2.tar.gz", hashes=("sha256:" + "1" * 64,), size=10),
    ReleaseFile(
        filename="a-2-py3-none-any.whl", url="https://files.example/a-2-py3-none-any.whl", hashes=("sha256:" + "2" * 64,)
    ),
)
INLINE = """lock-version = "1.0"
created-by = "x"

# a comment
[[packages]]
name = "a"
version = "1" # the first
sdist = {name = "a-1.tar.gz", url = "https://files.example/a-1.tar.gz", hashes = {sha256 = "00"}}
wheels = [
    {name = "a]-1.whl", url = "u", hashes = {sha256 = "00"}}, # ]
]
marker = "os_name == 'posix'"

[[packages]]
name = "c"
version = "1"
[packages.sdist]
name = "c-1.tar.gz"
hashes = {sha256 = "00"}
[[packages.wheels]]
name = "c-1.whl"
hashes = {sha256 = "00"}

[tool.x]
version = "1"
"""


def edit(text: str, **words: object) -> str:
    return rewrite(text.encode(), Edit(**words), path="pylock.toml").decode()  # type: ignore[arg-type]


def packages(text: str) -> dict[str, dict[str, object]]:
    return {entry["name"]: entry for entry in toml.loads(text)["packages"]}


def test_inline_files_are_replaced_and_the_rest_stays() -> None:
    new = edit(INLINE, repins=(Repin(line=5, name="a", before="1", after="2", files=FILES),))
    entry = packages(new)["a"]
    assert entry["version"] == "2" and entry["marker"] == "os_name == 'posix'"
    assert [wheel["name"] for wheel in entry["wheels"]] == ["a-2-py3-none-any.whl"]  # type: ignore[attr-defined]
    assert entry["sdist"]["size"] == 10  # type: ignore[index]
    assert "# the first" in new and new.split('name = "c"')[1] == INLINE.split('name = "c"')[1]


def test_sub_tables_are_replaced() -> None:
    new = edit(INLINE, repins=(Repin(line=14, name="c", before="1", after="2", files=FILES),))
    entry = packages(new)["c"]
    assert entry["version"] == "2" and len(entry["wheels"]) == 1  # type: ignore[arg-type]
    assert toml.loads(new)["tool"] == {"x": {"version": "1"}}
    assert new.split("[[packages]]")[1] == INLINE.split("[[packages]]")[1]


def test_entries_come_and_go() -> None:
    new = edit(INLINE, adds=(NewPin(name="b", version="2", files=FILES),), drops=(5,))
    assert list(packages(new)) == ["b", "c"]


def test_windows_line_endings_stay() -> None:
    new = edit(INLINE.replace("\n", "\r\n"), repins=(Repin(line=5, name="a", before="1", after="2", files=FILES),))
    assert new.count("\n") == new.count("\r\n")


def test_without_files_it_is_refused() -> None:
    with pytest.raises(SourceError, match="no files"):
        edit(INLINE, repins=(Repin(line=5, name="a", before="1", after="2"),))
    with pytest.raises(SourceError):
        edit(INLINE, repins=(Repin(line=5, name="a", before="7", after="2", files=FILES),))
