"""The files of many releases at once, with hashes: asked together, and remembered, because a release does not change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from functools import partial

from steadypin.errors import NetworkError
from steadypin.index.client import IndexClient
from steadypin.model.released import ReleaseFile
from steadypin.transport.cache import LONGEST_MAX_AGE, Cache, Entry
from steadypin.transport.pool import run_all
from steadypin.values import dataclass, fields

_BUCKET = "files-1"
_FIELDS = tuple(field.name for field in fields(ReleaseFile))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesFiles:
    """What was found out. `files` holds () for a release that no index has; `errors` are releases nobody answered for."""

    files: dict[tuple[str, str], tuple[ReleaseFile, ...]]
    errors: dict[tuple[str, str], NetworkError]


def ask_files(
    client: IndexClient,
    releases: Iterable[tuple[str, str]],
    *,
    cache: Cache | None,
    offline: bool = False,
    refresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ReleasesFiles:
    """The files of each (normalised name, version). A stored answer is used for a day (files may still be added to a release),
    `offline` for ever.
    """
    wanted = sorted(set(releases))
    found: dict[tuple[str, str], tuple[ReleaseFile, ...]] = {}
    for pair in wanted:
        known = _stored(client, cache, pair, offline=offline) if not refresh else None
        if known is not None:
            found[pair] = known
    rest = [pair for pair in wanted if pair not in found]
    jobs = [partial(client.files, name, version) for name, version in rest]
    errors: dict[tuple[str, str], NetworkError] = {}
    manners = client.routing.manners
    for position, result in run_all(jobs, workers=manners.connections, limit=manners.deadline + 5.0):
        pair = rest[position]
        if isinstance(result, NetworkError):
            errors[pair] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            found[pair] = result
            _store(client, cache, pair, result)
        if progress is not None:
            progress(len(found) + len(errors), len(wanted))
    return ReleasesFiles(files=found, errors=errors)


def _key(client: IndexClient, pair: tuple[str, str]) -> str:
    return "\n".join((*pair, *client.routing.indexes, *client.routing.find_links))


def _stored(
    client: IndexClient, cache: Cache | None, pair: tuple[str, str], *, offline: bool
) -> tuple[ReleaseFile, ...] | None:
    entry = cache.read(_BUCKET, _key(client, pair)) if cache is not None else None
    if entry is None or not (offline or entry.is_fresh(time.time())):
        return None
    try:
        return tuple(_file(row) for row in json.loads(entry.body))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _file(row: list[object]) -> ReleaseFile:
    values = dict(zip(_FIELDS, row, strict=True))
    hashes = values.pop("hashes")
    if not isinstance(hashes, list):
        raise TypeError("hashes")
    return ReleaseFile(hashes=tuple(map(str, hashes)), **values)  # type: ignore[arg-type]


def _store(client: IndexClient, cache: Cache | None, pair: tuple[str, str], files: tuple[ReleaseFile, ...]) -> None:
    if cache is None or not files:
        return
    body = json.dumps([[getattr(file, name) for name in _FIELDS] for file in files]).encode()
    cache.write(_BUCKET, _key(client, pair), Entry(status=200, body=body, fetched=time.time(), max_age=LONGEST_MAX_AGE))
