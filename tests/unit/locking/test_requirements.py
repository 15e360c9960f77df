"""Requirements files, edited in place."""

from __future__ import annotations

import codecs

import pytest

from steadypin.errors import SourceError
from steadypin.locking.edits import Edit, NewPin, Repin
from steadypin.locking.requirements import rewrite
from steadypin.model.released import ReleaseFile

HASHES = ("sha256:" + "b" * 64, "sha256:" + "a" * 64)
FILES = tuple(
    ReleaseFile(filename=f"x{i}.whl", url=f"https://files.example/x{i}.whl", hashes=(h,)) for i, h in enumerate(HASHES)
)


def move(text: str, *repins: Repin, adds: tuple[NewPin, ...] = (), drops: tuple[int, ...] = ()) -> str:
    return rewrite(text.encode(), Edit(repins=repins, adds=adds, drops=drops), path="r.txt").decode()


def test_comments_markers_extras_and_spelling_stay() -> None:
    text = '# top\nFlask[async] == 2.0 ; python_version >= "3.8"   # because\n\n-r other.txt\nclick===7.0\n'
    moved = move(
        text, Repin(line=2, name="flask", before="2.0", after="3.0"), Repin(line=5, name="click", before="7.0", after="8.0")
    )
    assert moved == text.replace("== 2.0", "== 3.0").replace("===7.0", "===8.0")


def test_a_version_in_a_marker_is_left_alone() -> None:
    text = 'x==3.8; python_version == "3.8"\n'
    assert move(text, Repin(line=1, name="x", before="3.8", after="4")) == 'x==4; python_version == "3.8"\n'


def test_hashes_are_those_of_the_new_release_in_the_manner_of_the_old() -> None:
    text = "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via b\nb==1 \\\n    --hash=sha256:22\n"
    moved = move(text, Repin(line=1, name="a", before="1", after="2", files=FILES))
    assert moved.startswith(f"a==2 \\\n    --hash={HASHES[1]} \\\n    --hash={HASHES[0]}\n    # via b\n")
    assert moved.endswith("b==1 \\\n    --hash=sha256:22\n")


def test_a_single_hash_becomes_several() -> None:
    text = "b==1 \\\n    --hash=sha256:22\n"
    assert move(text, Repin(line=1, name="b", before="1", after="2", files=FILES)).count(" \\\n    --hash=") == 2
    assert move("b==1 --hash=sha256:22\n", Repin(line=1, name="b", before="1", after="2", files=FILES)).count(" --hash=") == 2


def test_an_entry_with_hashes_is_never_written_without_them() -> None:
    with pytest.raises(SourceError, match="no hashes"):
        move("b==1 --hash=sha256:22\n", Repin(line=1, name="b", before="1", after="2"))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_endings_stay(ending: str, last: bool) -> None:
    text = f"a==1{ending}b==1{ending if last else ''}"
    assert move(text, Repin(line=2, name="b", before="1", after="2")) == text.replace("b==1", "b==2")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_bytes_that_are_no_unicode_stay(mark: bytes) -> None:
    data = mark + b"# caf\xe9\na==1\n"
    assert rewrite(data, Edit(repins=(Repin(line=2, name="a", before="1", after="2"),)), path="r.txt") == data.replace(
        b"==1", b"==2"
    )


def test_utf_16_stays_utf_16() -> None:
    data = codecs.BOM_UTF16_LE + "# ü\r\na==1\r\n".encode("utf-16-le")
    new = rewrite(data, Edit(repins=(Repin(line=2, name="a", before="1", after="2"),)), path="r.txt")
    assert new == codecs.BOM_UTF16_LE + "# ü\r\na==2\r\n".encode("utf-16-le")


def test_new_entries_go_where_the_alphabet_wants_them() -> None:
    text = "# head\na==1\n    # via c\nc==1\n"
    assert (
        move(text, adds=(NewPin(name="b", version="2", via=("c",)),)) == "# head\na==1\n    # via c\nb==2\n    # via c\nc==1\n"
    )
    assert move(text, adds=(NewPin(name="z", version="2"),)) == text + "z==2\n"
    assert move("a==1", adds=(NewPin(name="z", version="2"),)) == "a==1\nz==2\n"


def test_an_entry_that_goes_takes_its_notes_along() -> None:
    text = "a==1\n    # via c\n# stays\nc==1\n"
    assert move(text, drops=(1,)) == "# stays\nc==1\n"


def test_drop_and_add_in_one_place() -> None:
    assert move("a==1\nc==1\nd==1\n", adds=(NewPin(name="b", version="9"),), drops=(2,)) == "a==1\nb==9\nd==1\n"


def test_what_is_not_there_is_refused() -> None:
    for repin in (
        Repin(line=1, name="a", before="9", after="2"),
        Repin(line=1, name="b", before="1", after="2"),
        Repin(line=7, name="a", before="1", after="2"),
    ):
        with pytest.raises(SourceError):
            move("a==1\n", repin)


def test_no_edit_no_change() -> None:
    data = b"\xff\xfe nonsense \x00"
    assert rewrite(data, Edit(), path="r.txt") == data
