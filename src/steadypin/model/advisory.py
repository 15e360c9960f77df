"""What is known to be unsafe (OSV schema 1.7)."""

from __future__ import annotations

from typing import NamedTuple

from steadypin.model.severity import Severity
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedRange:
    """One ECOSYSTEM range: its events as (kind, version) pairs, kind "introduced", "fixed", "last_affected" or "limit", as
    written.
    """

    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One `affected` entry for a PyPI package.

    `versions` are in the canonical form of PEP 440 (equal texts, equal versions). `git_only`: it has neither ECOSYSTEM ranges
    nor versions, so versions cannot be matched.
    """

    name: str
    ranges: tuple[AffectedRange, ...] = ()
    versions: tuple[str, ...] = ()
    git_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One OSV record, reduced to what matching and reporting need. Dates are the record's ISO texts.

    `severity` is None where the record has no CVSS vector that can be computed; `vectors` are (type, vector) pairs.
    """

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    affected: tuple[Affected, ...] = ()
    vectors: tuple[tuple[str, str], ...] = ()
    severity: Severity | None = None
    score: float | None = None
    published: str | None = None
    modified: str | None = None
    withdrawn: str | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryMatch:
    """One flaw that applies to one version of one package: records joined through their aliases, directly or in a chain.

    `primary` is the id of an applying record (PYSEC before GHSA before others, then year and number); `ids` all ids and
    aliases of the applying records, `records` their own ids; `fixed_in` the fixed versions above `version` at which none of
    them applies any more, ascending. Where that is empty: `clear_below`, the bound below which none of them applies yet, and
    `clear_above`, the last version that they reach, as far as there are such. `severity` is the highest of the records, None if
    none has one.
    """

    name: str
    version: str
    primary: str
    ids: tuple[str, ...]
    records: tuple[str, ...]
    fixed_in: tuple[str, ...] = ()
    clear_below: str | None = None
    clear_above: str | None = None
    severity: Severity | None = None
    score: float | None = None
    summary: str = ""
    references: tuple[str, ...] = ()
    withdrawn_ignored: tuple[str, ...] = ()


class WithdrawnRecord(NamedTuple):
    """A record that would apply to a version, and that its database has taken back (`withdrawn`: ISO, UTC). It never counts."""

    name: str
    version: str
    id: str
    withdrawn: str
    summary: str = ""


class UnsafeRelease(NamedTuple):
    """A release on offer that advisories reach, or may reach: what a move must not end at.

    `ids` are the ids and aliases of all records concerned. A flaw is cured at a version exactly if no row of it shares
    an id with it.
    """

    name: str
    version: str
    ids: tuple[str, ...]
