"""What servers answered, on disk: safe with several processes, after a crash and on a full or read-only disk.

An entry is one file, written beside its place and moved there, so a reader sees the old entry, the new one or none. It starts
with a header line (JSON with a checksum of the rest); whatever does not agree with its header is a miss. Names of files are
digests of URLs without credentials.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from steadypin.text import printable
from steadypin.values import dataclass

SIZE_LIMIT = 512 * 1024 * 1024
"""Bytes that all entries together may take."""
DEFAULT_MAX_AGE = 600.0
"""Seconds for which an answer counts as fresh where the server says nothing."""
LONGEST_MAX_AGE = 86400.0
"""A server cannot make us believe an answer for longer than this (seconds)."""
_OURS = re.compile(r"[0-9a-f]{40}(\.\d+\.[0-9a-f]{8}\.tmp)?").fullmatch
_TOUCH_AFTER = 3600.0
_ABANDONED_AFTER = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored answer: `status` 200 or 404, `body` in the consumer's own form, `fetched` in seconds since the epoch.

    `digest` is of the body as it was sent: for servers that send the same again instead of "not modified".
    """

    status: int
    body: bytes
    fetched: float
    max_age: float
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used without asking. An entry from the future (a clock was set) is not fresh."""
        return 0 <= now - self.fetched < self.max_age


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Seconds of freshness that Cache-Control and Age give (RFC 9111); None where the answer must not be stored."""
    directives: dict[str, str] = {}
    for part in headers.get("cache-control", "").lower().split(","):
        key, _, value = part.strip().partition("=")
        directives[key] = value.strip('" ')
    if "no-store" in directives:
        return None
    if "no-cache" in directives:
        return 0.0
    seconds = _number(directives.get("max-age"))
    if seconds is None:
        return DEFAULT_MAX_AGE
    return min(max(seconds - (_number(headers.get("age")) or 0), 0.0), LONGEST_MAX_AGE)


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None


class Cache:
    """Entries by bucket and key under one folder.

    Nothing here raises for what the disk does: a failed read is a miss, a failed write leaves a sentence in `note`.
    """

    def __init__(self, folder: Path, *, size_limit: int = SIZE_LIMIT) -> None:
        self.folder = folder / "http"
        self.size_limit = size_limit
        self.note: str | None = None
        self._made: set[str] = set()
        self._dirty = False

    def read(self, bucket: str, key: str) -> Entry | None:
        """The entry, or None where there is none that is whole."""
        path = self._path(bucket, key)
        try:
            with path.open("rb") as stream:
                data = stream.read()
                unused = time.time() - os.fstat(stream.fileno()).st_mtime
        except (OSError, ValueError):
            return None
        entry = _decode(data)
        if entry is not None and unused > _TOUCH_AFTER:  # so that pruning drops what nobody reads
            with suppress(OSError):
                os.utime(path)
        return entry

    def write(self, bucket: str, key: str, entry: Entry) -> None:
        """Store the entry, if the disk lets us."""
        if self.note is not None:
            return
        path = self._path(bucket, key)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
        try:
            self._make(bucket)
            _write_whole(temporary, _encode(entry))
        except (OSError, ValueError) as error:
            self.note = _explain(self.folder, error)
            with suppress(OSError):
                temporary.unlink()
            return
        try:
            temporary.replace(path)
            self._dirty = True
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            if os.name != "nt":  # there another process that reads the entry is reason enough
                self.note = _explain(self.folder, error)

    def prune(self) -> None:
        """Drop the entries that were not used for longest until all fit, and leftovers of crashes. Only after a write."""
        if not self._dirty:
            return
        self._dirty = False
        files = _listing(self.folder)
        total = sum(size for _, size, _ in files)
        now = time.time()
        for modified, size, path in sorted(files):
            abandoned = path.suffix == ".tmp" and now - modified > _ABANDONED_AFTER
            if not abandoned and total <= self.size_limit:
                continue
            with suppress(OSError):
                path.unlink()
                total -= size

    def _path(self, bucket: str, key: str) -> Path:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return self.folder / bucket / digest

    def _make(self, bucket: str) -> None:
        if bucket not in self._made:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / bucket).mkdir(mode=0o700, exist_ok=True)
            self._made.add(bucket)


def _explain(folder: Path, error: Exception) -> str:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"the cache {printable(str(folder))} cannot be written ({printable(reason)}); working without it"


def _write_whole(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _encode(entry: Entry) -> bytes:
    header = {
        "crc": zlib.crc32(entry.body),
        "digest": entry.digest,
        "etag": entry.etag,
        "fetched": round(entry.fetched, 3),
        "last_modified": entry.last_modified,
        "max_age": entry.max_age,
        "status": entry.status,
    }
    return json.dumps(header, sort_keys=True).encode() + b"\n" + entry.body


def _decode(data: bytes) -> Entry | None:
    line, newline, body = data.partition(b"\n")
    try:
        header = json.loads(line)
        if not newline or header["crc"] != zlib.crc32(body):
            return None
        return Entry(
            status=int(header["status"]),
            body=body,
            fetched=float(header["fetched"]),
            max_age=float(header["max_age"]),
            etag=_text(header["etag"]),
            last_modified=_text(header["last_modified"]),
            digest=_text(header["digest"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _listing(folder: Path) -> list[tuple[float, int, Path]]:
    found: list[tuple[float, int, Path]] = []
    with suppress(OSError):
        for bucket in [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]:
            with suppress(OSError):
                for entry in os.scandir(bucket):
                    with suppress(OSError):
                        stat = entry.stat(follow_symlinks=False)
                        if entry.is_file(follow_symlinks=False) and _OURS(entry.name):
                            found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
    return found
