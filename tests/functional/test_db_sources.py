"""The source that `--advisory-source` names, as the audit asks it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadypin.advisories.updating import update
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.pipeline.advisories import ask

NOW = "2026-11-24T12:00:00Z"
DATA = Path(__file__).parents[1] / "data" / "advisories"
PAIRS = [("jinja2", "2.11.2"), ("clean", "1.0")]


def test_local(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, cache_dir=tmp_path / "cache")
    assert [gap.reason for gap in ask(PAIRS, settings, at=NOW).gaps] == ["no-database"]
    folder = tmp_path / "osv"
    folder.mkdir()
    for line in (DATA / "sample.jsonl").read_text(encoding="utf-8").splitlines():
        (folder / f"{json.loads(line)['id']}.json").write_text(line, encoding="utf-8")
    update(folder, tmp_path / "cache")
    answer = ask(PAIRS, settings, at=NOW)
    assert [(match.name, match.primary, match.fixed_in) for match in answer.matches] == [
        ("jinja2", "PYSEC-2021-66", ("2.11.3",))
    ]
    assert (answer.gaps, answer.as_of) == ((), "2024-10-08T19:19:01Z")


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
