"""How risky one change is, as points that each have a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.released import Project, Release
from steadypin.planning.clock import months_between
from steadypin.planning.moves import Size, is_calendar, size
from steadypin.values import dataclass

_BASE = {Size.NONE: 0, Size.PATCH: 1, Size.MINOR: 3, Size.BIG: 6, Size.MAJOR: 8}
_WORDS = {Size.NONE: "same version", Size.PATCH: "patch", Size.MINOR: "minor", Size.MAJOR: "major"}
_MEDIUM, _HIGH = 5, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """`points` from 0 up, and why: short clauses, the weightiest first."""

    size: Size
    points: int
    reasons: tuple[str, ...]

    @property
    def word(self) -> str:
        return level(self.points)


def level(points: int) -> str:
    """low, medium or high."""
    return "high" if points >= _HIGH else "medium" if points >= _MEDIUM else "low"


def assess(
    name: str,
    before: str,
    after: str,
    *,
    package: PackageComparison | None,
    direct: bool,
    dependents: int,
    uses: Mapping[str, int] | None,
) -> Risk:
    """The risk of moving one package. `dependents` counts packages here that require it, `uses` modules of it that the
    project's code imports."""
    project = package.project if package else None
    calendar = is_calendar(before, project) or is_calendar(after, project)
    moved = size(before, after, calendar=calendar)
    reasons = [(_BASE[moved] + _majors_beyond(before, after, moved), _words(before, moved, calendar))]
    reasons += list(_history(before, after, project))
    reasons += [(2, "direct")] if direct else []
    used = (uses or {}).get(name, 0)
    if used:
        reasons.append((min(4, 1 + used // 3), f"imported here ({used} module{'s' * (used != 1)})"))
    if dependents:
        reasons.append(
            (min(3, dependents // 4), f"{dependents} package{'s' * (dependents != 1)} here need{'s' * (dependents == 1)} it")
        )
    reasons += list(_release_signs(after, project))
    points = sum(weight for weight, _ in reasons)
    return Risk(size=moved, points=points, reasons=tuple(text for _, text in reasons))


def _words(before: str, moved: Size, calendar: bool) -> str:
    if moved is Size.BIG:
        return "new year of a calendar version" if calendar else "minor of a 0.x version"
    return _WORDS[moved]


def _majors_beyond(before: str, after: str, moved: Size) -> int:
    old, new = parse.version(before), parse.version(after)
    if moved is not Size.MAJOR or old is None or new is None:
        return 0
    return min(3, abs(new.major - old.major) - 1)


def _history(before: str, after: str, project: Project | None) -> Iterator[tuple[int, str]]:
    """Releases and months that the move skips."""
    old, new = _find(project, before), _find(project, after)
    if project is None or old is None or new is None:
        return
    skipped = abs(project.releases.index(new) - project.releases.index(old))
    months = months_between(old.published, new.published) if old.published and new.published else 0
    text = f"{skipped} release{'s' * (skipped != 1)}" + (f" in {months} month{'s' * (months != 1)}" if months else "")
    yield min(3, skipped // 10 + months // 24), text


def _release_signs(after: str, project: Project | None) -> Iterator[tuple[int, str]]:
    new = _find(project, after)
    if project is None or new is None:
        return
    if new.sdist and not new.wheels:
        yield 2, "source distribution only"
    place = project.releases.index(new)
    if any(release.yanked is not None for release in project.releases[max(0, place - 2) : place + 3]):
        yield 1, "a neighbouring release was yanked"


def _find(project: Project | None, version: str) -> Release | None:
    releases = project.releases if project else ()
    return next((release for release in reversed(releases) if parse.satisfies_pin(version, release.version)), None)
