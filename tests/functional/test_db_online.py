"""Advisories over a real local server: downloads that break off, servers that misbehave, and the services as sources."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steadypin.advisories import download as downloading
from steadypin.advisories.fetching import Line
from steadypin.advisories.index_json import IndexJson
from steadypin.advisories.service import OsvService
from steadypin.advisories.store import folder_of, open_store
from steadypin.advisories.updating import update_from_url
from steadypin.errors import DatabaseError, NetworkError
from steadypin.transport.cache import Cache
from steadypin.transport.session import Manners, Session
from tests.support.advisory_server import Site, serving

NOW = "2026-11-24T12:00:00Z"
MANNERS = Manners(connect_timeout=2, read_timeout=2, deadline=5, retries=0)


def osv(record_id: str, name: str, *events: tuple[str, str], **fields: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in events]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges}]
    return {"id": record_id, "modified": "2026-01-01T00:00:00Z", "affected": affected, **fields}


FIXED = (("introduced", "0"), ("fixed", "2.0"))


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(MANNERS) as opened:
        yield opened


def archive(tmp_path: Path, record_id: str = "PYSEC-2024-1") -> bytes:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as writing:
        for number in range(200):
            writing.writestr(f"{number}.json", json.dumps(osv(f"{record_id}{number}", "demo", *FIXED)))
    return path.read_bytes()


def count(cache: Path) -> int:
    with open_store(cache, at=NOW) as store:  # type: ignore[union-attr]
        return len(store.match([("demo", "1.0")])[0])


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(downloading, "PIECE", 4096)
    return 4096


def test_a_broken_download_goes_on_where_it_stopped(site: Site, session: Session, tmp_path: Path, pieces: int) -> None:
    site.file, site.cut_after = archive(tmp_path), 3 * pieces
    url = f"{site.base}/all.zip"
    with pytest.raises(NetworkError):
        update_from_url(url, tmp_path, session)
    assert open_store(tmp_path) is None
    site.cut_after = None
    asked = len(site.asked)
    heard: list[tuple[int, int]] = []
    built = update_from_url(url, tmp_path, session, progress=lambda done, total: heard.append((done, total)))
    assert built.records == 200
    assert (heard[0], heard[-1]) == ((4 * pieces, len(site.file)), (len(site.file), len(site.file)))
    assert site.asked[asked] == f"/all.zip bytes={3 * pieces}-{4 * pieces - 1}"
    assert [path.name for path in folder_of(tmp_path).iterdir()] == ["osv.sqlite"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, session: Session, tmp_path: Path, pieces: int) -> None:
    site.file, site.cut_after = archive(tmp_path), 3 * pieces
    url = f"{site.base}/all.zip"
    with pytest.raises(NetworkError):
        update_from_url(url, tmp_path, session)
    site.file, site.etag, site.cut_after = archive(tmp_path, "PYSEC-2025-"), '"two"', None
    assert update_from_url(url, tmp_path, session).records == 200
    with open_store(tmp_path, at=NOW) as store:  # type: ignore[union-attr]
        assert store.etag == '"two"'
        assert store.advisories("demo")[0].id.startswith("PYSEC-2025")


def test_a_file_that_became_shorter_is_fetched_anew(site: Site, session: Session, tmp_path: Path, pieces: int) -> None:
    site.file, site.cut_after = archive(tmp_path), 3 * pieces
    whole, url = site.file, f"{site.base}/all.zip"
    with pytest.raises(NetworkError):
        update_from_url(url, tmp_path, session)
    site.file, site.cut_after = whole[: 2 * pieces], None
    with pytest.raises(DatabaseError, match="zip"):
        update_from_url(url, tmp_path, session)
    site.file = whole
    assert update_from_url(url, tmp_path, session).records == 200


def test_what_has_not_changed_is_not_fetched(site: Site, session: Session, tmp_path: Path) -> None:
    site.file = archive(tmp_path)
    url = f"{site.base}/all.zip"
    first = update_from_url(url, tmp_path, session)
    again = update_from_url(url, tmp_path, session)
    assert (first.unchanged, again.unchanged, again.records, again.as_of) == (False, True, 200, first.as_of)
    assert count(tmp_path) == 200


@pytest.mark.parametrize(("ranges", "etag"), [(False, '"one"'), (False, ""), (True, ""), (True, 'W/"weak"')])
def test_servers_without_ranges_or_validators(
    site: Site, session: Session, tmp_path: Path, pieces: int, ranges: bool, etag: str
) -> None:
    site.file, site.ranges, site.etag = archive(tmp_path), ranges, etag
    assert update_from_url(f"{site.base}/all.zip", tmp_path, session).records == 200
    assert count(tmp_path) == 200


def test_nothing_there_and_no_server(site: Site, session: Session, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="nothing there"):
        update_from_url(f"{site.base}/none.zip", tmp_path, session)
    with pytest.raises(NetworkError):
        update_from_url("http://127.0.0.1:9/all.zip", tmp_path, session)


def test_osv_service_answers_as_the_database_would(site: Site, session: Session, tmp_path: Path) -> None:
    site.records = {
        "PYSEC-2024-1": osv("PYSEC-2024-1", "demo", *FIXED, aliases=["CVE-1"]),
        "GHSA-1": osv("GHSA-1", "demo", *FIXED, aliases=["CVE-1"]),
        "PYSEC-2024-2": osv("PYSEC-2024-2", "demo", ("introduced", "3")),
    }
    site.page = 1
    service = OsvService(Line(session=session, cache=Cache(tmp_path)), at=NOW, base=site.base)
    answer = service.lookup([("Demo", "1.0"), ("clean", "1.0")])
    assert [(m.primary, m.ids, m.fixed_in) for m in answer.matches] == [
        ("PYSEC-2024-1", ("CVE-1", "GHSA-1", "PYSEC-2024-1"), ("2.0",))
    ]
    assert answer.gaps == ()
    assert answer.as_of is not None
    asked = len(site.asked)
    assert service.lookup([("Demo", "1.0"), ("clean", "1.0")]) == answer
    assert len(site.asked) == asked  # everything came from the cache
    offline = OsvService(Line(session=session, cache=Cache(tmp_path), offline=True), at=NOW, base=site.base)
    assert offline.lookup([("demo", "1.0"), ("clean", "1.0")]) == answer
    assert [gap.reason for gap in offline.lookup([("other", "1.0")]).gaps] == ["offline"]


def test_osv_service_is_asked_in_batches(site: Site, session: Session) -> None:
    answer = OsvService(Line(session=session), at=NOW, base=site.base).lookup([(f"p{i}", "1") for i in range(1100)])
    assert (answer.matches, answer.gaps) == ((), ())
    assert sorted(site.asked) == ["POST /v1/querybatch 100", "POST /v1/querybatch 500", "POST /v1/querybatch 500"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"{}", "malformed"),
        (b'{"results": []}', "malformed"),
        (b'{"results": [5]}', "malformed"),
        (b'{"results": [{"vulns": [{"id": "PYSEC-404"}]}]}', "not-found"),
        (b'{"results": [{"vulns": [{"id": "../../x"}, 5]}]}', None),
        (b'{"results": [{"vulns": [], "next_page_token": "x"}]}', "too-large"),
    ],
)
def test_osv_service_that_misbehaves_is_a_gap(site: Site, session: Session, body: bytes, reason: str | None) -> None:
    site.answers["POST"] = body
    answer = OsvService(Line(session=session), at=NOW, base=site.base).lookup([("demo", "1.0")])
    assert answer.matches == ()
    assert [(gap.subject, gap.reason) for gap in answer.gaps] == ([("demo", reason)] if reason else [])


def test_a_page_that_is_no_answer_is_not_kept(site: Site, session: Session, tmp_path: Path) -> None:
    site.records = {"PYSEC-2024-1": osv("PYSEC-2024-1", "demo", *FIXED)}
    service = OsvService(Line(session=session, cache=Cache(tmp_path)), at=NOW, base=site.base)
    site.answers = {"POST": b"<html>log in</html>"}
    assert [gap.reason for gap in service.lookup([("demo", "1.0")]).gaps] == ["not-json"]
    site.answers = {"/v1/vulns/PYSEC-2024-1": b"<html>log in</html>"}
    assert [gap.reason for gap in service.lookup([("demo", "1.0")]).gaps] == ["not-json"]
    site.answers = {}
    assert [match.primary for match in service.lookup([("demo", "1.0")]).matches] == ["PYSEC-2024-1"]


def test_one_record_that_does_not_come_is_a_gap_beside_the_others(site: Site, session: Session) -> None:
    site.records = {f"PYSEC-2024-{i}": osv(f"PYSEC-2024-{i}", "demo", *FIXED) for i in range(3)}
    site.fail = {"PYSEC-2024-1"}
    answer = OsvService(Line(session=session), at=NOW, base=site.base).lookup([("demo", "1.0")])
    assert [match.primary for match in answer.matches] == ["PYSEC-2024-0", "PYSEC-2024-2"]
    assert [(gap.subject, gap.reason) for gap in answer.gaps] == [("demo", "http-503")]


def test_service_that_cannot_be_reached_is_a_gap_for_every_name(session: Session) -> None:
    started = time.monotonic()
    answer = OsvService(Line(session=session), at=NOW, base="http://127.0.0.1:9").lookup([("a", "1"), ("b", "1")])
    assert [gap.subject for gap in answer.gaps] == ["a", "b"]
    assert time.monotonic() - started < 10


def test_index_json(site: Site, session: Session) -> None:
    listed = [
        {
            "id": "PYSEC-2024-1",
            "aliases": ["CVE-1"],
            "summary": "bad",
            "fixed_in": ["2.0", "0.9"],
            "link": "https://osv.example/1",
        },
        {"id": "GHSA-1", "aliases": ["CVE-1"], "fixed_in": ["2.1"], "withdrawn": None},
        {"id": "GHSA-2", "aliases": [], "fixed_in": [], "withdrawn": "2024-01-01T00:00:00Z"},
    ]
    site.answers = {
        "/pypi/demo/1.0/json": json.dumps({"info": {}, "vulnerabilities": listed}).encode(),
        "/pypi/clean/1.0%2Blocal/json": b'{"vulnerabilities": []}',
        "/pypi/odd/1/json": b'{"vulnerabilities": [5]}',
    }
    source = IndexJson(Line(session=session), base=f"{site.base}/pypi", at=NOW)
    answer = source.lookup([("demo", "1.0"), ("clean", "1.0+local"), ("odd", "1"), ("private", "1")])
    (match,) = answer.matches
    assert (match.primary, match.ids, match.fixed_in) == ("PYSEC-2024-1", ("CVE-1", "GHSA-1", "PYSEC-2024-1"), ("2.1",))
    assert [record.id for record in answer.withdrawn] == ["GHSA-2"]
    assert [(gap.subject, gap.reason) for gap in answer.gaps] == [("odd", "malformed"), ("private", "not-found")]
