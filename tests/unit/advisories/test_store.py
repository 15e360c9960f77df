"""The database on disk: whole or not there, bounded, honest about what it could not use."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from steadypin.advisories import build as building
from steadypin.advisories import documents as reading
from steadypin.advisories.store import folder_of, missing_gap, open_store
from steadypin.advisories.updating import update
from steadypin.errors import DatabaseError
from tests.unit.advisories.osv import NOW, entry, osv, sample

UP_TO_2 = (("introduced", "0"), ("fixed", "2.0"))


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def record(record_id: str, **fields: object) -> bytes:
    return json.dumps(osv(record_id, entry(*UP_TO_2), **fields)).encode()


def found(cache: Path, name: str = "demo", version: str = "1.0") -> list[str]:
    with open_store(cache, at=NOW) as store:  # type: ignore[union-attr]
        return [match.primary for match in store.match([(name, version)])[0]]


def test_folder_zip_file_and_checkout_give_the_same(tmp_path: Path) -> None:
    one, two = record("PYSEC-2024-1"), record("GHSA-x", aliases=["CVE-1"])
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "PYSEC-2024-1.json").write_bytes(one)
    (folder / "deep" / "GHSA-x.json").write_bytes(two)
    (folder / ".hidden.json").write_bytes(b"no record")
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    (checkout / "vulns" / "demo").mkdir(parents=True)
    (checkout / "mkdocs.yml").write_bytes(b"site_name: x")
    (checkout / "vulns" / "demo" / "PYSEC-2024-1.yaml").write_bytes(one)
    (checkout / "vulns" / "demo" / "GHSA-x.yaml").write_bytes(two)
    archive = zipped(tmp_path / "all.zip", {"PYSEC-2024-1.json": one, "deep/GHSA-x.json": two, "README.md": b"x"})
    for number, source in enumerate((folder, checkout, archive)):
        built = update(source, tmp_path / str(number))
        assert (built.records, built.packages, built.bad) == (2, 1, 0)
        assert found(tmp_path / str(number)) == ["PYSEC-2024-1", "GHSA-x"]
    update(folder / "deep" / "GHSA-x.json", tmp_path / "single")
    assert found(tmp_path / "single") == ["GHSA-x"]


def test_the_real_sample_by_name_in_any_spelling(tmp_path: Path) -> None:
    built = update(zipped(tmp_path / "all.zip", {f"{r['id']}.json": json.dumps(r).encode() for r in sample()}), tmp_path)
    assert (built.records, built.as_of) == (89, "2024-10-08T19:19:01Z")
    assert found(tmp_path, "JW_Util", "2.2") == ["PYSEC-2020-341"]
    with open_store(tmp_path, at=NOW) as store:  # type: ignore[union-attr]
        assert store.affected("Flask", "0.12.2") >= {"PYSEC-2018-66", "CVE-2018-1000656", "PYSEC-2019-179"}
        assert store.affected("flask", "3.1") == frozenset()
        assert store.lookup([("flask-caching", "1.8.0")]).withdrawn[0].id == "PYSEC-2021-13"


def test_one_bad_record_is_reported_and_the_others_used(tmp_path: Path) -> None:
    members = {f"PYSEC-2024-{i}.json": record(f"PYSEC-2024-{i}") for i in range(50)}
    built = update(zipped(tmp_path / "all.zip", {**members, "bad\x1b[31m.json": b'{"id": 5}'}), tmp_path)
    assert (built.records, built.bad) == (50, 1)
    assert built.problems == ("bad\\x1b[31m.json: id: not an identifier: a number",)


def test_newest_record_of_an_id_wins(tmp_path: Path) -> None:
    old = record("PYSEC-2024-1", modified="2024-01-01T00:00:00Z")
    new = json.dumps(osv("PYSEC-2024-1", entry(("introduced", "5")), modified="2025-01-01T00:00:00Z")).encode()
    update(zipped(tmp_path / "all.zip", {"a.json": new, "b.json": old}), tmp_path)
    assert found(tmp_path) == []


def test_times_from_the_future_do_not_make_the_data_young(tmp_path: Path) -> None:
    members = {
        "a.json": record("PYSEC-1", modified="2999-01-01T00:00:00Z"),
        "b.json": record("PYSEC-2", modified="2024-01-01T00:00:00Z"),
    }
    assert update(zipped(tmp_path / "all.zip", members), tmp_path).as_of == "2024-01-01T00:00:00Z"


def test_nothing_of_an_archive_is_unpacked(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = zipped(inner / "all.zip", {"../../evil.json": record("PYSEC-1"), "/etc/evil.json": record("PYSEC-2")})
    assert update(archive, inner).records == 2
    assert list(tmp_path.rglob("*evil*")) == []


@pytest.mark.parametrize("kind", ["truncated", "not a zip", "empty zip", "all bad", "missing", "other ecosystem", "half bad"])
def test_a_source_that_is_none_leaves_the_old_database(tmp_path: Path, kind: str) -> None:
    good = zipped(tmp_path / "good.zip", {"a.json": record("PYSEC-2024-1")})
    update(good, tmp_path)
    source = tmp_path / "source.zip"
    other = json.dumps(osv("GHSA-1", {"package": {"ecosystem": "npm", "name": "demo"}})).encode()
    if kind == "truncated":
        source.write_bytes(good.read_bytes()[:-30])
    elif kind == "not a zip":
        source.write_bytes(b"<html>404</html>")
    elif kind != "missing":
        members = {"empty zip": {}, "all bad": {"a.json": b"x"}, "other ecosystem": {"a.json": other}}
        zipped(source, members.get(kind, {"a.json": record("PYSEC-9"), "b.json": b"x", "c.json": b"{}"}))
    with pytest.raises(DatabaseError) as caught:
        update(source, tmp_path)
    assert "source.zip" in caught.value.message
    assert caught.value.hint
    assert found(tmp_path) == ["PYSEC-2024-1"]
    assert sorted(path.name for path in folder_of(tmp_path).iterdir()) == ["osv.sqlite"]


def test_zip_bombs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"bomb.json": b" " * (reading.RECORD_LIMIT + 1), "a.json": record("PYSEC-1"), "b.json": record("PYSEC-2")}
    archive = zipped(tmp_path / "all.zip", members)
    built = update(archive, tmp_path)
    assert (built.records, built.problems) == (2, (f"bomb.json: larger than {reading.RECORD_LIMIT} bytes",))
    monkeypatch.setattr(reading, "TOTAL_LIMIT", 1000)
    with pytest.raises(DatabaseError, match="unpacks to more"):
        update(archive, tmp_path)
    monkeypatch.setattr(reading, "COUNT_LIMIT", 2)
    with pytest.raises(DatabaseError, match="more than 2 records"):
        update(archive, tmp_path)
    monkeypatch.setattr(reading, "ARCHIVE_LIMIT", 10)
    with pytest.raises(DatabaseError, match="larger than 10 bytes"):
        update(archive, tmp_path)


def test_a_damaged_member_is_one_bad_record(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as writing:
        for i in range(3):
            writing.writestr(f"{i}.json", record(f"PYSEC-{i}", summary=f"mark{i}"))
    archive.write_bytes(archive.read_bytes().replace(b"mark1", b"MARK1"))
    built = update(archive, tmp_path)
    assert (built.records, built.bad) == (2, 1)
    assert built.problems[0].startswith("1.json: cannot be read: Bad CRC-32")


@pytest.mark.skipif(os.name == "nt", reason="fifos and symbolic links")
def test_a_folder_with_things_that_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.json").write_bytes(record("PYSEC-1"))
    (folder / "b.json").write_bytes(record("PYSEC-2"))
    os.mkfifo(folder / "pipe.json")
    (folder / "gone.json").symlink_to("nowhere")
    built = update(folder, tmp_path)
    assert (built.records, built.bad) == (2, 2)


def test_no_database_is_none_and_a_gap_that_says_how(tmp_path: Path) -> None:
    assert open_store(tmp_path) is None
    gap = missing_gap(tmp_path)
    assert (gap.stage, gap.reason) == ("advisories", "no-database")
    assert "steadypin db update" in gap.detail


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    built = update(zipped(tmp_path / "all.zip", {"a.json": record("PYSEC-1")}), tmp_path)
    connection = sqlite3.connect(built.path)
    connection.execute("update meta set value = '99' where key = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="schema 99; this steadypin reads schema 1"):
        open_store(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\x00" + b"\x00" * 4000])
def test_broken_database_is_an_error_with_a_way_out(tmp_path: Path, content: bytes) -> None:
    folder_of(tmp_path).mkdir()
    (folder_of(tmp_path) / "osv.sqlite").write_bytes(content)
    with pytest.raises(DatabaseError, match="cannot be read") as caught:
        open_store(tmp_path)
    assert "steadypin db update" in caught.value.hint
    update(zipped(tmp_path / "all.zip", {"a.json": record("PYSEC-1")}), tmp_path)
    assert found(tmp_path) == ["PYSEC-1"]


def test_broken_row_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    built = update(zipped(tmp_path / "all.zip", {"a.json": record("PYSEC-1")}), tmp_path)
    connection = sqlite3.connect(built.path)
    connection.execute("update advisory set body = '[1]'")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="the records of demo"):
        found(tmp_path)


def test_hostile_names_and_versions_are_looked_up_like_others(tmp_path: Path) -> None:
    update(zipped(tmp_path / "all.zip", {"a.json": record("PYSEC-1")}), tmp_path)
    with open_store(tmp_path, at=NOW) as store:  # type: ignore[union-attr]
        matches, gaps = store.match(
            [("\ud800", "1"), ("x' or 1=1 --", "1"), ("demo", "\x1b[31m"), ("", ""), ("demo", "1" * 5000)]
        )
    assert matches == ()
    assert [gap.reason for gap in gaps] == ["version-not-pep440", "version-not-pep440"]
    assert "\x1b" not in gaps[0].detail


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_killed_update_leaves_the_old_database(tmp_path: Path) -> None:
    update(zipped(tmp_path / "old.zip", {"a.json": record("PYSEC-2024-1")}), tmp_path)
    many = zipped(tmp_path / "new.zip", {f"{i}.json": record(f"PYSEC-2025-{i}") for i in range(4000)})
    script = "import sys; from pathlib import Path; from steadypin.advisories.updating import update; update(Path(sys.argv[1]), Path(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", script, str(many), str(tmp_path)])
    folder = folder_of(tmp_path)
    try:
        give_up = time.monotonic() + 20
        while not list(folder.glob("osv-*.partial")) and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert found(tmp_path) == ["PYSEC-2024-1"]
    for left in folder.glob("osv-*.partial"):
        os.utime(left, (time.time() - 2 * building._ABANDONED_AFTER,) * 2)
    update(tmp_path / "old.zip", tmp_path)
    assert [path.name for path in folder.iterdir()] == ["osv.sqlite"]


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", {"a.json": record("PYSEC-1")})
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match="cannot be written"):
        update(source, tmp_path / "file")


def test_a_full_disk_leaves_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update(zipped(tmp_path / "old.zip", {"a.json": record("PYSEC-2024-1")}), tmp_path)
    create = building._create

    def small(path: Path) -> sqlite3.Connection:
        connection = create(path)
        connection.execute("pragma max_page_count = 8")
        return connection

    monkeypatch.setattr(building, "_create", small)
    with pytest.raises(DatabaseError, match="cannot be written: database or disk is full"):
        update(zipped(tmp_path / "new.zip", {f"{i}.json": record(f"PYSEC-{i}") for i in range(300)}), tmp_path)
    assert found(tmp_path) == ["PYSEC-2024-1"]
    assert [path.name for path in folder_of(tmp_path).iterdir()] == ["osv.sqlite"]


def test_any_damage_to_the_file_is_an_answer_or_an_error(tmp_path: Path) -> None:
    built = update(
        zipped(tmp_path / "all.zip", {f"{i}.json": json.dumps(r).encode() for i, r in enumerate(sample())}), tmp_path
    )
    whole, chance = Path(built.path).read_bytes(), random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 5, 50])):
            damaged[chance.choice([chance.randrange(4096), chance.randrange(len(damaged))])] = chance.randrange(256)
        Path(built.path).write_bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
        try:
            with open_store(tmp_path, at=NOW) as store:  # type: ignore[union-attr]
                store.lookup([("django", "2.0"), ("redis", "4.2"), ("zope", "4.2"), ("ansible", "2.8.1")])
        except DatabaseError as error:
            assert error.hint
