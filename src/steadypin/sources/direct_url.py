"""PEP 610 `direct_url.json`."""

from __future__ import annotations

import json

from steadypin.model.installed import DirectUrl
from steadypin.text import redact


def parse_direct_url(content: bytes) -> DirectUrl | None:
    """Where a distribution was installed from, credentials hidden; None where the content is not what PEP 610 describes."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(url := document.get("url"), str):
        return None
    vcs, folder = _table(document, "vcs_info"), _table(document, "dir_info")
    kind = "vcs" if vcs is not None else "path" if folder is not None or url.startswith("file:") else "url"
    return DirectUrl(
        kind=kind,
        url=redact(url),
        revision=_text(vcs, "commit_id"),
        requested_revision=_text(vcs, "requested_revision"),
        editable=bool(folder and folder.get("editable") is True),
        subdirectory=_text(document, "subdirectory"),
        hashes=_hashes(_table(document, "archive_info") or {}),
    )


def _hashes(archive: dict[str, object]) -> tuple[str, ...]:
    """Of an archive, in the lock files' form; older installers wrote one as `hash`, "sha256=…"."""
    named = _table(archive, "hashes") or {}
    found = {f"{algorithm}:{value}" for algorithm, value in named.items() if isinstance(value, str)}
    single = _text(archive, "hash")
    return tuple(sorted({*found, *((single.replace("=", ":", 1),) if single else ())}))


def _table(document: dict[str, object], key: str) -> dict[str, object] | None:
    table = document.get(key)
    return table if isinstance(table, dict) else None


def _text(table: dict[str, object] | None, key: str) -> str | None:
    value = (table or {}).get(key)
    return value if isinstance(value, str) else None
