"""The changelogs that a release ships: read out of its source distribution, or of a wheel's directory where there is none.

Nothing is unpacked and nothing is run: members are looked at by name and read into memory, a bounded part of each, from an
archive that has the hash which the index gives for it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import time
import zipfile
from collections.abc import Iterable, Iterator

from steadypin.errors import NetworkError
from steadypin.index.client import IndexClient
from steadypin.index.local import path_of
from steadypin.index.metadata import RemoteFile
from steadypin.model.released import ReleaseFile
from steadypin.transport.cache import LONGEST_MAX_AGE, Cache, Entry
from steadypin.transport.session import MEGABYTE, Session, shown_url

LARGEST = 48 * MEGABYTE
"""Bytes of a source distribution that is fetched for its changelog."""

MOST_UNPACKED = 512 * MEGABYTE
MOST_MEMBERS = 50_000
_MEMBER = MEGABYTE
_TOTAL = 3 * MEGABYTE
_MOST_FILES = 400
_BUCKET = "changelogs-1"
_NAMED = re.compile(
    r"(?:changelog|changes|change[-_]?log|history|news|release[-_]?notes?|releases?|whats[-_]?new)(?:[-_.][\w.-]*)?",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\.(?:md|rst|txt|markdown)$", re.IGNORECASE)
_SDIST = (".tar.gz", ".tgz", ".zip")
_OF_VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:-notes)?\.(?:md|rst|txt)", re.IGNORECASE)
_ELSEWHERE = frozenset({"tests", "test", "testing", "vendor", "_vendor", "vendored", "third_party", "node_modules", "examples"})

Texts = tuple[tuple[str, str], ...]


def read_changelogs(client: IndexClient, name: str, version: str, *, session: Session, cache: Cache | None) -> Texts:
    """(path, text) of each changelog that a release ships; () where it ships none. Remembered: a release does not change.

    Raises NetworkError where nobody answers, and for an archive that is too large, damaged, or not what the index names.
    """
    key = "\n".join((name, version, *client.routing.indexes, *client.routing.find_links))
    known = _decoded(stored.body) if cache is not None and (stored := cache.read(_BUCKET, key)) else None
    if known is not None:
        return known
    found = _read(client.files(name, version), session, f"{name} {version}")
    if cache is not None:
        entry = Entry(status=200, body=json.dumps(found).encode(), fetched=time.time(), max_age=LONGEST_MAX_AGE)
        cache.write(_BUCKET, key, entry)
    return found


def read_sdist(client: IndexClient, name: str, version: str, *, session: Session) -> tuple[str, bytes] | None:
    """Name and content of a release's source distribution; None where it has none. Raises NetworkError."""
    for file in sorted(client.files(name, version), key=_order):
        if file.filename.endswith(_SDIST):
            return file.filename, _fetched(file, session)
    return None


def _decoded(body: bytes) -> Texts | None:
    try:
        return tuple((str(path), str(text)) for path, text in json.loads(body))
    except (ValueError, TypeError, RecursionError):
        return None


def _read(files: Iterable[ReleaseFile], session: Session, shown: str) -> Texts:
    files = sorted(files, key=_order)
    for file in files:
        if file.filename.endswith(_SDIST):
            return changelogs_in(_fetched(file, session), file.filename)
    for file in files:
        if file.filename.endswith(".whl"):
            stream = io.BytesIO(_fetched(file, session)) if file.url.startswith("file:") else RemoteFile(session, file.url)
            return _bounded(_zip_members(stream, file.filename))
    raise NetworkError(f"{shown}: no file that could hold a changelog", reason="no-sdist")


def _order(file: ReleaseFile) -> tuple[bool, int, str]:
    return not file.filename.endswith(".tar.gz"), file.size or 0, file.filename


