"""Targets that are not at hand: `python=3.12,platform=linux_aarch64`, made complete without that machine."""

from __future__ import annotations

import re
import sys

from steadypin.errors import UsageError
from steadypin.model.target import Target
from steadypin.sources.tags import LEGACY_MANYLINUX, Abi, Platform, marker_variables, wheel_tags
from steadypin.text import printable

NEWEST_GLIBC = (2, 39)
NEWEST_MUSL = (1, 2)
NEWEST_MACOS = (15, 0)
"""What a short platform name stands for: wheels up to manylinux_2_39, musllinux_1_2 and macosx_15_0 fit. A full wheel
platform tag (`manylinux_2_28_x86_64`) says it exactly."""

PLATFORMS: dict[str, Platform] = {
    "linux_x86_64": Platform(system="linux_x86_64", glibc=NEWEST_GLIBC),
    "linux_aarch64": Platform(system="linux_aarch64", glibc=NEWEST_GLIBC),
    "musllinux_x86_64": Platform(system="linux_x86_64", musl=NEWEST_MUSL),
    "musllinux_aarch64": Platform(system="linux_aarch64", musl=NEWEST_MUSL),
    "macos_arm64": Platform(system="macosx_11_0_arm64", macos=NEWEST_MACOS, machine="arm64"),
    "macos_x86_64": Platform(system="macosx_10_9_x86_64", macos=NEWEST_MACOS, machine="x86_64"),
    "windows_x86_64": Platform(system="win_amd64"),
}
_SYNONYMS = {
    "linux": "linux_x86_64",
    "macos": "macos_arm64",
    "windows": "windows_x86_64",
    "linux_arm64": "linux_aarch64",
    "macos_aarch64": "macos_arm64",
    "windows_amd64": "windows_x86_64",
}
_PYTHON = re.compile(r"(?P<major>[23])\.(?P<minor>\d{1,2})(?P<patch>\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?)?(?P<thread>t?)")
_HINT = "give it as python=3.12,platform=linux_x86_64 (either part may be left out)"


def parse_target(text: str, *, base: Target | None = None) -> Target:
    """The target that an option describes.

    What it leaves out is taken from `base` (the audited environment's target), else from the Python that runs this. "3.12"
    means 3.12.0, or the base's own patch release where that is a 3.12; "3.13t" is the free-threaded build. Raises UsageError.
    """
    given = _parts(text)
    base = base or running_target()
    python, free_threaded = _python(given.get("python"), base)
    platform_text = given.get("platform")
    if platform_text is None and python == base.python and not free_threaded:
        return base
    platform = platform_of(base) if platform_text is None else parse_platform(platform_text)
    environment = marker_variables(platform, python)
    if platform_text is None:
        environment = _keep_platform(environment, base)
    numbers = _minor(python)
    return Target(
        python=python,
        platform=platform.short_name,
        source="option",
        environment=environment,
        tags=wheel_tags("cpython", numbers, Abi(free_threaded=free_threaded), platform),
    )


def running_target() -> Target:
    """The target of the interpreter that runs this."""
    from steadypin.sources.interpreter import running_facts, target_of

    return target_of(running_facts(), source=f"interpreter {sys.executable}")


def parse_platform(text: str) -> Platform:
    """A short name of `PLATFORMS`, or a wheel platform tag. Raises UsageError that lists the choices."""
    name = text.strip().lower().replace("-", "_")
    known = PLATFORMS.get(_SYNONYMS.get(name, name))
    parsed = known or parse_platform_tag(name)
    if parsed is None:
        raise UsageError(
            f"unknown platform {printable(text, 60)!r}",
            hint=f"choose one of {', '.join(PLATFORMS)}, or a wheel platform tag such as manylinux_2_28_x86_64",
        )
    return parsed


def parse_platform_tag(tag: str) -> Platform | None:
    """The platform of a wheel platform tag; None where it is none that is known."""
    if found := re.fullmatch(r"(manylinux|musllinux|macosx)_(\d{1,2})_(\d{1,2})_([a-z0-9_]{2,20})", tag):
        level = (int(found[2]), int(found[3]))
        if found[1] == "macosx":
            return Platform(system=tag, macos=level, machine=found[4]) if level >= (10, 4) else None
        if found[1] == "musllinux":
            return Platform(system=f"linux_{found[4]}", musl=level)
        return Platform(system=f"linux_{found[4]}", glibc=level)
    for level, legacy in LEGACY_MANYLINUX.items():
        if tag.startswith(legacy + "_") and re.fullmatch(r"[a-z0-9_]{2,20}", tag[len(legacy) + 1 :]):
            return Platform(system=f"linux_{tag[len(legacy) + 1 :]}", glibc=level)
    if tag in ("win32", "win_amd64", "win_arm64"):
        return Platform(system=tag)
    if re.fullmatch(r"linux_(i686|armv7l|ppc64le|s390x|riscv64|loongarch64)", tag):
        return Platform(system=tag, glibc=NEWEST_GLIBC)
    return None


def _parts(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value or key not in ("python", "platform"):
            raise UsageError(f"cannot understand {printable(part, 60)!r} in the target {printable(text, 120)!r}", hint=_HINT)
        if key in given:
            raise UsageError(f"{key} is given twice in the target {printable(text, 120)!r}", hint=_HINT)
        given[key] = value
    return given


def _python(text: str | None, base: Target) -> tuple[str, bool]:
    if text is None:
        return base.python, False
    found = _PYTHON.fullmatch(text)
    if found is None:
        raise UsageError(f"{printable(text, 60)!r} is not a Python version", hint="give it as 3.12 or 3.12.4")
    minor = f"{found['major']}.{found['minor']}"
    if found["patch"]:
        return minor + found["patch"], bool(found["thread"])
    same = base.python.split(".")[:2] == minor.split(".")
    return base.python if same else f"{minor}.0", bool(found["thread"])


def _minor(python: str) -> tuple[int, int]:
    major, minor = re.findall(r"\d+", python)[:2]
    return int(major), int(minor)


def platform_of(base: Target) -> Platform:
    """The platform behind a target, by its best wheel tags where it has any."""
    platforms = list(dict.fromkeys(tag.rsplit("-", 1)[-1] for tag in base.tags))
    for tag in platforms:
        if tag.startswith(("manylinux_", "musllinux_", "macosx_", "win")) and (parsed := parse_platform_tag(tag)):
            return parsed
    return PLATFORMS.get(base.platform) or parse_platform_tag(base.platform) or Platform(system=base.platform)


def _keep_platform(environment: tuple[tuple[str, str], ...], base: Target) -> tuple[tuple[str, str], ...]:
    """The base's own words for its machine: another Python on the same platform."""
    theirs = dict(base.environment)
    kept = ("os_name", "platform_machine", "platform_release", "platform_system", "platform_version", "sys_platform")
    return tuple((name, theirs.get(name, value) if name in kept else value) for name, value in environment)
