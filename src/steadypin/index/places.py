"""The kinds of places that offer projects, behind one small protocol: an index on a server, one on this disk, find-links."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Protocol
from urllib.parse import urlsplit

from steadypin.errors import NetworkError
from steadypin.index.condensed import FORMAT, decode, encode, project_of
from steadypin.index.local import by_project, path_of, read_flat, read_local_index
from steadypin.index.pages import ACCEPT, Page, read_page
from steadypin.model.released import Project
from steadypin.transport.cache import Cache, Entry
from steadypin.transport.revalidation import revalidate
from steadypin.transport.session import Answer, Session, shown_url
from steadypin.values import dataclass

BUCKET = f"index-{FORMAT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one place said of one name: a project, nothing (it does not know the name), or an error; with the error, the
    project as it was known before, if it was.
    """

    project: Project | None = None
    error: NetworkError | None = None


class Place(Protocol):
    """Somewhere to ask. Names are normalised; nothing here raises but `page`."""

    url: str

    def known(self, name: str) -> Part | None:
        """What can be said without a request, None where one is needed."""

    def ask(self, name: str) -> Part:
        """What a request says; only after `known` gave None. Called from several threads."""

    def page(self, name: str) -> Page | None:
        """All files of a project as they are listed now, None where it is not known. Raises NetworkError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a place is asked: through which session and cache, and how old its answers may be."""

    session: Session
    cache: Cache | None = None
    offline: bool = False
    refresh: bool = False

    def stored(self, key: str) -> Entry | None:
        """The stored answer of any age."""
        return None if self.cache is None else self.cache.read(BUCKET, key)

    def is_enough(self, entry: Entry) -> bool:
        """Whether a stored answer needs no request."""
        return self.offline or (not self.refresh and entry.is_fresh(time.time()))

    def renew(self, url: str, accept: str, condense: Callable[[Answer], bytes]) -> Entry:
        """Ask, and store. Raises NetworkError."""
        entry, storable = revalidate(self.session, url, accept=accept, stored=self.stored(url), condense=condense)
        if storable and self.cache is not None:
            self.cache.write(BUCKET, url, entry)
        return entry


