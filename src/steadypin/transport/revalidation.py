"""Ask again only for what changed: conditional requests (RFC 9110) against stored entries."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from steadypin.transport.cache import Entry, lifetime
from steadypin.transport.session import Answer, Session
from steadypin.values import replace


def revalidate(
    session: Session, url: str, *, accept: str, stored: Entry | None, condense: Callable[[Answer], bytes]
) -> tuple[Entry, bool]:
    """The entry of what `url` answers now, and whether it may be stored.

    `condense` turns a whole answer into the form that is kept. 404 and 410 are answers too: an entry with status 404 and no
    body. Raises NetworkError, also what `condense` raises.
    """
    answer = session.get(url, headers={"Accept": accept, **_conditions(stored)})
    seconds = lifetime(answer.headers)
    if answer.status == 304 and stored is not None:
        return replace(stored, fetched=time.time(), max_age=seconds or 0.0), seconds is not None
    found = answer.status not in (404, 410)
    digest = hashlib.sha256(answer.body).hexdigest()
    same = found and stored is not None and stored.status == 200 and stored.digest == digest
    entry = Entry(
        status=200 if found else 404,
        body=stored.body if same and stored is not None else condense(answer) if found else b"",
        digest=digest,
        fetched=time.time(),
        max_age=seconds or 0.0,
        etag=answer.headers.get("etag"),
        last_modified=answer.headers.get("last-modified"),
    )
    return entry, seconds is not None


def _conditions(stored: Entry | None) -> dict[str, str]:
    if stored is None or stored.status != 200:
        return {}
    conditions = {"If-None-Match": stored.etag, "If-Modified-Since": None if stored.etag else stored.last_modified}
    return {name: value for name, value in conditions.items() if value}
