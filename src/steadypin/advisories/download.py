"""Fetch a published database piece by piece, so that a broken or killed download goes on where it stopped.

Pieces are asked for with Range and If-Range (RFC 9110): where the file has changed meanwhile, the server sends it whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from steadypin.advisories.documents import ARCHIVE_LIMIT
from steadypin.errors import DatabaseError, NetworkError
from steadypin.transport.session import Answer, Session, shown_url
from steadypin.values import dataclass

OSV_ZIP = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""Where the OSV project publishes all records about PyPI packages."""
PIECE = 8 * 1024 * 1024
Progress = Callable[[int, int], None]

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_RECORD_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A whole file; `etag` is the strong validator that the server gave, "" without one."""

    path: Path
    etag: str = ""


def is_url(source: str) -> bool:
    """Whether a source is fetched; everything else is a path."""
    return source.lower().startswith(("https://", "http://"))


def download(
    url: str, folder: Path, session: Session, *, known: str = "", progress: Progress = lambda done, total: None
) -> Downloaded | None:
    """The file at `url`, in `folder`; None where it still has the validator `known`. The caller deletes it after use.

    `progress` hears of bytes done and of how many. Raises NetworkError, after which the pieces that came stay for the next
    time, and DatabaseError where nothing can be had.
    """
    part = _Part(url, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _fetch(url, part, session, known, progress)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatabaseError(f"{folder}: cannot be written: {reason}", hint="choose another folder with --cache-dir") from None


def _fetch(url: str, part: _Part, session: Session, known: str, progress: Progress) -> Downloaded | None:
    size, etag = part.resume()
    in_pieces = True
    while True:
        answer = _ask(url, size, etag, session, known=known if size == 0 else "", in_pieces=in_pieces)
        if answer is None:
            size, etag = part.restart()
            continue
        if answer.status == 304:
            return None
        if answer.status != 206:
            return part.finish(answer.body, _strong(answer.headers))
        start, total = _place(answer, url)
        if start != size or (size and _strong(answer.headers) != etag):
            raise NetworkError(f"{shown_url(url)}: the server sent another part than asked for", reason="truncated")
        etag = _strong(answer.headers)
        size = part.append(answer.body, etag, after=size)
        progress(size, total)
        if size >= total:
            return part.done(etag)
        if not etag:  # two pieces might be of two files
            in_pieces, (size, etag) = False, part.restart()


def _ask(url: str, size: int, etag: str, session: Session, *, known: str, in_pieces: bool) -> Answer | None:
    """One piece, the whole file (200) or "unchanged" (304); None where the server has less than we have."""
    headers = {"Accept-Encoding": "identity"}
    if in_pieces:
        headers["Range"] = f"bytes={size}-{size + PIECE - 1}"
    if size:
        headers["If-Range"] = etag
    if known:
        headers["If-None-Match"] = known
    try:
        answer = session.get(url, headers=headers, body_limit=ARCHIVE_LIMIT)
    except NetworkError as error:
        if error.reason == "http-416" and size:
            return None
        raise
    if answer.status in (404, 410):
        raise DatabaseError(
            f"{shown_url(url)}: there is nothing there ({answer.status})", hint="check the address after --from"
        )
    return answer


def _place(answer: Answer, url: str) -> tuple[int, int]:
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if match is None or int(match[2]) - int(match[1]) + 1 != len(answer.body):
        raise NetworkError(f"{shown_url(url)}: the server does not say which part it sent", reason="truncated")
    if int(match[3]) > ARCHIVE_LIMIT:
        raise NetworkError(f"{shown_url(url)}: larger than {ARCHIVE_LIMIT} bytes", reason="too-large")
    return int(match[1]), int(match[3])


def _strong(headers: Mapping[str, str]) -> str:
    etag = headers.get("etag", "")
    return etag if re.fullmatch(r'"[!-~]{1,200}"', etag) else ""


class _Part:
    """What has come so far, and the validator that says of which file."""

    def __init__(self, url: str, folder: Path) -> None:
        digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        suffix = Path(urlsplit(url).path).suffix.lower()
        self.path = folder / f"download-{digest}{suffix if suffix in _RECORD_SUFFIXES else '.zip'}"
        self._note = folder / f"download-{digest}.etag"

    def resume(self) -> tuple[int, str]:
        """Bytes and validator of what an earlier run left; without a validator it cannot be trusted."""
        with suppress(OSError, ValueError, RecursionError):
            etag = json.loads(self._note.read_text(encoding="utf-8"))
            if isinstance(etag, str) and etag and (size := self.path.stat().st_size):
                return size, etag
        return self.restart()

    def restart(self) -> tuple[int, str]:
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        return 0, ""

    def append(self, piece: bytes, etag: str, *, after: int) -> int:
        if not self.path.exists():
            self._note.write_text(json.dumps(etag), encoding="utf-8")
        with self.path.open("ab") as stream:
            if stream.tell() != after:
                raise DatabaseError(f"{self.path}: another update is fetching the same file", hint="wait for it to end")
            stream.write(piece)
            return stream.tell()

    def finish(self, whole: bytes, etag: str) -> Downloaded:
        self.restart()
        self.path.write_bytes(whole)
        return self.done(etag)

    def done(self, etag: str) -> Downloaded:
        self._note.unlink(missing_ok=True)
        return Downloaded(path=self.path, etag=etag)