class ServedIndex:
    """A Simple API on a server (PEP 503, 691, 700, 792)."""

    def __init__(self, url: str, access: Access) -> None:
        self.url = url
        self._access = access
        self._refusal = insecurity(url, access.session.manners.trusted_hosts)

    def known(self, name: str) -> Part | None:
        if self._refusal is not None:
            return Part(error=self._refusal)
        entry = self._access.stored(self._address(name))
        if entry is not None and self._access.is_enough(entry):
            part = _part_of(entry)
            if part is not None:
                return part
        return Part(error=_offline(self.url)) if self._access.offline else None

    def ask(self, name: str) -> Part:
        try:
            entry = self._access.renew(self._address(name), ACCEPT, lambda answer: encode(self._read(answer, name)))
            part = _part_of(entry)
        except NetworkError as error:
            return self._as_before(name, error)
        return part or self._as_before(name, NetworkError(f"{shown_url(self.url)}: not understood", reason="not-json"))

    def page(self, name: str) -> Page | None:
        if self._refusal is not None:
            raise self._refusal
        if self._access.offline:
            raise _offline(self.url)
        answer = self._access.session.get(self._address(name), headers={"Accept": ACCEPT})
        return self._page_of(answer, name) if answer.status == 200 else None

    def _address(self, name: str) -> str:
        return f"{self.url}/{name}/"

    def _read(self, answer: Answer, name: str) -> Project:
        return project_of(self._page_of(answer, name), shown_url(self.url))

    def _page_of(self, answer: Answer, name: str) -> Page:
        return read_page(answer.body, answer.headers.get("content-type", ""), url=answer.url, name=name)

    def _as_before(self, name: str, error: NetworkError) -> Part:
        entry = self._access.stored(self._address(name))
        part = _part_of(entry) if entry is not None else None
        if entry is None or part is None or part.project is None:
            return Part(error=error)
        when = datetime.fromtimestamp(entry.fetched, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        older = NetworkError(f"{error.message}; the answer of {when} is used instead", reason=error.reason, hint=error.hint)
        return Part(project=part.project, error=older)


class LocalIndex:
    """A Simple API as folders on this disk (`file://`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._root = path_of(url)

    def known(self, name: str) -> Part | None:
        return self.ask(name)

    def ask(self, name: str) -> Part:
        try:
            page = self.page(name)
        except NetworkError as error:
            return Part(error=error)
        return Part(project=None if page is None else project_of(page, self.url))

    def page(self, name: str) -> Page | None:
        return read_local_index(self._root, self.url, name)


class FindLinks:
    """A folder, or one flat page, with files of any project. Read once."""

    def __init__(self, url: str, access: Access) -> None:
        self.url = url
        self._access = access
        self._lock = threading.Lock()
        self._listing: tuple[str, dict[str, list[dict[str, Any]]]] | NetworkError | None = None
        self._served = url.startswith(("http://", "https://"))

    def known(self, name: str) -> Part | None:
        return None if self._served and self._listing is None and not self._access.offline else self.ask(name)

    def ask(self, name: str) -> Part:
        try:
            page = self.page(name)
        except NetworkError as error:
            return Part(error=error)
        return Part(project=None if page is None else project_of(page, shown_url(self.url)))

    def page(self, name: str) -> Page | None:
        with self._lock:
            if self._listing is None:
                self._listing = self._look()
        if isinstance(self._listing, NetworkError):
            raise self._listing
        base, files = self._listing
        return Page(name=name, url=base, files=tuple(files[name])) if name in files else None

    def _look(self) -> tuple[str, dict[str, list[dict[str, Any]]]] | NetworkError:
        try:
            base, files = self._look_up() if self._served else read_flat(self.url)
        except NetworkError as error:
            return error
        return base, by_project(files)

    def _look_up(self) -> tuple[str, tuple[dict[str, Any], ...]]:
        if refusal := insecurity(self.url, self._access.session.manners.trusted_hosts):
            raise refusal
        entry = self._access.stored(self.url)
        if entry is None and self._access.offline:
            raise _offline(self.url)
        if entry is None or not self._access.is_enough(entry):
            entry = self._access.renew(self.url, "text/html", _flat_page)
        base, files = json.loads(entry.body) if entry.status == 200 else (self.url, ())
        return base, tuple(files)


def _flat_page(answer: Answer) -> bytes:
    page = read_page(answer.body, answer.headers.get("content-type", ""), url=answer.url, name="")
    return json.dumps([page.url, page.files]).encode()


def _part_of(entry: Entry) -> Part | None:
    """What a stored answer says; None where it is not ours."""
    if entry.status == 404:
        return Part()
    project = decode(entry.body)
    return None if project is None else Part(project=project)


def _offline(url: str) -> NetworkError:
    return NetworkError(
        f"{shown_url(url)}: not asked, and no earlier answer is stored", reason="offline", hint="run once without --offline"
    )


def insecurity(url: str, trusted: tuple[str, ...]) -> NetworkError | None:
    """Why a URL is not asked: plain HTTP over a network, unless pip is told to trust the host. pip keeps the same rule."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host in ("localhost", "::1") or host.startswith("127."):
        return None
    if host in trusted or parts.netloc in trusted:
        return None
    return NetworkError(
        f"{shown_url(url)}: not asked, because plain HTTP can be changed on its way",
        reason="insecure",
        hint=f"use https, or set PIP_TRUSTED_HOST={host}",
    )


def place(url: str, access: Access, *, flat: bool = False) -> Place:
    """The place behind a URL or path."""
    if flat:
        return FindLinks(url, access)
    return LocalIndex(url) if url.startswith("file:") else ServedIndex(url, access)
