"""The cache is about a disk, so these tests have one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin.transport.cache import DEFAULT_MAX_AGE, LONGEST_MAX_AGE, Cache, Entry, lifetime

ENTRY = Entry(status=200, body=b"body\nof it", fetched=1000.0, max_age=60.0, etag='"e"', last_modified="then", digest="d")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("b", "https://user.example/a/", ENTRY)
    assert cache.read("b", "https://user.example/a/") == ENTRY
    assert cache.read("b", "https://user.example/b/") is None
    assert cache.read("c", "https://user.example/a/") is None
    assert cache.note is None


def test_fresh_is_younger_than_its_age_and_not_from_the_future() -> None:
    assert ENTRY.is_fresh(1059)
    assert not ENTRY.is_fresh(1060)
    assert not ENTRY.is_fresh(999)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, DEFAULT_MAX_AGE),
        ({"cache-control": "max-age=60, public"}, 60),
        ({"cache-control": "Max-Age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"cache-control": "max-age=99999999"}, LONGEST_MAX_AGE),
        ({"cache-control": "max-age=-1"}, DEFAULT_MAX_AGE),
        ({"cache-control": "max-age=" + "9" * 999}, DEFAULT_MAX_AGE),
        ({"cache-control": "no-cache, max-age=60"}, 0),
        ({"cache-control": "no-store"}, None),
    ],
)
def test_lifetime(headers: dict[str, str], seconds: float | None) -> None:
    assert lifetime(headers) == seconds


def test_a_full_cache_forgets_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = Cache(tmp_path, size_limit=5000)
    for number in range(10):
        cache.write("b", str(number), replace(ENTRY, body=b"x" * 1000))
        path = cache._path("b", str(number))
        os.utime(path, (time.time() - 10_000 + number, time.time() - 10_000 + number))
    assert cache.read("b", "0") is not None  # and is used again by that
    cache.prune()
    kept = [number for number in range(10) if cache.read("b", str(number)) is not None]
    assert kept[0] == 0
    assert kept[1:] == list(range(10 - len(kept) + 1, 10))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 5000


def test_pruning_leaves_alone_what_is_not_the_caches(tmp_path: Path) -> None:
    cache = Cache(tmp_path, size_limit=0)
    cache.write("b", "k", ENTRY)
    precious = [tmp_path / "mine", tmp_path / "http" / "b" / "mine", tmp_path / "http" / ("a" * 40)]
    for path in precious:
        path.write_text("mine")
    crashed = cache._path("b", "k").with_suffix(".12.0123abcd.tmp")
    crashed.write_text("half")
    os.utime(crashed, (0, 0))
    cache.prune()
    assert all(path.exists() for path in precious)
    assert not crashed.exists()
    assert cache.read("b", "k") is None


def test_an_unwritable_folder_is_noted_once_and_reading_goes_on(tmp_path: Path) -> None:
    (tmp_path / "http").write_text("a file where the folder should be")
    cache = Cache(tmp_path)
    cache.write("b", "k", ENTRY)
    cache.write("b", "l", ENTRY)
    cache.prune()
    assert cache.note is not None
    assert cache.read("b", "k") is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import steadypin.transport.cache as module

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "_write_whole", full)
    cache = Cache(tmp_path)
    cache.write("b", "k", ENTRY)
    assert cache.note is not None
    assert "space" in cache.note


WRITER = """
    import sys
    from pathlib import Path
    from steadypin.transport.cache import Cache, Entry

    cache = Cache(Path(sys.argv[1]))
    torn = 0
    for number in range(100):
        body = sys.argv[2].encode() * (1000 + number)
        cache.write("b", "shared", Entry(status=200, body=body, fetched=0, max_age=1))
        entry = cache.read("b", "shared")
        torn += entry is None or len(set(entry.body)) != 1
    print(torn, cache.note)
"""


def test_several_processes_never_see_half_an_entry(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    processes = [subprocess.Popen([*command, letter], stdout=subprocess.PIPE, text=True) for letter in "xyz"]
    assert [process.communicate()[0].strip() for process in processes] == ["0 None"] * 3
    assert [path.name for path in tmp_path.rglob("*.tmp")] == []
