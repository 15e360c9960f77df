"""What an index offers, seen from one package of one environment: latest, wanted, how far behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from steadypin.model import parse
from steadypin.model.comparison import Blocker, Demand
from steadypin.model.released import Project, Release
from steadypin.model.target import Target

if TYPE_CHECKING:
    from datetime import datetime

    from packaging.version import Version


def find(project: Project, version: str) -> Release | None:
    """The release of a version, by text or by PEP 440 equality (a local label is ignored where the index has none)."""
    for release in reversed(project.releases):
        if release.version == version:
            return release
    return next((release for release in reversed(project.releases) if parse.satisfies_pin(version, release.version)), None)


def installable(release: Release, target: Target) -> bool:
    """Whether the target's interpreter can take this release: Requires-Python, and a wheel that fits or an sdist."""
    if not target.accepts_python(release.requires_python):
        return False
    if release.sdist or not release.wheels:
        return True
    return any(target.accepts_wheel(wheel) is not False for wheel in release.wheels)


def offered(project: Project, *, prereleases: bool) -> Iterator[tuple[Release, Version]]:
    """Releases that a user may be moved to, the newest first: not yanked, stable unless asked otherwise."""
    for release in reversed(project.releases):
        version = parse.version(release.version)
        if version is None or release.yanked is not None:
            continue
        if version.is_prerelease and not prereleases:
            continue
        yield release, version


def first(candidates: Iterator[tuple[Release, Version]], accept: Callable[[Release], bool]) -> Release | None:
    """The newest that is accepted."""
    return next((release for release, _ in candidates if accept(release)), None)


def accepted(release: Release, demands: Sequence[Demand]) -> bool:
    """Whether every demand admits the release."""
    return not any(demand.refuses(release.version) for demand in demands)


def old_enough(release: Release, taken_at: str, cooldown_days: int) -> bool:
    """Whether a release has outlived the cooldown; one without a date has not."""
    if cooldown_days <= 0:
        return True
    age = age_days(release, taken_at)
    return age is not None and age >= cooldown_days


def age_days(release: Release, taken_at: str) -> int | None:
    """Whole days from publication to the time of the facts."""
    from datetime import timedelta

    published, taken = moment(release.published), moment(taken_at)
    if published is None or taken is None:
        return None
    return max(0, (taken - published) // timedelta(days=1))


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 text as a time in UTC, None where it is not one."""
    if not text:
        return None
    from datetime import datetime, timezone

    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def behind(project: Project, current: str | None, latest: Release | None) -> int | None:
    """How many stable releases lie above the current version, up to and with the latest."""
    have = parse.version(current or "")
    top = parse.version(latest.version) if latest else None
    if have is None or top is None:
        return None
    count = 0
    for _, version in offered(project, prereleases=False):
        if version <= have:
            break
        count += version <= top
    return count


def blockers(
    latest: Release | None, newest: Release | None, wanted: Release | None, demands: Sequence[Demand]
) -> tuple[Blocker, ...]:
    """Who keeps a package from its latest release, and from its newest where this Python cannot take that."""
    found = set()
    if latest and latest != wanted:
        found = {
            Blocker(name=demand.by, requirement=demand.requirement) for demand in demands if demand.refuses(latest.version)
        }
    if newest and newest != latest and newest.requires_python:
        found.add(Blocker(name="python", requirement=newest.requires_python))
    return tuple(sorted(found))
