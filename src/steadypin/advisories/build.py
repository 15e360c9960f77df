"""Make a local database out of documents: a new file beside the old one, which it replaces when it is whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.advisories import records, rows
from steadypin.advisories.documents import Document
from steadypin.errors import DatabaseError
from steadypin.model.advisory import Advisory
from steadypin.text import printable, redact
from steadypin.values import dataclass

if TYPE_CHECKING:
    import sqlite3

PROBLEMS_KEPT = 50
_SCRATCH = "osv-"
_SCRATCH_SUFFIX = ".partial"
_ABANDONED_AFTER = 24 * 3600.0

_TABLES = """
create table meta (key text primary key, value text not null) without rowid;
create table advisory (name text, id text, modified text not null, body text not null, primary key (name, id)) without rowid;
"""
_INSERT = """
insert into advisory values (?, ?, ?, ?)
on conflict (name, id) do update set modified = excluded.modified, body = excluded.body where excluded.modified > modified
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What an update made. `as_of` is the time of the newest record (ISO, UTC): the age of the data, not of the file.

    `problems` are the first documents that could not be used and why, `bad` counts all of them; `skipped` counts records
    about other ecosystems; `notes` are parts of used records that were left out. `unchanged`: the source has nothing newer, the
    database was left as it is.
    """

    path: str
    source: str
    as_of: str | None
    updated_at: str
    records: int
    packages: int
    bad: int = 0
    skipped: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unchanged: bool = False


class _Tally:
    """What happened to the documents so far."""

    def __init__(self) -> None:
        self.used = self.bad = self.skipped = 0
        self.as_of = ""
        self.problems: list[str] = []
        self.notes: list[str] = []

    def refuse(self, document: Document, reason: str) -> None:
        self.bad += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(f"{document.name}: {reason}")

    def take(self, document: Document, record: records.Record, now: str) -> None:
        room = PROBLEMS_KEPT - len(self.notes)
        self.notes += [f"{document.name}: {note}" for note in record.notes[: max(room, 0)]]
        if not record.advisory.affected:
            self.skipped += 1
            return
        self.used += 1
        if (modified := record.advisory.modified) and self.as_of < modified <= now:
            self.as_of = modified


def build(found: Iterable[Document], folder: Path, *, source: str, now: str, etag: str = "") -> Built:
    """Write `folder`/osv.sqlite from the documents; `now` is the time of the update (ISO, UTC), `etag` the source's validator.

    Until it is whole the old database stays. Raises DatabaseError where nothing, or less than half, can be used.
    """
    target = folder / rows.FILE_NAME
    with _scratch(folder) as scratch:
        tally = _Tally()
        meta = {"source": printable(redact(source)), "updated_at": now, "etag": etag}
        with contextlib.closing(_create(scratch)) as connection:
            connection.executemany(_INSERT, _rows(found, tally, now))
            _check(tally, source)
            packages = connection.execute("select count(distinct name) from advisory").fetchone()[0]
            stored = connection.execute("select count(distinct id) from advisory").fetchone()[0]
            meta |= {"schema": str(rows.SCHEMA), "as_of": tally.as_of, "records": str(stored), "packages": str(packages)}
            connection.executemany("insert into meta values (?, ?)", sorted(meta.items()))
            connection.commit()
        _publish(scratch, target)
    return Built(
        path=str(target),
        source=meta["source"],
        as_of=tally.as_of or None,
        updated_at=now,
        records=stored,
        packages=packages,
        bad=tally.bad,
        skipped=tally.skipped,
        problems=tuple(tally.problems),
        notes=tuple(tally.notes),
    )


def _create(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path)
    # Nobody else sees the file before it is whole, so it needs no journal of its own.
    connection.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -16000;" + _TABLES)
    return connection


def _rows(found: Iterable[Document], tally: _Tally, now: str) -> Iterator[tuple[str, str, str, str]]:
    for document in found:
        try:
            record = _parse(document)
        except records.RecordError as error:
            tally.refuse(document, str(error))
            continue
        tally.take(document, record, now)
        yield from _rows_of(record.advisory)


def _parse(document: Document) -> records.Record:
    if document.problem:
        raise records.RecordError(document.problem)
    return records.parse_yaml(document.content) if document.is_yaml else records.parse_json(document.content)


def _rows_of(advisory: Advisory) -> Iterator[tuple[str, str, str, str]]:
    for name in dict.fromkeys(entry.name for entry in advisory.affected):
        yield name, advisory.id, advisory.modified or "", rows.dump(advisory, name)


def _check(tally: _Tally, source: str) -> None:
    if tally.used and tally.bad <= tally.used + tally.skipped:
        return
    shown = printable(redact(source))
    first = f"; the first: {tally.problems[0]}" if tally.problems else ""
    if tally.used:
        message = f"{shown}: {tally.bad} of {tally.bad + tally.used + tally.skipped} records cannot be used{first}"
    else:
        message = f"{shown}: no usable OSV record about a PyPI package{first}"
    raise DatabaseError(message, hint="the database is unchanged; is this the right source?")


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A new file in the folder, gone afterwards unless it was moved away; what killed updates left behind goes too."""
    import sqlite3

    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        handle, name = tempfile.mkstemp(prefix=_SCRATCH, suffix=_SCRATCH_SUFFIX, dir=folder)
        os.close(handle)
    except OSError as error:
        raise _unwritable(folder, error) from None
    path = Path(name)
    try:
        yield path
    except (OSError, sqlite3.Error) as error:  # a full disk is the one or the other
        raise _unwritable(folder, error) from None
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_SCRATCH}*{_SCRATCH_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()


def _publish(scratch: Path, target: Path) -> None:
    with scratch.open("rb+") as stream:
        os.fsync(stream.fileno())
    scratch.replace(target)


def _unwritable(folder: Path, error: Exception) -> DatabaseError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return DatabaseError(
        f"{printable(str(folder))}: the advisory database cannot be written: {reason}",
        hint="choose another folder with --cache-dir",
    )
