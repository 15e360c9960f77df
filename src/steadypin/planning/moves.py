"""How big a move from one version to another is: PEP 440 with 0.x and calendar versions understood."""

from __future__ import annotations

from enum import IntEnum

from packaging.version import Version

from steadypin.model import parse
from steadypin.model.released import Project

_CENTURY = 2000
_CALENDAR_SHARE = 0.8


class Size(IntEnum):
    """BIG is what is no major version by its number, and is treated as one: 0.x, and the year of a calendar version."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    BIG = 3
    MAJOR = 4

    @property
    def risky(self) -> bool:
        return self >= Size.BIG


def size(before: str, after: str, *, calendar: bool = False) -> Size:
    """The size of a move in either direction; MAJOR where a text is no PEP 440 version."""
    old, new = parse.version(before), parse.version(after)
    if old is None or new is None:
        return Size.NONE if before == after else Size.MAJOR
    if old == new:
        return Size.NONE
    if old.epoch != new.epoch:
        return Size.MAJOR
    first = _first_difference(old, new)
    if first == 0:
        return Size.BIG if calendar or min(old.major, new.major) == 0 else Size.MAJOR
    if calendar:
        return Size.MINOR if first == 1 else Size.PATCH
    if old.major == 0:
        return Size.BIG if first == 1 or (old.minor == 0 and first == 2) else Size.PATCH
    return Size.MINOR if first == 1 else Size.PATCH


def ceiling(version: str, limit: Size, *, calendar: bool = False) -> str | None:
    """The specifier below which a move from `version` is no bigger than `limit`; None where the version cannot tell."""
    parsed = parse.version(version)
    if parsed is None:
        return None
    numbers = [*parsed.release, 0, 0, 0]
    kept = 2 if limit is Size.PATCH else 1
    if parsed.major == 0 and not calendar:
        kept = 3 if parsed.minor == 0 else 2
    numbers = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    return f"<{epoch}{'.'.join(map(str, numbers))}.dev0"


def is_calendar(version: str, project: Project | None) -> bool:
    """Whether a project counts in years: by four digits, or because its major numbers are the years of its releases."""
    parsed = parse.version(version)
    if parsed is None or parsed.major < 10:
        return False
    if _CENTURY <= parsed.major < _CENTURY + 100:
        return True
    dated = [
        (known.major, release.published[2:4])
        for release in (project.releases[-30:] if project else ())
        if release.published and (known := parse.version(release.version))
    ]
    agreeing = sum(1 for major, year in dated if str(major) == year)
    return len(dated) >= 3 and agreeing >= _CALENDAR_SHARE * len(dated)


def _first_difference(old: Version, new: Version) -> int:
    """Index of the first release number that differs; that of the last but one for what follows the numbers (rc, post)."""
    length = max(len(old.release), len(new.release))
    a, b = ([*v.release, *[0] * (length - len(v.release))] for v in (old, new))
    return next((i for i in range(length) if a[i] != b[i]), 3)
