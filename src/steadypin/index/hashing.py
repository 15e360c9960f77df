"""Hashes of files whose index gives none: fetched, hashed and forgotten, within a bound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from steadypin.errors import NetworkError
from steadypin.index.local import path_of
from steadypin.index.routing import Routing
from steadypin.model.released import ReleaseFile
from steadypin.transport.session import MEGABYTE, Session, shown_url
from steadypin.values import replace

LARGEST = 512 * MEGABYTE
"""Bytes of one file that is fetched in order to hash it."""


def hash_by_download(files: Iterable[ReleaseFile], routing: Routing) -> tuple[ReleaseFile, ...]:
    """The files, each with a hash. Whoever answers is believed this once: later installs get the same bytes or nothing.

    Raises NetworkError for a file that cannot be had, or is larger than `LARGEST`.
    """
    session = Session(routing.manners, logins=routing.logins)
    try:
        return tuple(file if file.hashes else replace(file, hashes=(f"sha256:{_digest(file, session)}",)) for file in files)
    finally:
        session.close()


def _digest(file: ReleaseFile, session: Session) -> str:
    if file.url.startswith("file:"):
        try:
            with path_of(file.url).open("rb") as stream:
                return hashlib.sha256(stream.read(LARGEST)).hexdigest()
        except OSError as error:
            raise NetworkError(f"{file.filename}: cannot be read: {error.strerror}", reason="unreadable") from None
    answer = session.get(file.url, body_limit=LARGEST)
    if answer.status != 200:
        raise NetworkError(f"{shown_url(file.url)}: the file is not there", reason=f"http-{answer.status}")
    return hashlib.sha256(answer.body).hexdigest()