def _fetched(file: ReleaseFile, session: Session) -> bytes:
    if (file.size or 0) > LARGEST:
        raise NetworkError(f"{file.filename}: {file.size} bytes are too many to look into", reason="too-large")
    if file.url.startswith("file:"):
        try:
            with path_of(file.url).open("rb") as stream:
                data = stream.read(LARGEST)
        except OSError as error:
            raise NetworkError(f"{file.filename}: cannot be read: {error.strerror}", reason="unreadable") from None
    else:
        answer = session.get(file.url, body_limit=LARGEST)
        if answer.status != 200:
            raise NetworkError(f"{shown_url(file.url)}: the file is not there", reason=f"http-{answer.status}")
        data = answer.body
    wanted = [text for text in file.hashes if text.startswith("sha256:")]
    if wanted and f"sha256:{hashlib.sha256(data).hexdigest()}" not in wanted:
        raise NetworkError(f"{file.filename}: not the file that the index names", reason="bad-hash")
    return data


def changelogs_in(data: bytes, filename: str) -> Texts:
    """The changelogs of a source distribution. Raises NetworkError "bad-sdist" for what is no archive."""
    members = _zip_members(io.BytesIO(data), filename) if filename.endswith(".zip") else _tar_members(data, filename)
    return _bounded(members)


def _bounded(members: Iterable[tuple[str, bytes]]) -> Texts:
    found: list[tuple[str, str]] = []
    room = _TOTAL
    for path, data in members:
        if room <= 0 or len(found) >= _MOST_FILES:
            break
        room -= len(data)
        found.append((path, data.decode("utf-8", "replace")))
    return tuple(sorted(found, key=lambda pair: (pair[0].count("/"), pair[0])))


def _tar_members(data: bytes, filename: str) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=_Unpacked(data), mode="r|") as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    return
                path = inside(member.name)
                if path and member.isreg() and (stream := archive.extractfile(member)) is not None:
                    yield path, stream.read(_MEMBER)
    except NetworkError:
        raise
    except Exception as error:  # tarfile and gzip let many kinds out of a hostile archive
        raise _bad(filename, error) from None


def _zip_members(stream: io.RawIOBase | io.BytesIO, filename: str) -> Iterator[tuple[str, bytes]]:
    try:
        with stream, zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist()[:MOST_MEMBERS]:
                path = inside(entry.filename)
                if path and not entry.is_dir():
                    with archive.open(entry) as member:
                        yield path, member.read(_MEMBER)
    except NetworkError:
        raise
    except Exception as error:  # zipfile lets many kinds out of a hostile archive
        raise _bad(filename, error) from None


def _bad(filename: str, error: Exception) -> NetworkError:
    return NetworkError(f"{filename}: cannot be read: {error or type(error).__name__}", reason="bad-sdist")


class _Unpacked(io.RawIOBase):
    """A gzip file as a stream that ends with an error instead of filling the memory and the day."""

    def __init__(self, data: bytes) -> None:
        self._stream = gzip.GzipFile(fileobj=io.BytesIO(data))
        self._left = MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        data = self._stream.read(self._left + 1 if size is None or size < 0 else size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"more than {MOST_UNPACKED // MEGABYTE} MiB")
        return data


def inside(member: str) -> str | None:
    """The path below the archive's own folder, of a member whose name is that of a changelog; else None."""
    parts = member.removeprefix("./").split("/")
    if not 2 <= len(parts) <= 6 or any(part in ("", ".", "..") for part in parts) or len(member) > 300:
        return None
    *folders, name = parts[1:]
    if any(folder.lower() in _ELSEWHERE for folder in folders):
        return None
    if _OF_VERSION.fullmatch(name) and folders and _NAMED.fullmatch(folders[-1]):
        return "/".join(parts[1:])
    stem = _SUFFIX.sub("", name)
    plain = stem != name or "." not in name
    allowed = not folders or folders[0].lower() in ("doc", "docs", "changelog", "changelogs", "news") or "dist-info" in parts[0]
    return "/".join(parts[1:]) if plain and allowed and _NAMED.fullmatch(stem) else None
