"""Installed files that are not as they were installed."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDrift:
    """One file that is not as it was installed.

    `kind`: "changed" (other content), "missing", "unreadable", "unowned" (in a site folder, in no RECORD), "outside" (RECORD
    names a file out of the environment; not looked at), "no-record" (the distribution has no RECORD that can be read). `name`
    is the distribution's, None for unowned files; `path` is absolute.
    """

    kind: str
    path: str
    name: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """The answer: what drifted, sorted by path, and how much was looked at. `wheels` are name, path of WHEEL and tags (with
    spaces between) of what is not for every Python 3 and platform.
    """

    drifts: tuple[FileDrift, ...] = ()
    files: int = 0
    bytes: int = 0
    wheels: tuple[tuple[str, str, str], ...] = ()
