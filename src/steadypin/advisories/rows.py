"""An advisory as the text of a database row, and back.

A row holds what concerns one package, in as few bytes as a lookup can do with.
"""

from __future__ import annotations

import json
from typing import Any

from steadypin.model.advisory import Advisory, Affected, AffectedRange
from steadypin.model.severity import Severity

FILE_NAME = "osv.sqlite"
SCHEMA = 1
"""Of the rows and the tables together; a database of another schema is not read."""


def dump(advisory: Advisory, name: str) -> str:
    """The row of the advisory for the package of that (normalised) name."""
    entries = [
        [[item.events for item in entry.ranges], entry.versions, entry.git_only]
        for entry in advisory.affected
        if entry.name == name
    ]
    severity = None if advisory.severity is None else int(advisory.severity)
    dates = [advisory.published, advisory.modified, advisory.withdrawn]
    row = [advisory.aliases, advisory.summary, entries, advisory.vectors, severity, advisory.score, *dates, advisory.references]
    return json.dumps(row, separators=(",", ":"))


def load(row_id: str, name: str, text: str) -> Advisory:
    """The advisory of a row that `dump` wrote. Raises ValueError, TypeError or LookupError where it was not."""
    aliases, summary, entries, vectors, severity, score, published, modified, withdrawn, references = json.loads(text)
    return Advisory(
        id=row_id,
        aliases=tuple(aliases),
        summary=summary,
        affected=tuple(_entry(name, *entry) for entry in entries),
        vectors=tuple((kind, vector) for kind, vector in vectors),
        severity=None if severity is None else Severity(severity),
        score=score,
        published=published,
        modified=modified,
        withdrawn=withdrawn,
        references=tuple(references),
    )


def _entry(name: str, ranges: list[Any], versions: list[str], git_only: bool) -> Affected:
    found = tuple(AffectedRange(events=tuple((kind, text) for kind, text in events)) for events in ranges)
    return Affected(name=name, ranges=found, versions=tuple(versions), git_only=git_only)
