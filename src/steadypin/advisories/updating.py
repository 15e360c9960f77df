"""Replace the local database by what a folder, file or URL holds."""

from __future__ import annotations

from pathlib import Path

from steadypin.advisories import store
from steadypin.advisories.build import Built, build
from steadypin.advisories.documents import documents
from steadypin.advisories.download import Progress, download
from steadypin.errors import DatabaseError
from steadypin.transport.session import Session, shown_url


def update(path: Path, cache_dir: Path) -> Built:
    """Replace the database by the records of a folder, zip, record file or checkout of an advisory database.

    Raises DatabaseError; the old database then stays.
    """
    return build(documents(path), store.folder_of(cache_dir), source=str(path), now=store.now())


def update_from_url(url: str, cache_dir: Path, session: Session, *, progress: Progress = lambda done, total: None) -> Built:
    """The same from a zip or record at a URL (without login), fetched only if it is not what the database was made from.

    Raises NetworkError, after which the next call goes on where this one stopped, and DatabaseError; the old database then
    stays.
    """
    folder = store.folder_of(cache_dir)
    present = _made_from(url, cache_dir)
    got = download(url, folder, session, known=present[1] if present else "", progress=progress)
    if got is None and present:
        return present[0]
    if got is None:
        raise DatabaseError(f"{shown_url(url)}: the server says that nothing has changed, but it was not asked that")
    try:
        return build(documents(got.path), folder, source=url, now=store.now(), etag=got.etag)
    finally:
        got.path.unlink(missing_ok=True)


def _made_from(url: str, cache_dir: Path) -> tuple[Built, str] | None:
    """What the database was built as, and the validator of its source, if that was this URL."""
    try:
        opened = store.open_store(cache_dir)
    except DatabaseError:
        return None
    if opened is None:
        return None
    with opened:
        if opened.source != shown_url(url):
            return None
        records, packages = opened.counts
        built = Built(
            path=str(opened.path),
            source=opened.source,
            as_of=opened.as_of,
            updated_at=opened.updated_at,
            records=records,
            packages=packages,
            unchanged=True,
        )
        return built, opened.etag
