"""Conda's own texts: file names of packages and match specifications."""

from __future__ import annotations

import re
from functools import lru_cache

from steadypin.sources.lockfiles.parts import LONGEST, file_name
from steadypin.values import dataclass

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SPEC = re.compile(r"(?:(?P<channel>[^\s:\[]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>.*)", re.DOTALL)
_BRACKETS = re.compile(r"\[(?P<inside>[^\]]*)\]\s*$")
_VERSION_KEY = re.compile(r"version\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\s]+))")
_EXACT = re.compile(r"[A-Za-z0-9_.!+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSpec:
    """A match specification: `version` only where exactly one fits."""

    name: str
    version: str | None = None
    channel: str | None = None
    specifier: str = ""


def is_conda_name(text: str) -> bool:
    """Whether a text may name a conda package; these may begin with "_"."""
    return len(text) <= LONGEST and _NAME.fullmatch(text) is not None


def parse_package_file(url: str) -> tuple[str, str] | None:
    """Name and version of `name-version-build.conda` (or `.tar.bz2`), None where it is no such file."""
    filename = file_name(url) or ""
    for suffix in (".conda", ".tar.bz2"):
        if filename.endswith(suffix):
            parts = filename.removesuffix(suffix).rsplit("-", 2)
            return (parts[0], parts[1]) if len(parts) == 3 and is_conda_name(parts[0]) else None
    return None


@lru_cache(maxsize=16384)
def parse_spec(text: str) -> CondaSpec | None:
    """A match specification as environment.yml writes it, None where it is not one.

    `name=1.2` fits every 1.2.x, `name==1.2`, `name 1.2` and `name=1.2=build` fit 1.2 alone.
    """
    if len(text) > LONGEST:
        return None
    found = _SPEC.fullmatch(text.strip())
    if found is None:
        return None
    rest = found["rest"].strip()
    brackets = _BRACKETS.search(rest)
    if brackets:
        version = _VERSION_KEY.search(brackets["inside"])
        rest = rest[: brackets.start()].strip() or next((part for part in version.groups() if part), "") if version else ""
    return CondaSpec(name=found["name"], version=_exact(rest), channel=found["channel"], specifier=rest)


def _exact(rest: str) -> str | None:
    """The version where the text allows only one."""
    if rest.startswith("=="):
        version, build = rest[2:].strip(), ""
    elif rest.startswith("="):
        version, _, build = rest[1:].strip().partition("=")
        if not build:
            return None
    else:
        version = rest.split()[0].partition("=")[0] if rest else ""
    version = version.split()[0].partition("=")[0] if version else ""
    return version if _EXACT.fullmatch(version) else None
