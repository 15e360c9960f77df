"""Small OSV records for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from steadypin.advisories.records import parse_record
from steadypin.model.advisory import Advisory

DATA = Path(__file__).parents[2] / "data" / "advisories"
NOW = "2026-11-24T12:00:00Z"


def entry(
    *events: tuple[str, str], name: str = "demo", versions: tuple[str, ...] = (), kind: str = "ECOSYSTEM"
) -> dict[str, Any]:
    """An `affected` entry with one range of these events (none: no range)."""
    found: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}}
    if events:
        found["ranges"] = [{"type": kind, "events": [{key: value} for key, value in events]}]
    if versions:
        found["versions"] = list(versions)
    return found


def osv(record_id: str, *entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A record as JSON data."""
    return {"schema_version": "1.7.0", "id": record_id, "modified": "2026-01-01T00:00:00Z", "affected": list(entries), **fields}


def advisory(record_id: str, *entries: dict[str, Any], **fields: Any) -> Advisory:
    """A record, parsed."""
    return parse_record(osv(record_id, *entries, **fields)).advisory


def sample() -> list[dict[str, Any]]:
    """The real records of the test data."""
    return [json.loads(line) for line in (DATA / "sample.jsonl").read_text(encoding="utf-8").splitlines()]
