"""What the names of well-known base images tell: system, C library, Python. From a dated table that ships with steadypin.

An image that is not in the table is not guessed at: the user says its C library.
"""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import Any

from steadypin.errors import UsageError
from steadypin.model.readiness import ImageBase
from steadypin.model.standard_library import REMOVED_MODULES
from steadypin.text import shown

_LEVEL = re.compile(r"(\d{1,2}\.\d{1,2})(?:\.\d+)?")
_PYTHON_TAG = re.compile(r"(\d\.\d{1,2}(?:\.\d{1,2})?)(?:(?:a|b|rc)\d+)?$")
_PYTHON_IN_TAG = re.compile(r"python-?(\d)\.?(\d{1,2})")


@functools.cache
def table() -> Any:
    """The whole table."""
    return json.loads(resources.files("steadypin.sources").joinpath("bases.json").read_text("utf-8"))


def as_of() -> str:
    """The day of the table (ISO)."""
    return str(table()["as_of"])


def python_ends(python: str) -> str | None:
    """The day on which a Python (any text that starts with its minor version) gets no more fixes; None where not known."""
    return table()["python_ends"].get(".".join(python.split(".")[:2]))  # type: ignore[no-any-return]


def removed_modules(python: str) -> tuple[str, ...]:
    """Modules of the standard library that this Python no longer has."""
    minor = tuple(int(part) for part in re.findall(r"\d+", python)[:2])
    return tuple(sorted(name for name, since in REMOVED_MODULES.items() if minor >= since))


def describe_base(name: str) -> ImageBase:
    """What the name of an image tells; fields stay empty where it tells nothing."""
    reference = name.strip().partition("@")[0]
    path, _, tag = reference.rpartition(":") if ":" in reference.rpartition("/")[2] else (reference, "", "")
    last = path.rpartition("/")[2].lower()
    system, python = _system(path.lower(), last, tag.lower())
    known = table()["systems"].get(system) if system else None
    if known is None:
        return ImageBase(name=shown(name, 200), python=python, known_by="")
    own = python or (known.get("python") if last != "python" else None)
    level = known["level"]
    if system == "alpine" and (found := re.search(r"3\.(\d+)", tag.partition("alpine")[2] or tag if last == "alpine" else "")):
        level = "1.2" if int(found[1]) >= 13 else "1.1"
    return ImageBase(
        name=shown(name, 200),
        python=own,
        libc=known["libc"],
        level=level,
        family=known["family"],
        slim="slim" in tag or system == "alpine" or "distroless" in path,
        known_by=f"table of {as_of()}",
    )


def _system(path: str, last: str, tag: str) -> tuple[str | None, str | None]:
    """(system, Python version) of an image."""
    if last == "python" and "lambda" in path:
        version = _PYTHON_TAG.match(tag.partition("-")[0])
        minor = version[1] if version else None
        return (None if minor is None else "amazon2023" if _at_least(minor, (3, 12)) else "amazon2"), minor
    suites = [word for word in re.split(r"[-.]", tag) if word in table()["systems"]]
    if last == "python":
        version = _PYTHON_TAG.match(tag.partition("-")[0])
        python = version[1] if version else None
        minor = ".".join(python.split(".")[:2]) if python else ""
        if "alpine" in tag:
            return "alpine", python
        return (suites[0] if suites else table()["python_suites"].get(minor)), python
    within = _PYTHON_IN_TAG.search(f"{last}:{tag}")
    python = f"{within[1]}.{within[2]}" if within else None
    if "alpine" in tag or last == "alpine":
        return "alpine", python
    if "distroless" in path and (found := re.search(r"debian(\d+)", last)):
        return table()["images"]["debian"].get(found[1]), python
    if suites:
        return suites[0], python
    stems = [stem for stem in table()["images"] if last == stem or path.endswith(f"{stem}/{last}")]
    versions: dict[str, str] = table()["images"][stems[0]] if stems else {}
    first = tag.partition("-")[0]
    major = first if first in versions else first.partition(".")[0]
    return versions.get(major, versions.get("")), python


def _at_least(minor: str, other: tuple[int, int]) -> bool:
    return tuple(int(part) for part in minor.split(".")[:2]) >= other


def with_library(base: ImageBase, *, glibc: str | None, musl: str | None) -> ImageBase:
    """The base with the C library that the user says it has. Raises UsageError."""
    from steadypin.values import replace

    if glibc and musl:
        raise UsageError("--glibc and --musl exclude each other", hint="a base image has one C library")
    text = glibc or musl
    if text is None:
        return base
    found = _LEVEL.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{shown(text, 40)!r} is not a version of a C library", hint="give it as --glibc 2.36 or --musl 1.2")
    return replace(base, libc="glibc" if glibc else "musl", level=found[1], known_by="option")
