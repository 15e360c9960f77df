"""Which version a distribution file is of, from its name alone.

The fast ways agree with `packaging.utils` for every name that it accepts; sdists also know the project's name, so that
"a-b-1.0-2.zip" is not guessed at.
"""

from __future__ import annotations

import re

from steadypin.model.parse import normalise

_SAFE = re.compile(r"[A-Za-z0-9._+!-]+").fullmatch
_SDIST_ENDINGS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z", ".tbz", ".txz", ".tar")


def wheel_version(filename: str, name: str) -> str | None:
    """The version text of a wheel of project `name` (normalised); None for anything else (Binary distribution format)."""
    if not filename.endswith(".whl") or not _SAFE(filename):
        return None
    parts = filename[:-4].split("-")
    if len(parts) not in (5, 6) or normalise(parts[0]) != name:
        return None
    if len(parts) == 6 and not parts[2][:1].isdigit():
        return None
    return parts[1] or None


def sdist_version(filename: str, name: str) -> str | None:
    """The version text of a source distribution of project `name` (normalised); None for anything else (PEP 625 and before)."""
    ending = next((ending for ending in _SDIST_ENDINGS if filename.endswith(ending)), None)
    if ending is None or not _SAFE(filename):
        return None
    stem = filename[: -len(ending)]
    at = stem.find("-")
    while at != -1:
        if normalise(stem[:at]) == name:
            return stem[at + 1 :] or None
        at = stem.find("-", at + 1)
    return None
