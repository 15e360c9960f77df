"""Ask the indexes: a `Project`, "unknown" or a `Gap` for every name, never an empty answer that means a failure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from steadypin import collector
from steadypin.errors import NetworkError
from steadypin.index.merging import merge
from steadypin.index.pages import files_of
from steadypin.index.places import Access, Part, place
from steadypin.index.routing import Routing
from steadypin.model.gap import Gap
from steadypin.model.parse import normalise
from steadypin.model.released import Project, ReleaseFile
from steadypin.text import printable, redact
from steadypin.transport.cache import LONGEST_MAX_AGE, Cache, Entry
from steadypin.transport.pool import run_all
from steadypin.transport.session import Session, shown_url
from steadypin.values import dataclass

if TYPE_CHECKING:
    from steadypin.index.metadata import ReleaseMetadata

_GRACE = 5.0
_METADATA_BUCKET = "metadata-2"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,213}[a-z0-9])?").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the indexes said. `projects`, `unknown` and `gaps` ascend by name; `notes` are sentences that are no gap.

    A name may have a project and a gap: one of its indexes did not answer, or only an older answer was at hand.
    """

    projects: tuple[Project, ...] = ()
    unknown: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    requests: int = 0
    notes: tuple[str, ...] = ()


class IndexClient:
    """The package indexes of a `Routing`, through a cache. Close it, or use it as a context manager.

    `offline` makes no request and takes stored answers of any age; `refresh` asks for everything, with the stored answers'
    ETags.
    """

    def __init__(self, routing: Routing, *, cache: Cache | None = None, offline: bool = False, refresh: bool = False) -> None:
        self.routing = routing
        self._session = Session(routing.manners, logins=routing.logins)
        self._cache = cache
        access = Access(session=self._session, cache=cache, offline=offline, refresh=refresh)
        self._places = (
            *(place(url, access) for url in routing.indexes),
            *(place(url, access, flat=True) for url in routing.find_links),
        )

    def __enter__(self) -> IndexClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, names: Iterable[str], *, progress: Callable[[int, int], None] | None = None) -> Answers:
        """What the indexes know of each name (any spelling). `progress` gets (done, of how many) in the calling thread."""
        wanted = sorted({normalise(name) for name in names})
        before = self._session.requests
        with collector.paused():
            parts = {name: self._known(name) for name in wanted}
        self._ask_rest(parts, progress or _silent)
        if self._cache is not None:
            self._cache.prune()
        return self._answers(parts, self._session.requests - before)

    def files(self, name: str, version: str | None = None) -> tuple[ReleaseFile, ...]:
        """Every file of a project, or of one of its versions, with URLs and hashes, as the indexes list them now.

        () where no index knows it. Raises NetworkError where an index did not answer; reason "offline" when offline.
        """
        name = normalise(name)
        if refusal := _refusal(name):
            raise refusal
        pages = [place.page(name) for place in self._places]
        found: dict[str, ReleaseFile] = {}
        for page in pages:
            for file in files_of(page, version) if page is not None else ():
                found.setdefault(file.filename, file)
        return tuple(found.values())

    def metadata(self, name: str, version: str) -> ReleaseMetadata:
        """What a release depends on, from the cache or from its wheel; it does not change, so any age is used.

        Raises NetworkError where it cannot be known; reason "no-metadata" where the release has no wheel.
        """
        from steadypin.index.metadata import decode_metadata, encode_metadata, read_metadata

        name = normalise(name)
        key = "\n".join((name, version, *(place.url for place in self._places)))
        stored = self._cache.read(_METADATA_BUCKET, key) if self._cache is not None else None
        known = decode_metadata(stored.body) if stored is not None else None
        if known is not None:
            return known
        found = read_metadata(self.files(name, version), self._session, name=name)
        if self._cache is not None:
            entry = Entry(status=200, body=encode_metadata(found), fetched=time.time(), max_age=LONGEST_MAX_AGE)
            self._cache.write(_METADATA_BUCKET, key, entry)
        return found

    def _known(self, name: str) -> list[Part | None]:
        """What each place can say of a name without a request. A name that is none would lead into other folders."""
        if refusal := _refusal(name):
            return [Part(error=refusal)]
        return [place.known(name) for place in self._places]

    def _ask_rest(self, parts: dict[str, list[Part | None]], progress: Callable[[int, int], None]) -> None:
        questions = [(name, at) for name, known in parts.items() for at, part in enumerate(known) if part is None]
        left = {name: known.count(None) for name, known in parts.items() if None in known}
        progress(len(parts) - len(left), len(parts))
        jobs = [partial(self._places[at].ask, name) for name, at in questions]
        manners = self._session.manners
        for position, result in run_all(jobs, workers=manners.connections, limit=manners.deadline + _GRACE):
            name, at = questions[position]
            parts[name][at] = _judged(result, self._places[at].url)
            left[name] -= 1
            if not left[name]:
                del left[name]
                progress(len(parts) - len(left), len(parts))

    def _answers(self, parts: dict[str, list[Part | None]], requests: int) -> Answers:
        said = {name: [part for part in known if part is not None] or [_NOWHERE] for name, known in parts.items()}
        note = self._cache.note if self._cache is not None else None
        return Answers(
            projects=tuple(merge(found) for known in said.values() if (found := _projects(known))),
            unknown=tuple(name for name, known in said.items() if not _projects(known) and not _errors(known)),
            gaps=tuple(_gap(name, errors) for name, known in said.items() if (errors := _errors(known))),
            requests=requests,
            notes=(note,) if note else (),
        )


_NOWHERE = Part(
    error=NetworkError("there is no index to ask", reason="no-index", hint="unset PIP_NO_INDEX, or give --index-url")
)


def _refusal(name: str) -> NetworkError | None:
    """Why a name is not asked for: it does not have the form of one (PEP 508)."""
    if _NAME(name):
        return None
    return NetworkError(f"{printable(redact(name))!r} cannot be the name of a package", reason="bad-name")


def _silent(done: int, total: int) -> None:
    return None


def _projects(parts: Sequence[Part]) -> list[Project]:
    return [part.project for part in parts if part.project is not None]


def _errors(parts: Sequence[Part]) -> list[NetworkError]:
    return [part.error for part in parts if part.error is not None]


def _judged(result: Part | BaseException, url: str) -> Part:
    if isinstance(result, Part):
        return result
    if isinstance(result, NetworkError):  # from the pool, which does not know what it asked
        return Part(error=NetworkError(f"{shown_url(url)}: {result.message}", reason=result.reason, hint=result.hint))
    if isinstance(result, (MemoryError, RecursionError)):
        return Part(error=NetworkError(f"{shown_url(url)}: the answer is too large to be read", reason="too-large"))
    raise result


def _gap(name: str, errors: Sequence[NetworkError]) -> Gap:
    """One gap for a name, whatever number of its indexes failed."""
    detail = "; ".join(dict.fromkeys(error.message for error in errors))
    return Gap(subject=printable(name), stage="index", reason=errors[0].reason, detail=printable(redact(detail), 1000))
