"""`db update` and `db status`: the advisory database as a use case."""

from __future__ import annotations

from pathlib import Path

from steadypin.advisories import store, updating
from steadypin.advisories.build import Built
from steadypin.advisories.download import OSV_ZIP, Progress, is_url
from steadypin.config import Settings
from steadypin.errors import DatabaseError, UsageError
from steadypin.index.routing import route
from steadypin.pipeline.environment import cache_dir
from steadypin.transport.auth import take_login
from steadypin.transport.session import Manners, Session, shown_url
from steadypin.values import dataclass, replace

_DOWNLOAD_LIMIT = 1024**3
_DOWNLOAD_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """What the local database is. Times are ISO in UTC, `age_days` whole days since the newest record, `size` in bytes."""

    path: str
    source: str
    as_of: str | None
    updated_at: str
    age_days: int | None
    records: int
    packages: int
    size: int


def update(source: str | None, settings: Settings, *, progress: Progress = lambda done, total: None) -> Built:
    """Replace the database by what `source` holds: a path, a URL, or (None) the records that the OSV project publishes.

    Raises UsageError for a URL under `offline`, NetworkError and DatabaseError; the old database then stays.
    """
    source = source or OSV_ZIP
    if not is_url(source):
        return updating.update(_path(source), cache_dir(settings))
    if settings.offline:
        raise UsageError(
            f"{shown_url(source)} is on the network, and --offline says not to use it",
            hint="give a file or folder with --from",
        )
    return _fetch(source, cache_dir(settings), route(index_url=settings.index_url).manners, progress)


def _path(source: str) -> Path:
    """The path of a source that is one, or a file URL."""
    if not source.lower().startswith("file:"):
        return Path(source).expanduser()
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(source).path))


def _fetch(source: str, folder: Path, manners: Manners, progress: Progress) -> Built:
    try:
        url, login = take_login(source)
    except ValueError:
        raise UsageError(f"{shown_url(source)}: not a usable URL", hint="check the address after --from") from None
    patient = replace(manners, deadline=_DOWNLOAD_SECONDS, wire_limit=_DOWNLOAD_LIMIT, body_limit=_DOWNLOAD_LIMIT)
    with Session(patient, logins=(login,) if login else ()) as session:
        return updating.update_from_url(url, folder, session, progress=progress)


def status(settings: Settings) -> DatabaseStatus:
    """What the database is. Raises DatabaseError where there is none, or none that can be read."""
    folder = cache_dir(settings)
    opened = store.open_store(folder)
    if opened is None:
        raise store.missing(folder)
    with opened:
        records, packages = opened.counts
        return DatabaseStatus(
            path=str(opened.path),
            source=opened.source,
            as_of=opened.as_of,
            updated_at=opened.updated_at,
            age_days=_days(opened.as_of, store.now()),
            records=records,
            packages=packages,
            size=_size(opened.path),
        )


def _days(earlier: str | None, later: str) -> int | None:
    from datetime import date

    try:
        return (date.fromisoformat(later[:10]) - date.fromisoformat((earlier or "")[:10])).days
    except ValueError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be read: {error.strerror}") from None
