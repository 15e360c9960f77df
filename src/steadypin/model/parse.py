"""Texts into `packaging` values, each text once; and what is asked of texts most often, as plain answers.

The answers are cached, because the same few hundred texts are asked about thousands of times. None means "not parseable";
the reader that met the text first has already reported that. `packaging` and what it loads take half as long to import as a
whole check takes, so it is loaded when the first text is parsed; where an earlier run was asked the same, that is never.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from steadypin.remembered import remembered
from steadypin.values import dataclass

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_SEPARATORS = re.compile(r"[-_.]+")
_PIN = re.compile(r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9])==([0-9]{1,9}(?:\.[0-9]{1,9}){0,5})")
_RELEASE = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}"


@lru_cache(maxsize=65536)
def normalise(name: str) -> str:
    """The PEP 503 form of a project name."""
    return _SEPARATORS.sub("-", name).lower()


@lru_cache(maxsize=65536)
def version(text: str) -> Version | None:
    """The PEP 440 version of a text, or None."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except (InvalidVersion, ValueError):  # int() refuses more than 4,300 digits with a ValueError
        return None


@remembered
def is_version(text: str) -> bool:
    """Whether PEP 440 knows the text."""
    return re.fullmatch(_RELEASE, text) is not None or version(text) is not None


@remembered
def release(text: str) -> list[int] | None:
    """The numbers of a version's release segment, or None where it is no version."""
    parsed = version(text)
    return None if parsed is None else list(parsed.release)


@lru_cache(maxsize=16384)
def specifiers(text: str) -> SpecifierSet | None:
    """The specifier set of a text, or None."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        return None


@remembered
def admits(specifier: str, candidate: str) -> bool:
    """Whether a specifier set admits a version, pre-releases too. Unreadable ones are taken to admit it, as installers do."""
    parsed = specifiers(specifier)
    return parsed is None or parsed.contains(candidate, prereleases=True)


def plain_pin(text: str) -> tuple[str, str] | None:
    """(name, version) of a requirement that is nothing but a pin to a final release, as most lines of most locks are, without
    a grammar; None for all others.
    """
    found = _PIN.fullmatch(text)
    return (found[1], found[2]) if found else None


@lru_cache(maxsize=16384)
def requirement(text: str) -> Requirement | None:
    """The PEP 508 requirement of a text, or None."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except (InvalidRequirement, ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a PEP 508 requirement says, as texts that `packaging` has normalised; `extras` are sorted."""

    name: str
    extras: tuple[str, ...]
    specifier: str
    url: str | None
    marker: str | None


@lru_cache(maxsize=16384)
def parts(text: str) -> Parts | None:
    """The parts of a PEP 508 requirement, or None."""
    if pin := plain_pin(text):
        return Parts(pin[0], (), f"=={pin[1]}", None, None)
    found = _parts(text)
    return None if found is None else Parts(found[0], tuple(found[1]), *found[2:])


@remembered
def _parts(text: str) -> list[Any] | None:
    found = requirement(text)
    if found is None:
        return None
    marker = None if found.marker is None else str(found.marker)
    return [found.name, sorted(found.extras), str(found.specifier), found.url, marker]


@lru_cache(maxsize=16384)
def marker(text: str) -> Marker | None:
    """The PEP 508 marker of a text, or None."""
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(text)
    except (InvalidMarker, ValueError, RecursionError):
        return None


@remembered
def evaluate_marker(
    text: str, environment: tuple[tuple[str, str], ...], extras: tuple[str, ...], groups: tuple[str, ...]
) -> bool:
    """Whether the marker holds in the environment for any of the extras; True where it cannot be evaluated.

    `extra` is a single text in requirement metadata, `extras` and `dependency_groups` are sets in lock files (PEP 751); both
    are given.
    """
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    parsed = marker(text)
    if parsed is None:
        return True
    base: dict[str, str | frozenset[str]] = {**dict(environment)}
    base["extras"] = frozenset(extra for extra in extras if extra)
    base["dependency_groups"] = frozenset(groups)
    try:
        return any(parsed.evaluate({**base, "extra": extra}, context="requirement") for extra in extras)
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, KeyError):
        return True


@remembered
def exact_version(text: str) -> str | None:
    """The version of a requirement that admits one only (`==1.2` or `===1.2`, no wildcard), else None."""
    if pin := plain_pin(text):
        return pin[1]
    parsed = requirement(text)
    if parsed is None or parsed.url or len(parsed.specifier) != 1:
        return None
    (only,) = parsed.specifier
    return only.version if only.operator in ("==", "===") and not only.version.endswith(".*") else None


def satisfies_pin(installed: str | None, pinned: str | None) -> bool:
    """Whether an installed version is the pinned one: `== pinned` of PEP 440, where a pin without a local label accepts any
    label.

    Texts that are not PEP 440 are compared as `===` does.
    """
    return installed == pinned or (installed is not None and pinned is not None and _satisfies_pin(installed, pinned))


@remembered
def _satisfies_pin(installed: str, pinned: str) -> bool:
    have, want = version(installed), version(pinned)
    if have is None or want is None:
        return installed.strip().lower() == pinned.strip().lower()
    return have == want or (want.local is None and have.local is not None and version(have.public) == want)
