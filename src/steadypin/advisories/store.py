"""The local advisory database: opened in milliseconds, looked up by name, never loaded whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from steadypin.advisories import matching, rows
from steadypin.advisories.answer import Answer
from steadypin.errors import DatabaseError
from steadypin.model import parse
from steadypin.model.advisory import Advisory, AdvisoryMatch, UnsafeRelease
from steadypin.model.gap import Gap
from steadypin.text import printable

if TYPE_CHECKING:
    import sqlite3

HOW_TO_GET_ONE = "get one with `steadypin db update` (on a closed network: `steadypin db update --from FILE`)"
_AT_ONCE = 400
"""Values in one statement: the least that SQLite allows by default is 999."""
_BROKEN = "make it anew with `steadypin db update`"


def folder_of(cache_dir: Path) -> Path:
    """Where the database lies below a cache folder."""
    return cache_dir / "advisories"


def now() -> str:
    """This moment as ISO 8601 in UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def missing(cache_dir: Path) -> DatabaseError:
    """The error, to be raised or shown as a gap, for a database that is not there."""
    return DatabaseError(f"{printable(str(folder_of(cache_dir)))}: there is no advisory database", hint=HOW_TO_GET_ONE)


def missing_gap(cache_dir: Path) -> Gap:
    """What an audit says instead of its answer where there is no database."""
    return _gap("no-database", missing(cache_dir))


def unreadable_gap(error: DatabaseError) -> Gap:
    """What an audit says instead of its answer where the database is broken or of another schema."""
    return _gap("unreadable", error)


def _gap(reason: str, error: DatabaseError) -> Gap:
    return Gap(subject="advisories", stage="advisories", reason=reason, detail=f"{error.message}; {error.hint}")


def open_store(cache_dir: Path, *, at: str | None = None) -> Store | None:
    """The database below the cache folder, None where there is none.

    `at` is the time (ISO, UTC) that decides whether a withdrawal has come into force; this moment by default. Raises
    DatabaseError for a file that is broken or has another schema.
    """
    path = folder_of(cache_dir) / rows.FILE_NAME
    if not path.is_file():
        return None
    return Store(path, at=at or now())


class Store:
    """One open database. Close it, or use it in a `with`."""

    def __init__(self, path: Path, *, at: str) -> None:
        self.path = path
        self._at = at
        self._known: dict[str, tuple[Advisory, ...]] = {}
        self._connection = _connect(path)
        try:
            self._meta = self._read_meta()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @property
    def as_of(self) -> str | None:
        """The time of the newest record (ISO, UTC)."""
        return self._meta.get("as_of") or None

    @property
    def source(self) -> str:
        return self._meta.get("source", "")

    @property
    def updated_at(self) -> str:
        return self._meta.get("updated_at", "")

    @property
    def etag(self) -> str:
        """The validator of the file that the database was made from, "" where there is none."""
        return self._meta.get("etag", "")

    @cached_property
    def counts(self) -> tuple[int, int]:
        """How many records and packages the database holds."""
        records, packages = self._meta.get("records", "0"), self._meta.get("packages", "0")
        return (int(records) if records.isdecimal() else 0, int(packages) if packages.isdecimal() else 0)

    def match(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[AdvisoryMatch, ...], tuple[Gap, ...]]:
        """The advisories that apply to (name, version) pairs, and the questions that the records leave open."""
        answer = self.lookup(pairs)
        return answer.matches, answer.gaps

    def lookup(self, packages: Iterable[tuple[str, str]]) -> Answer:
        """The whole answer, sorted by name and version as texts. Raises DatabaseError for a file that is broken inside."""
        asked = sorted({(parse.normalise(name), version) for name, version in packages})
        self._fetch(dict.fromkeys(name for name, _ in asked if name not in self._known))
        judged = [
            matching.judge(name, version, known, now=self._at) for name, version in asked if (known := self.advisories(name))
        ]
        return Answer(
            matches=tuple(match for one in judged for match in one.matches),
            gaps=tuple(gap for one in judged for gap in one.gaps),
            withdrawn=tuple(record for one in judged for record in one.withdrawn),
            as_of=self.as_of,
        )

    def affected(self, name: str, version: str) -> frozenset[str]:
        """Ids and aliases of all records that apply to the version, or that cannot tell: what a cure must not share."""
        name, open_at = parse.normalise(name), (matching.Standing.APPLIES, matching.Standing.UNDECIDED)
        return frozenset(
            known
            for advisory in self.advisories(name)
            if not matching.is_withdrawn(advisory, self._at) and matching.standing(advisory, name, version) in open_at
            for known in matching.names(advisory)
        )

    def unsafe(self, name: str, versions: Iterable[str]) -> tuple[UnsafeRelease, ...]:
        """Those of the versions that records reach, in the order given."""
        if not self.advisories(parse.normalise(name)):
            return ()
        found = ((version, self.affected(name, version)) for version in versions)
        return tuple(UnsafeRelease(parse.normalise(name), version, tuple(sorted(ids))) for version, ids in found if ids)

    def advisories(self, name: str) -> tuple[Advisory, ...]:
        """All records about the package of that normalised name, withdrawn ones too, reduced to what concerns it."""
        if name not in self._known:
            self._fetch((name,))
        return self._known[name]

    def _fetch(self, names: Iterable[str]) -> None:
        """Read what is known of the names, many at once: a question for each costs more than its answer."""
        rest = list(names)
        while rest:
            some, rest = rest[:_AT_ONCE], rest[_AT_ONCE:]
            found: dict[str, list[Advisory]] = {_storable(name): [] for name in some}
            marks = ",".join("?" * len(found))
            statement = f"select name, id, body from advisory where name in ({marks}) order by name, id"  # noqa: S608 - only marks
            for name, row_id, body in self._query(statement, *found):
                found[name].append(self._load(name, row_id, body))
            self._known.update((name, tuple(found[_storable(name)])) for name in some)

    def _load(self, name: str, row_id: str, body: str) -> Advisory:
        try:
            return rows.load(row_id, name, body)
        except (ValueError, TypeError, LookupError, RecursionError):
            raise _unreadable(self.path, f"the records of {printable(name, 80)}") from None

    def _read_meta(self) -> dict[str, str]:
        meta = dict(self._query("select key, value from meta"))
        if (schema := meta.get("schema")) != str(rows.SCHEMA):
            raise DatabaseError(
                f"{printable(str(self.path))}: schema {printable(str(schema), 20)}; this steadypin reads schema {rows.SCHEMA}",
                hint=f"use the steadypin that made it, or {_BROKEN}",
            )
        return meta

    def _query(self, statement: str, *values: str) -> list[list[str]]:
        import sqlite3

        try:
            return [list(map(str, row)) for row in self._connection.execute(statement, values)]
        except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:  # whatever a damaged page can bring
            raise _unreadable(self.path, str(error)) from None


def _storable(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    try:
        # The file is never changed in place, only replaced: `immutable` spares the locks and works on a read-only disk.
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise _unreadable(path, str(error)) from None


def _unreadable(path: Path, reason: str) -> DatabaseError:
    return DatabaseError(
        f"{printable(str(path))}: the advisory database cannot be read: {printable(reason, 120)}", hint=_BROKEN
    )
