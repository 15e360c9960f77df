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
    raw, _, rest = filename.partition("-")
    if normalise(raw) != name:
        return None
    version, _, rest = rest.partition("-")
    dashes = rest.count("-")
    if dashes != 2 and (dashes != 3 or not rest[0].isdigit()):  # a build tag starts with a digit
        return None
    return version or None


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
