"""Versions as texts that are equal exactly when the versions are (PEP 440).

Records list versions by the hundred. Comparing such texts costs a string comparison, parsing each of them at every audit would
cost a second.
"""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.utils import canonicalize_version

from steadypin.model import parse

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")


@lru_cache(maxsize=65536)
def canonical(text: str) -> str:
    """The shortest text of the version: `1.0.0` gives `1`, `v2.0-RC1` gives `2rc1`; other texts give themselves, stripped."""
    if _RELEASE.fullmatch(text):
        return _trimmed(text)
    version = parse.version(text)
    return text.strip() if version is None else canonicalize_version(version)


def _trimmed(release: str) -> str:
    parts = [part.lstrip("0") for part in release.split(".")]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ".".join(part or "0" for part in parts)
