"""The fourth ledger: what a package index offers."""

from __future__ import annotations

from typing import NamedTuple

from steadypin.values import dataclass


class Release(NamedTuple):
    """One version of a project, condensed from its distribution files.

    A NamedTuple, because an audit holds tens of thousands of them. `published` is the upload time of its first file (ISO 8601,
    UTC, to the second) or None; `yanked` the reason if every file is yanked ("" if none was given), else None;
    `requires_python` that of its files (the first that has one); `wheels` the file names of its wheels, in which the
    version may be written `*` so that releases can share them, `sdist` whether there is one.
    """

    version: str
    published: str | None = None
    yanked: str | None = None
    requires_python: str | None = None
    wheels: tuple[str, ...] = ()
    sdist: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project on an index; `releases` ascend by PEP 440 (versions that are not PEP 440 are left out and counted in
    `unreadable`).

    `status` is the PEP 792 project status: "active", "archived", "deprecated", "quarantined"; `status_reason` its text.
    """

    name: str
    index: str
    releases: tuple[Release, ...] = ()
    status: str = "active"
    status_reason: str | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One distribution file as an index lists it (asked for only where hashes or sizes matter)."""

    filename: str
    url: str
    hashes: tuple[str, ...] = ()
    size: int | None = None
    requires_python: str | None = None
    published: str | None = None
    yanked: str | None = None
    metadata: bool = False
