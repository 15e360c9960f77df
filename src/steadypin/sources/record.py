"""File drift: what RECORD says of installed files against what is on disk, and files that no distribution owns.

RECORD is the file list of PEP 376 and the "recording installed projects" specification: a CSV of path, hash and size, where
a hash is `algorithm=urlsafe-base64-without-padding`. Egg-info knows no hashes and is only used for ownership.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from steadypin.model.files import FileCheck, FileDrift
from steadypin.model.installed import InstalledDistribution
from steadypin.values import dataclass

RECORD_LIMIT = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_SMALL = 256 * 1024
_BATCH = 128
_ALGORITHMS = ("sha256", "sha384", "sha512")
_NEVER_OWNED = (".pyc", ".pyo")
_PART_OF_THE_ENVIRONMENT = ("_virtualenv.py", "_virtualenv.pth", "README.txt", "easy-install.pth")
_INSTALLERS_OWN = (
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "RECORD",
    "RECORD.jws",
    "RECORD.p7s",
    "uv_cache.json",
    "uv_build.json",
)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    name: str
    algorithm: str
    digest: bytes
    size: int | None


def verify_files(
    distributions: Iterable[InstalledDistribution],
    *,
    site_folders: Sequence[str],
    prefix: str | None = None,
    workers: int | None = None,
) -> FileCheck:
    """Compare every recorded file of the distributions with the disk, and look for files that nobody owns.

    `site_folders` are searched for unowned files, except where a distribution without any list of its files stands. RECORD
    entries may lead out of them (scripts, headers, data) as far as `prefix`, the environment's own folder; what leads further
    is reported and never opened. Hashing runs in `workers` threads (default: one for each processor, at most 4), because
    hashlib and reading release the interpreter lock. Never raises for what it reads.
    """
    entries: list[_Entry] = []
    owned: set[str] = set()
    drifts: list[FileDrift] = []
    roots = tuple(os.path.realpath(root) for root in (*site_folders, *([prefix] if prefix else ())))
    wheels: list[tuple[str, str, str]] = []
    for distribution in distributions:
        wheels += _wheel(distribution)
        found, problems = _read_record(distribution, roots, owned)
        entries += found
        drifts += problems
    checked = _check_all(entries, workers or min(4, os.cpu_count() or 1))
    total = 0
    for drift, size in checked:
        total += size
        if drift is not None:
            drifts.append(drift)
    for folder in dict.fromkeys(site_folders):
        if f"{folder}{os.sep}*" in owned:
            continue
        drifts += (FileDrift(kind="unowned", path=path) for path in _unowned(folder, owned))
    return FileCheck(
        drifts=tuple(sorted(drifts, key=lambda drift: (drift.path, drift.kind))),
        files=len(entries),
        bytes=total,
        wheels=tuple(sorted(wheels)),
    )


def _read_record(
    distribution: InstalledDistribution, roots: tuple[str, ...], owned: set[str]
) -> tuple[list[_Entry], list[FileDrift]]:
    folder = distribution.location.path
    if not folder.endswith(".dist-info"):
        return [], _own_egg(distribution, owned)
    record = f"{folder}{os.sep}RECORD"
    owned.update(f"{folder}{os.sep}{name}" for name in _INSTALLERS_OWN)
    try:
        with open(record, encoding="utf-8", errors="surrogateescape", newline="") as stream:  # noqa: PTH123
            text = stream.read(RECORD_LIMIT)
        rows = list(csv.reader(text.split("\n")))
    except (OSError, ValueError, csv.Error) as error:
        owned.add(folder)
        _own_top_level(folder, owned)
        reason = getattr(error, "strerror", None) or str(error)
        return [], [FileDrift(kind="no-record", path=record, name=distribution.name, detail=reason)]
    site = os.path.dirname(folder)  # noqa: PTH120
    entries: list[_Entry] = []
    drifts: list[FileDrift] = []
    for row in rows:
        if not row or not row[0] or "\0" in row[0]:
            continue
        path = os.path.normpath(os.path.join(site, row[0]))  # noqa: PTH118
        if not _is_inside(path, site, roots):
            drifts.append(FileDrift(kind="outside", path=path, name=distribution.name))
            continue
        owned.add(path)
        if entry := _entry(path, distribution.name, row):
            entries.append(entry)
    return entries, drifts


def _wheel(distribution: InstalledDistribution) -> Iterator[tuple[str, str, str]]:
    """The tags of a wheel that is not for every Python 3 and platform."""
    path = f"{distribution.location.path}{os.sep}WHEEL"
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            lines = stream.read(65536).splitlines()
    except (OSError, ValueError):
        return
    tags = [line[4:].strip() for line in lines if line.startswith("Tag:")]
    if tags and not any(tag.endswith("-none-any") and "py3" in tag for tag in tags):
        yield distribution.name, path, " ".join(tags)


def _is_inside(path: str, site: str, roots: tuple[str, ...]) -> bool:
    if path.startswith(site + os.sep):
        return True  # nearly all
    real = os.path.realpath(os.path.dirname(path))  # noqa: PTH120
    return any(real == root or real.startswith(root + os.sep) for root in roots)


def _entry(path: str, name: str, row: list[str]) -> _Entry | None:
    """A row with a hash; rows without one (RECORD itself, bytecode) only claim the file."""
    algorithm, _, encoded = (row[1] if len(row) > 1 else "").partition("=")
    if algorithm not in _ALGORITHMS or path.endswith(_NEVER_OWNED):
        return None
    try:
        digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        digest = b""
    size = row[2].strip() if len(row) > 2 else ""
    return _Entry(path, name, algorithm, digest, int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None)


def _own_egg(distribution: InstalledDistribution, owned: set[str]) -> list[FileDrift]:
    """installed-files.txt (pip with egg-info) or SOURCES.txt do not give hashes: the files are owned, and that is all."""
    folder = distribution.location.path
    owned.add(folder)
    try:
        with open(f"{folder}{os.sep}installed-files.txt", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            lines = stream.read(RECORD_LIMIT).splitlines()
    except (OSError, ValueError):
        _own_top_level(folder, owned)
        detail = "egg-info records no hashes"
        return [FileDrift(kind="no-record", path=folder, name=distribution.name, detail=detail)]
    owned.update(os.path.normpath(os.path.join(folder, line)) for line in lines if line)  # noqa: PTH118
    return []


def _own_top_level(folder: str, owned: set[str]) -> None:
    """Without a list of files the top-level names are its own; without those what its own name suggests, or, where another
    package manager keeps the lists (Debian's dist-packages) or nothing ever did (egg-info), the whole folder ("*").
    """
    site = os.path.dirname(folder)  # noqa: PTH120
    try:
        with open(f"{folder}{os.sep}top_level.txt", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            names = stream.read(65536).split()
    except (OSError, ValueError):
        kept_elsewhere = site.endswith("dist-packages") or not folder.endswith(".dist-info")
        stem = os.path.basename(folder).partition("-")[0]  # noqa: PTH119
        names = ["*"] if kept_elsewhere else sorted({stem, stem.lower()})
    for name in names:
        owned.update((f"{site}{os.sep}{name}", f"{site}{os.sep}{name}.py"))


def _check_all(entries: list[_Entry], workers: int) -> Iterator[tuple[FileDrift | None, int]]:
    if workers == 1 or len(entries) < 2 * _BATCH:
        yield from map(_check, entries)
        return
    batches = [entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH)]
    with ThreadPoolExecutor(workers) as pool:
        for results in pool.map(lambda batch: [_check(entry) for entry in batch], batches):
            yield from results


def _check(entry: _Entry) -> tuple[FileDrift | None, int]:
    """What is wrong with one file, and how many bytes were read. A file of another size is not read at all."""
    try:
        handle = os.open(entry.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        return FileDrift(kind="missing", path=entry.path, name=entry.name), 0
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return FileDrift(kind="unreadable", path=entry.path, name=entry.name, detail=reason), 0
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return FileDrift(kind="changed", path=entry.path, name=entry.name, detail="not a regular file"), 0
        if entry.size is not None and status.st_size != entry.size:
            detail = f"{status.st_size} bytes, not {entry.size}"
            return FileDrift(kind="changed", path=entry.path, name=entry.name, detail=detail), 0
        digest = _digest(handle, status.st_size, entry.algorithm)
    except OSError as error:
        return FileDrift(kind="unreadable", path=entry.path, name=entry.name, detail=error.strerror or str(error)), 0
    finally:
        os.close(handle)
    if digest == entry.digest:
        return None, status.st_size
    return FileDrift(kind="changed", path=entry.path, name=entry.name, detail=f"other {entry.algorithm}"), status.st_size


def _digest(handle: int, size: int, algorithm: str) -> bytes:
    if size <= _SMALL:
        return hashlib.new(algorithm, os.read(handle, size + 1), usedforsecurity=False).digest()
    state = hashlib.new(algorithm, usedforsecurity=False)
    while chunk := os.read(handle, _CHUNK):
        state.update(chunk)
    return state.digest()


def _unowned(folder: str, owned: set[str]) -> Iterator[str]:
    """Files below a site folder that are in no RECORD; the bytecode in `__pycache__` belongs to its source."""
    owned = owned.union(f"{folder}{os.sep}{name}" for name in _PART_OF_THE_ENVIRONMENT)
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in listed:
            if entry.path in owned or (entry.name.endswith(_NEVER_OWNED) and entry.path[:-1] in owned):
                continue  # Python 2 wrote bytecode beside its source; without a source it is a module like any other
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    pending.append(entry.path)
            else:
                yield entry.path
