"""What a release depends on: its wheel's metadata file (PEP 658), else the METADATA inside a wheel, fetched in parts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from email.errors import MessageError
from email.parser import BytesParser
from pathlib import Path

from steadypin.errors import NetworkError
from steadypin.index.local import path_of
from steadypin.model.parse import normalise
from steadypin.model.released import ReleaseFile
from steadypin.transport.session import MEGABYTE, Session, shown_url
from steadypin.values import dataclass

METADATA_LIMIT = 8 * MEGABYTE
WHEEL_LIMIT = 64 * MEGABYTE
"""A wheel from a server that cannot send parts is read whole up to this size (bytes)."""
_BLOCK = 64 * 1024
_MOST_URLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMetadata:
    """The Core metadata that a resolution needs; texts as written. `project_urls` are (label, URL) pairs, for reviewers."""

    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    extras: tuple[str, ...] = ()
    project_urls: tuple[tuple[str, str], ...] = ()


def read_metadata(files: Iterable[ReleaseFile], session: Session, *, name: str) -> ReleaseMetadata:
    """The metadata of a release from its files; `name` is normalised.

    Raises NetworkError with reason "no-metadata" where there is no wheel, "bad-wheel" for one that cannot be read, "wrong-name"
    or what the session raises.
    """
    wheels = sorted((file for file in files if file.filename.endswith(".whl")), key=_preference)
    if not wheels:
        raise NetworkError(
            f"{name}: no wheel to read the dependencies from", reason="no-metadata", hint="ask a resolver instead"
        )
    chosen = wheels[0]
    if chosen.url.startswith("file:"):
        return parse_metadata(_from_zip(_local(chosen.url), chosen.url), name, chosen.url)
    if chosen.metadata:
        answer = session.get(chosen.url + ".metadata", body_limit=METADATA_LIMIT)
        if answer.status == 200:
            return parse_metadata(answer.body, name, chosen.url)
    return parse_metadata(_from_zip(RemoteFile(session, chosen.url), chosen.url), name, chosen.url)


def _preference(file: ReleaseFile) -> tuple[bool, bool, int, str]:
    return (not file.metadata, not file.filename.endswith("-none-any.whl"), file.size or 0, file.filename)


def parse_metadata(data: bytes, name: str, url: str) -> ReleaseMetadata:
    """The fields of a METADATA file. Raises NetworkError "bad-wheel" or "wrong-name"."""
    try:
        message = BytesParser().parsebytes(data, headersonly=True)
        found = str(message.get("Name", "")).strip()
    except (MessageError, ValueError, IndexError, RecursionError) as error:
        raise _bad(url, f"its metadata cannot be read: {error}") from None
    if normalise(found) != name:
        raise NetworkError(f"{shown_url(url)}: the metadata is of another project", reason="wrong-name")
    python = message.get("Requires-Python")
    return ReleaseMetadata(
        requires_dist=tuple(str(value).strip() for value in message.get_all("Requires-Dist", [])),
        requires_python=str(python).strip() if python is not None else None,
        extras=tuple(str(value).strip() for value in message.get_all("Provides-Extra", [])),
        project_urls=tuple(_pairs(message.get_all("Project-URL", []), message.get("Home-page"))),
    )


def _pairs(values: Iterable[object], home: object) -> Iterator[tuple[str, str]]:
    for value in list(values)[:_MOST_URLS]:
        label, _, url = str(value).partition(",")
        yield label.strip(), url.strip()
    if home is not None:
        yield "Homepage", str(home).strip()


def _from_zip(stream: io.RawIOBase | io.BufferedReader, url: str) -> bytes:
    try:
        with stream, zipfile.ZipFile(stream) as wheel:
            inside = next(entry for entry in wheel.infolist() if _is_metadata(entry.filename))
            with wheel.open(inside) as member:
                data = member.read(METADATA_LIMIT + 1)
    except StopIteration:
        raise _bad(url, "it has no METADATA") from None
    except NetworkError:
        raise
    except Exception as error:  # zipfile lets many kinds out of a hostile archive
        raise _bad(url, str(error) or type(error).__name__) from None
    if len(data) > METADATA_LIMIT:
        raise _bad(url, "its METADATA is too large")
    return data


def _is_metadata(path: str) -> bool:
    return path.count("/") == 1 and path.endswith(".dist-info/METADATA")


def _bad(url: str, what: str) -> NetworkError:
    return NetworkError(f"{shown_url(url)}: not a usable wheel: {what}", reason="bad-wheel")


def _local(url: str) -> io.BufferedReader:
    path: Path = path_of(url)
    try:
        return path.open("rb")
    except OSError as error:
        raise _bad(url, error.strerror or str(error)) from None


class RemoteFile(io.RawIOBase):
    """A file on a server, read in parts where the server can (RFC 9110 ranges), else whole."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url
        self._at = 0
        self._blocks: dict[int, bytes] = {}
        self._whole: bytes | None = None
        self._size = self._open()

    def _open(self) -> int:
        answer = self._session.get(self._url, headers={"Range": f"bytes=0-{_BLOCK - 1}"}, body_limit=WHEEL_LIMIT)
        if answer.status not in (200, 206):
            raise NetworkError(f"{shown_url(self._url)}: the file is not there", reason=f"http-{answer.status}")
        total = answer.headers.get("content-range", "").rpartition("/")[2]
        if answer.status == 206 and total.isascii() and total.isdigit():
            self._blocks[0] = answer.body
            return int(total[:15])
        self._whole = answer.body
        return len(answer.body)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence], 0)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        data = self._slice(self._at, end)
        self._at += len(data)
        return data

    def _slice(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        if self._whole is not None:
            return self._whole[start:end]
        if end - start > WHEEL_LIMIT:
            raise _bad(self._url, "its directory is too large")
        first, last = start // _BLOCK, (end - 1) // _BLOCK
        data = b"".join(self._block(number) for number in range(first, last + 1))
        return data[start - first * _BLOCK : end - first * _BLOCK]

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            start = number * _BLOCK
            end = min(start + _BLOCK, self._size) - 1
            answer = self._session.get(self._url, headers={"Range": f"bytes={start}-{end}"}, body_limit=2 * _BLOCK)
            if answer.status != 206 or len(answer.body) != end - start + 1:
                raise _bad(self._url, "the server does not send the parts that it was asked for")
            self._blocks[number] = answer.body
        return self._blocks[number]


def encode_metadata(metadata: ReleaseMetadata) -> bytes:
    """The form that the cache keeps."""
    return json.dumps([metadata.requires_dist, metadata.requires_python, metadata.extras, metadata.project_urls]).encode()


def decode_metadata(data: bytes) -> ReleaseMetadata | None:
    """What `encode_metadata` wrote; None for anything else."""
    try:
        requires, python, extras, urls = json.loads(data)
        pairs = tuple((str(label), str(url)) for label, url in urls)
        return ReleaseMetadata(requires_dist=tuple(requires), requires_python=python, extras=tuple(extras), project_urls=pairs)
    except (ValueError, TypeError, RecursionError):
        return None
