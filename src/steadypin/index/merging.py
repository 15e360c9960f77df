"""One project from several indexes: all their files together, as pip sees them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from packaging.version import Version

from steadypin.model.released import Project, Release
from steadypin.values import replace


def merge(projects: Sequence[Project]) -> Project:
    """The union of the releases. The first project names the index; the first status that is not "active" counts."""
    if len(projects) == 1:
        return projects[0]
    noted = next((project for project in projects if project.status != "active"), projects[0])
    return replace(
        projects[0],
        releases=_union(projects),
        status=noted.status,
        status_reason=noted.status_reason,
        unreadable=sum(project.unreadable for project in projects),
    )


def _union(projects: Sequence[Project]) -> tuple[Release, ...]:
    """The others' releases put into the longest list where they belong, so that few versions have to be parsed."""
    longest = max(projects, key=lambda project: len(project.releases))
    rows = list(longest.releases)
    before = True
    for project in projects:
        if project is longest:
            before = False
            continue
        for release in project.releases:
            _put(rows, release, before)
    return tuple(rows)


def _put(rows: list[Release], release: Release, before: bool) -> None:
    version = Version(release.version)
    at = bisect_left(rows, version, key=_version)
    if at == len(rows) or _version(rows[at]) != version:
        rows.insert(at, release)
    else:
        rows[at] = _joined(release, rows[at]) if before else _joined(rows[at], release)


def _version(release: Release) -> Version:
    return Version(release.version)


def _joined(one: Release, other: Release) -> Release:
    times = [time for time in (one.published, other.published) if time is not None]
    return Release(
        version=one.version,
        published=min(times, default=None),
        yanked=None if one.yanked is None or other.yanked is None else one.yanked or other.yanked,
        requires_python=one.requires_python or other.requires_python,
        wheels=tuple(dict.fromkeys((*one.wheels, *other.wheels))),
        sdist=one.sdist or other.sdist,
    )
