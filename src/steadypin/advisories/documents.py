"""A folder, zip, file or checkout of advisory records as a stream of documents.

Nothing is unpacked to disk, names inside an archive are never used as paths, and what is read is bounded: by member, by count
and in total. A document that cannot be read comes with the reason, and the others follow.
"""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from steadypin.advisories.records import RECORD_LIMIT
from steadypin.errors import DatabaseError
from steadypin.text import printable

COUNT_LIMIT = 1_000_000
ARCHIVE_LIMIT = 1024**3
TOTAL_LIMIT = 8 * 1024**3
_SUFFIXES = (".json", ".yaml", ".yml")
_RECORD_FOLDERS = ("vulns", "advisories")
_HINT = "give a folder or zip of OSV records, one .json or .yaml record, or a checkout of an advisory database"
_BROKEN_MEMBER = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError)


class Document(NamedTuple):
    """One file of a source: its name as text to show, and its content or what is wrong with it."""

    name: str
    content: bytes
    is_yaml: bool = False
    problem: str = ""


def _document(name: str, content: bytes = b"", problem: str = "") -> Document:
    return Document(printable(name, 120), content, not name.lower().endswith(".json"), problem)


def documents(path: Path) -> Iterator[Document]:
    """The documents of a source in a stable order. Raises DatabaseError where the source itself cannot be read."""
    if path.is_dir():
        return _of_folder(_records_of_checkout(path))
    if not path.is_file():
        raise DatabaseError(f"{printable(str(path))}: no such file or folder", hint=_HINT)
    if path.name.lower().endswith(_SUFFIXES):
        return iter([_of_file(path, path.name)])
    if not zipfile.is_zipfile(path):
        raise DatabaseError(f"{printable(str(path))}: neither a whole zip archive nor a .json or .yaml record", hint=_HINT)
    return _of_zip(path)


def _records_of_checkout(folder: Path) -> Path:
    """In a git checkout the records have a folder of their own; what lies beside them is something else."""
    if not (folder / ".git").exists():
        return folder
    return next((folder / name for name in _RECORD_FOLDERS if (folder / name).is_dir()), folder)


def _of_folder(folder: Path) -> Iterator[Document]:
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                count += 1
                _check_count(count, folder)
                path = Path(place, name)
                yield _of_file(path, path.relative_to(folder).as_posix())


def _of_file(path: Path, shown: str) -> Document:
    try:
        if not path.is_file():
            return _document(shown, problem="not a regular file")
        with path.open("rb") as stream:
            return _document(shown, stream.read(RECORD_LIMIT + 1))
    except OSError as error:
        return _document(shown, problem=f"cannot be read: {error.strerror}")


def _of_zip(path: Path) -> Iterator[Document]:
    if path.stat().st_size > ARCHIVE_LIMIT:
        raise DatabaseError(f"{printable(str(path))}: larger than {ARCHIVE_LIMIT} bytes", hint=_HINT)
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _members(archive, path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise DatabaseError(
            f"{printable(str(path))}: not a whole zip archive: {printable(str(error), 120)}", hint=_HINT
        ) from None


def _members(archive: zipfile.ZipFile, path: Path) -> Iterator[Document]:
    infos = [info for info in archive.infolist() if info.filename.lower().endswith(_SUFFIXES)]
    _check_count(len(infos), path)
    total = 0
    for info in infos:
        document = _member(archive, info)
        total += len(document.content)
        if total > TOTAL_LIMIT:
            raise DatabaseError(f"{printable(str(path))}: unpacks to more than {TOTAL_LIMIT} bytes", hint=_HINT)
        yield document


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Document:
    try:
        with archive.open(info) as stream:
            return _document(info.filename, stream.read(RECORD_LIMIT + 1))
    except _BROKEN_MEMBER as error:
        return _document(info.filename, problem=f"cannot be read: {printable(str(error), 120)}")


def _check_count(count: int, path: Path) -> None:
    if count > COUNT_LIMIT:
        raise DatabaseError(f"{printable(str(path))}: more than {COUNT_LIMIT} records", hint=_HINT)
