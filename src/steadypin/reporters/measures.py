"""A report in numbers: how many packages drifted, are unsafe, lag behind, can move, are held and by whom.

Libyears are those of Cox, Bouwers, van Eekelen and Visser (ICSE 2015): for each package the time from the release that is in
use to the newest stable one, never below zero, summed over the packages. One whose dates are not known counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.released import Release
from steadypin.model.report import Report
from steadypin.values import dataclass

DRIFT = frozenset({"installed-not-locked", "locked-not-installed", "version-differs", "source-differs", "installed-not-chosen"})
"""The rules that say that environment and lock are not the same."""

UNSAFE = frozenset({"vulnerable", "malicious"})
"""The rules that say that a version is not safe to run."""

_YEAR = 365.25 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Names by what is true of them, and sums over all packages.

    `libyears` and `releases_behind` are None where no index was asked; `undated` are packages that are missing in `libyears`.
    `holders` are pairs of who holds and the names held, the one that holds most first.
    """

    packages: int
    drifted: frozenset[str]
    unsafe: frozenset[str]
    outdated: frozenset[str]
    movable: frozenset[str]
    held: frozenset[str]
    holders: tuple[tuple[str, tuple[str, ...]], ...]
    libyears: float | None
    undated: int
    releases_behind: int | None


def measures(report: Report) -> Measures:
    """The numbers of a report."""
    lags = [lag_years(package) for package in report.packages if package.current]
    return Measures(
        packages=len(report.packages),
        drifted=_named_by(report, DRIFT),
        unsafe=_named_by(report, UNSAFE),
        outdated=frozenset(package.name for package in report.packages if package.behind),
        movable=frozenset(package.name for package in report.packages if can_move(package)),
        held=frozenset(package.name for package in report.packages if package.blocked_by),
        holders=_holders(report.packages),
        libyears=round(sum(lag for lag in lags if lag is not None), 2) if report.lookups else None,
        undated=sum(1 for lag in lags if lag is None),
        releases_behind=sum(package.behind or 0 for package in report.packages) if report.lookups else None,
    )


def numbers(found: Measures) -> Mapping[str, int | float | None]:
    """The numbers alone, with the names that JSON and history lines have."""
    return {
        "packages": found.packages,
        "drifted": len(found.drifted),
        "unsafe": len(found.unsafe),
        "outdated": len(found.outdated),
        "can_move": len(found.movable),
        "held": len(found.held),
        "libyears": found.libyears,
        "undated": found.undated,
        "releases_behind": found.releases_behind,
    }


def can_move(package: PackageComparison) -> bool:
    """Whether a newer release suits every demand on it."""
    have = parse.version(package.current or "")
    there = parse.version(package.wanted.version) if package.wanted else None
    return have is not None and there is not None and there > have


def lag_years(package: PackageComparison) -> float | None:
    """Years from the release in use to the newest; None where a date is not known."""
    used, newest = moment(package.release), moment(package.newest or package.latest)
    if used is None or newest is None:
        return None
    have, top = parse.version(package.current or ""), parse.version((package.newest or package.latest or Release("")).version)
    if have is not None and top is not None and top <= have:
        return 0.0
    return max(0.0, (newest - used).total_seconds() / _YEAR)


def moment(release: Release | None) -> datetime | None:
    """When a release was published, in UTC; None where that is not known."""
    return parse_moment(release.published) if release and release.published else None


def parse_moment(text: str) -> datetime | None:
    """An ISO 8601 text as a time in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _named_by(report: Report, rules: frozenset[str]) -> frozenset[str]:
    return frozenset(finding.package for finding in report.findings if finding.package and finding.rule in rules)


def _holders(packages: Iterable[PackageComparison]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    held: dict[str, set[str]] = {}
    for package in packages:
        for blocker in package.blocked_by:
            held.setdefault(blocker.name, set()).add(package.name)
    rows = [(name, tuple(sorted(names))) for name, names in held.items()]
    return tuple(sorted(rows, key=lambda row: (-len(row[1]), row[0])))
