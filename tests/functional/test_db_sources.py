"""The source that `--advisory-source` names, as the audit asks it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin import codec
from steadypin.advisories.store import folder_of
from steadypin.advisories.updating import update
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.model.facts import Facts
from steadypin.pipeline.advisories import ask, unsafe_releases
from tests.support.ledgers import facts, lock, pin, project

NOW = "2026-11-24T12:00:00Z"
DATA = Path(__file__).parents[1] / "data" / "advisories"
PAIRS = [("jinja2", "2.11.2"), ("clean", "1.0")]


def sample_folder(root: Path) -> Path:
    folder = root / "osv"
    folder.mkdir()
    for line in (DATA / "sample.jsonl").read_text(encoding="utf-8").splitlines():
        (folder / f"{json.loads(line)['id']}.json").write_text(line, encoding="utf-8")
    return folder


def test_local(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, cache_dir=tmp_path / "cache")
    assert [gap.reason for gap in ask(PAIRS, settings, at=NOW).gaps] == ["no-database"]
    update(sample_folder(tmp_path), tmp_path / "cache")
    answer = ask(PAIRS, settings, at=NOW)
    assert [(match.name, match.primary, match.fixed_in) for match in answer.matches] == [
        ("jinja2", "PYSEC-2021-66", ("2.11.3",))
    ]
    assert (answer.gaps, answer.as_of) == ((), "2024-10-08T19:19:01Z")


def test_a_database_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, cache_dir=tmp_path)
    file = folder_of(tmp_path) / "osv.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"nothing of the kind" * 999)
    answer = ask(PAIRS, settings, at=NOW)
    assert [(gap.subject, gap.reason) for gap in answer.gaps] == [("advisories", "unreadable")]
    assert "steadypin db update" in answer.gaps[0].detail
    assert unsafe_releases(facts(projects=(project("demo", "1.0"),)), settings) == ()


def test_unsafe_candidates_for_planning(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, cache_dir=tmp_path)
    known = facts(lock(pin("urllib3", "1.25.8")), projects=(project("urllib3", "1.24", "1.25.8", "1.26.17", "2.0.3", "2.0.6"),))
    assert unsafe_releases(known, settings) == ()
    update(sample_folder(tmp_path), tmp_path)
    rows = unsafe_releases(known, settings)
    assert [(row.name, row.version) for row in rows] == [("urllib3", "1.25.8"), ("urllib3", "2.0.3")]
    assert "PYSEC-2023-192" in rows[1].ids
    replayed = replace(known, unsafe=rows)
    assert codec.decode(codec.encode(replayed, kind="facts"), Facts, kind="facts", path="x") == replayed


@pytest.mark.parametrize("source", ["osv", "index"])
def test_online_sources_offline_are_gaps(tmp_path: Path, source: str) -> None:
    settings = Settings(
        root=tmp_path, cache_dir=tmp_path, advisory_source=source, offline=True, index_url="http://127.0.0.1:9/simple"
    )
    answer = ask(PAIRS, settings, at=NOW)
    assert answer.matches == ()
    assert [(gap.subject, gap.reason) for gap in answer.gaps] == [("clean", "offline"), ("jinja2", "offline")]


def test_a_source_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no advisory source 'nvd'"):
        ask(PAIRS, Settings(root=tmp_path, advisory_source="nvd"), at=NOW)
