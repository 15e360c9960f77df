"""One file from the disk through the reader of its format."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from steadypin import collector, remembered
from steadypin.errors import SourceError, StaleInput, UsageError
from steadypin.model.location import Location, Problem
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles import READERS, Reader
from steadypin.text import printable
from steadypin.values import replace

SIZE_LIMIT = 128 * 1024 * 1024
"""Bytes of the largest file that is read; the largest locks of large monorepos have a tenth of it."""
_LARGE = 2 * 1024 * 1024
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file: a part of its path is not a folder",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a loop of symbolic links",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENXIO: "not a regular file",
    errno.EISDIR: "a directory, not a file",
}
_TELLTALE = (
    r"\s*(?:[A-Za-z0-9][\w.-]*\s*(?:\[[\w., -]*\]\s*)?(?:[=~!<>]=|===)\s*\d|-(?:r|c|e|i)\s|--(?:index-url|requirement)\b)"
)
_SPECIAL = ((stat.S_ISDIR, "a directory, not a file"), (stat.S_ISFIFO, "a named pipe, not a file"))


def read_file(path: Path, *, shown: str | None = None, format: str | None = None, within: Path | None = None) -> SourceFile:
    """What the file says, by the reader of its name, or of `format` where that is given.

    `shown` is the path to put into locations and messages. With `within` a file that lies outside that folder, by its path or
    by a symbolic link on its way, is refused unopened. Without it the user named the file: a link that leads out of its own
    folder is followed and reported. Raises SourceError where the file cannot be opened or is not what
    its format promises, UsageError for a format that does not exist. Directories, pipes and devices are refused unopened.
    """
    name = str(path) if shown is None else shown
    reader = reader_of(path.as_posix(), format=format)
    _refuse_outside(path, within, name)
    data = read_bytes(path, shown=name)
    if reader is None:
        reader = sniff(path.name, data)
    if reader is None:
        raise SourceError(
            "not a lock or manifest that is known by its name",
            location=Location(path=name),
            hint=f"say what it is with --as FORMAT: {', '.join(formats())}",
        )
    with collector.paused(only_if=len(data) >= _LARGE):
        file = _said(reader, data, name)
    if within is None and (target := link_out(path)) is not None:
        message = f"a symbolic link that leads out of its folder, to {printable(str(target))}"
        file = replace(file, problems=(Problem(message=message, location=Location(path=name)), *file.problems))
    return file


def _said(reader: Reader, data: bytes, name: str) -> SourceFile:
    """What the reader says of these bytes; it need not be asked where an earlier run was told."""
    if not remembered.is_kept():
        return reader.read(data, name)
    from steadypin import codec
    from steadypin.sources.recollection import fingerprint

    kind, mark = f"file {reader.format}", fingerprint(data)
    known = remembered.recall(kind, name)
    if isinstance(known, dict) and known.get("mark") == mark:
        with contextlib.suppress(StaleInput):
            return codec.from_plain(SourceFile, known.get("says"), path=name)
    file = reader.read(data, name)
    remembered.note(kind, name, {"mark": mark, "says": codec.to_plain(file)})
    return file


def link_out(path: Path) -> Path | None:
    """Where a symbolic link leads that leaves both its own folder and the current one; None for every other file."""
    if not path.is_symlink():
        return None
    target = path.resolve()
    homes = (path.parent.resolve(), Path.cwd())
    return None if any(target.is_relative_to(home) for home in homes) else target


def _refuse_outside(path: Path, within: Path | None, shown: str) -> None:
    if within is None:
        return
    try:
        inside = path.resolve().is_relative_to(within.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links before Python 3.13 is a RuntimeError
        return
    if not inside:
        raise SourceError(
            "lies outside the project, or is a link that leads there",
            location=Location(path=shown),
            hint="only files of the project are followed; name it on the command line to have it read",
        )


def readers() -> Iterator[Reader]:
    """All readers: those of locks, then those of manifests."""
    yield from READERS
    from steadypin.sources import manifests

    yield from manifests.READERS


def formats() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(dict.fromkeys(reader.format for reader in readers()))


def reader_of(name: str, *, format: str | None = None) -> Reader | None:
    """The reader for a file's name (or path), or of a format. Raises UsageError for a format that does not exist."""
    if format is None:
        return next((reader for reader in readers() if reader.matches(name)), None)
    for reader in readers():
        if reader.format == format:
            return reader
    raise UsageError(f"no format is called {format!r}", hint=f"one of: {', '.join(formats())}")


def sniff(name: str, data: bytes) -> Reader | None:
    """A reader for a text file whose name says little: `dev.txt` with a pin, a specifier or an include in its first lines."""
    if not name.lower().endswith((".txt", ".in", ".pip")):
        return None
    head = data[:4096].decode("utf-8", "replace").splitlines()[:40]
    if not any(re.match(_TELLTALE, line) for line in head):
        return None
    return next(reader for reader in READERS if reader.format == "requirements")


def read_bytes(path: Path, *, shown: str) -> bytes:
    """The bytes of a regular file of at most SIZE_LIMIT. Raises SourceError; never waits for a pipe's other end."""
    place = Location(path=shown)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        raise SourceError(_reason(error, path), location=place, hint="check the path and its permissions") from None
    try:
        return _content(descriptor, place)
    except OSError as error:
        raise SourceError(_reason(error, path), location=place, hint="check the disk") from None
    finally:
        os.close(descriptor)


def _content(descriptor: int, place: Location) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(_special(status.st_mode), location=place, hint="name a regular file")
    if status.st_size > SIZE_LIMIT:
        size = status.st_size // (1024 * 1024)
        raise SourceError(
            f"{size} MiB; files above {SIZE_LIMIT // (1024 * 1024)} MiB are not read",
            location=place,
            hint="no lock is that large: is it the right file?",
        )
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(SIZE_LIMIT)


def _special(mode: int) -> str:
    return next((reason for test, reason in _SPECIAL if test(mode)), "not a regular file")


def _reason(error: Exception, path: Path) -> str:
    if not isinstance(error, OSError):
        return "the name cannot be used"
    if os.name == "nt" and path.is_dir():
        return _REASONS[errno.EISDIR]
    return _REASONS.get(error.errno or 0, error.strerror or "cannot be read")
