"""Several files take their new contents together: a crash between two renames is ended by the next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steadypin.locking.atomic import finish, replace_all

CUT_OFF = """
import os, sys
from pathlib import Path
from steadypin.locking.atomic import replace_all
made, rename = [], os.replace
def replace(source, target):
    if len(made) == {at}:
        os._exit(9)
    made.append(target)
    rename(source, target)
os.replace = replace
root = Path(sys.argv[1])
replace_all({{root / "a.in": b"new a", root / "a.txt": b"new b"}}, intent=root / "cache" / "intent.json")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.in").write_bytes(b"old a")
    (tmp_path / "a.txt").write_bytes(b"old b")
    return tmp_path


def contents(root: Path) -> tuple[bytes, bytes]:
    return (root / "a.in").read_bytes(), (root / "a.txt").read_bytes()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_crash_before_any_rename_ends_with_all_files_old_or_all_new(root: Path, at: int) -> None:
    done = subprocess.run([sys.executable, "-c", CUT_OFF.format(at=at), str(root)], check=False)
    assert done.returncode == 9
    made = finish(root / "cache" / "intent.json")
    assert contents(root) == ((b"old a", b"old b") if at == 0 else (b"new a", b"new b"))
    assert len(made) == (0, 2, 1)[at]
    assert finish(root / "cache" / "intent.json") == () and not (root / "cache" / "intent.json").exists()


def test_what_somebody_has_changed_since_the_crash_is_not_overwritten(root: Path) -> None:
    subprocess.run([sys.executable, "-c", CUT_OFF.format(at=2), str(root)], check=False)
    (root / "a.txt").write_bytes(b"by hand")
    assert finish(root / "cache" / "intent.json") == ()
    assert contents(root) == (b"new a", b"by hand")


def test_nothing_is_left_behind(root: Path) -> None:
    replace_all({root / "a.in": b"1", root / "a.txt": b"2", root / "new": b"3"}, intent=root / "intent.json")
    assert sorted(path.name for path in root.iterdir()) == ["a.in", "a.txt", "new"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[["a", "b"]]', "[[[[", '[["no/such", "file", ""]]'])
def test_an_intent_full_of_nonsense_is_none(root: Path, text: str) -> None:
    (root / "intent.json").write_text(text, encoding="utf-8")
    assert finish(root / "intent.json") == ()
