"""Geometry of the pictures: numbers only, in percent of the width, so that a picture fits a phone and a sheet of paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from steadypin.model.comparison import PackageComparison
from steadypin.model.history import HistoryPoint
from steadypin.model.released import Release
from steadypin.reporters.measures import lag_years, moment, parse_moment
from steadypin.values import dataclass

MOST_DUMBBELLS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point on a line: where, in percent, and what it is: "installed", "wanted" or "latest"."""

    x: float
    kind: str
    version: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A year on the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumbbell:
    """One package: the release in use, the wanted and the latest, on the axis of all."""

    name: str
    marks: tuple[Mark, ...]
    years: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """The worst first; `left_out` are behind as well but not drawn."""

    rows: tuple[Dumbbell, ...]
    ticks: tuple[Tick, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The releases of one package: `ticks` are days with a release on a width of 1000, `marks` stand among them."""

    ticks: tuple[int, ...]
    marks: tuple[Mark, ...]
    releases: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measure over time: `points` in percent from the upper left, the first and the last value as text."""

    title: str
    points: tuple[tuple[float, float], ...]
    first: str
    last: str


def ages(packages: Iterable[PackageComparison]) -> Ages | None:
    """The dumbbells; None where no package is known to be behind."""
    lagging = [(years, package) for package in packages if (years := lag_years(package))]
    lagging.sort(key=lambda pair: (-pair[0], pair[1].name))
    if not lagging:
        return None
    shown = lagging[:MOST_DUMBBELLS]
    times = [at for _, package in shown for _, _, at in _points(package)]
    axis = _Axis(min(times), max(times))
    rows = [Dumbbell(name=p.name, marks=_marks(p, axis), years=round(years, 1)) for years, p in shown]
    return Ages(rows=tuple(rows), ticks=axis.years(), left_out=len(lagging) - len(shown))


def timeline(package: PackageComparison, *, most: int = 60) -> Timeline | None:
    """The releases of a package, at most so many days of them; None where fewer than two have a date."""
    releases = package.project.releases if package.project else ()
    times = sorted(at for release in releases if (at := moment(release)))
    if len(times) < 2 or times[0] == times[-1] or not package.behind:
        return None
    axis = _Axis(times[0], times[-1])
    xs = sorted({round(axis.x(at) * 10) for at in times})
    step = -(-len(xs) // most)
    return Timeline(
        ticks=tuple(xs[::step]),
        marks=_marks(package, axis),
        releases=len(times),
        first=_day(times[0]),
        last=_day(times[-1]),
    )


def lines(points: Sequence[HistoryPoint]) -> tuple[Line, ...]:
    """A small plot for each measure that at least two of the points know."""
    titles = {"drifted": "Drifted packages", "unsafe": "Unsafe packages", "libyears": "Libyears", "findings": "Findings"}
    found = []
    for key, title in titles.items():
        known = [(at, float(v)) for p in points if (v := getattr(p, key)) is not None and (at := parse_moment(p.taken_at))]
        if len(known) > 1 and known[0][0] < known[-1][0]:
            found.append(_line(title, known))
    return tuple(found)


def _line(title: str, known: Sequence[tuple[datetime, float]]) -> Line:
    axis, top = _Axis(known[0][0], known[-1][0], margin=1.0), max(value for _, value in known) or 1.0
    at = [(axis.x(time), round(94 - 88 * value / top, 1)) for time, value in known]
    return Line(
        title=title,
        points=tuple(at),
        first=f"{known[0][1]:g}",
        last=f"{known[-1][1]:g}",
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time as percent of the width."""

    start: datetime
    end: datetime
    margin: float = 2.0

    def x(self, at: datetime) -> float:
        span = (self.end - self.start).total_seconds() or 1.0
        return round(self.margin + (100 - 2 * self.margin) * (at - self.start).total_seconds() / span, 1)

    def years(self) -> tuple[Tick, ...]:
        """At most eight years, evenly."""
        found = list(range(self.start.year + 1, self.end.year + 1))
        step = max(1, -(-len(found) // 8))
        return tuple(Tick(x=self.x(datetime(year, 1, 1, tzinfo=timezone.utc)), label=str(year)) for year in found[::step])


def _points(package: PackageComparison) -> Iterable[tuple[str, Release, datetime]]:
    pairs = (("latest", package.newest or package.latest), ("wanted", package.wanted), ("installed", package.release))
    for kind, release in pairs:
        at = moment(release)
        if release is not None and at is not None:
            yield kind, release, at


def _marks(package: PackageComparison, axis: _Axis) -> tuple[Mark, ...]:
    return tuple(Mark(x=axis.x(at), kind=kind, version=release.version, day=_day(at)) for kind, release, at in _points(package))


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
