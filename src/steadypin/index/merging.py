"""One project from several indexes: all their files together, as pip sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.version import Version

from steadypin.model.released import Project, Release


def merge(projects: Sequence[Project]) -> Project:
    """The union of the releases. The first index gives the name of the index, and the first status that is not "active"."""
    if len(projects) == 1:
        return projects[0]
    by_version: dict[Version, Release] = {}
    for project in projects:
        for release in project.releases:
            version = Version(release.version)
            known = by_version.get(version)
            by_version[version] = release if known is None else _joined(known, release)
    noted = next((project for project in projects if project.status != "active"), projects[0])
    return replace(
        projects[0],
        releases=tuple(by_version[version] for version in sorted(by_version)),
        status=noted.status,
        status_reason=noted.status_reason,
        unreadable=sum(project.unreadable for project in projects),
    )


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
