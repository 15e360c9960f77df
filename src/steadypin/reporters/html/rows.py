"""The table of the four ledgers: a line for each package, and what it opens into."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.model import parse
from steadypin.model.comparison import Blocker, PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.report import Report
from steadypin.reporters.html import pictures
from steadypin.reporters.html.findings import FindingView, place_words, view
from steadypin.reporters.html.links import Link, anchor, is_plain_name, plain_url
from steadypin.reporters.layout import cut, names
from steadypin.reporters.measures import Measures
from steadypin.values import dataclass

FEW_PACKAGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package: the line of the table, its texts cut to fit, and what it opens into."""

    id: str
    name: str
    direct: bool
    groups: tuple[str, ...]
    states: str
    rank: int
    severity: str
    declared: str
    locked: str
    installed: str
    wanted: str
    latest: str
    differs: bool
    movable: bool
    behind: int | None
    age_days: int | None
    held: str
    findings: tuple[FindingView, ...]
    places: tuple[str, ...]
    asked_by: tuple[Link, ...]
    asked_more: int
    held_by: tuple[Link, ...]
    newest: str
    index: Link | None
    timeline: pictures.Timeline | None


def table_rows(report: Report, found: Measures) -> Iterator[Row]:
    """A row for each package, by name."""
    by_package: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.package:
            by_package.setdefault(finding.package, []).append(finding)
    asked = {package.name for package in report.packages}
    for package in report.packages:
        yield _row(package, by_package.get(package.name, []), report, found, asked)


def _row(package: PackageComparison, findings: list[Finding], report: Report, found: Measures, asked: set[str]) -> Row:
    worst = max((finding.severity for finding in findings), default=None)
    locked = sorted({entry.version or entry.kind for entry in package.locked})
    installed = (package.installed[0].version or "?") if package.installed else ""
    asked_by = tuple(_asked_by(package, asked))
    return Row(
        id=anchor(package.name),
        name=package.name,
        direct=package.direct,
        groups=tuple(sorted(_groups(package)))[:12],
        states=_states(package.name, found, failing=worst is not None and worst >= report.fail_on),
        rank=int(worst) if worst is not None else -1,
        severity=str(worst) if worst is not None else "",
        declared=cut(_declared(package), 60),
        locked=cut(", ".join(locked), 30),
        installed=cut(installed, 30),
        wanted=cut(package.wanted.version, 30) if package.wanted else "",
        latest=cut(package.latest.version, 30) if package.latest else "",
        differs=package.name in found.drifted,
        movable=package.name in found.movable,
        behind=package.behind,
        age_days=package.age_days,
        held=names((cut(name, 40) for name in dict.fromkeys(b.name for b in package.blocked_by)), most=2),
        findings=tuple(view(finding, asked, report.environment) for finding in findings),
        places=tuple(_places(package, report.environment)),
        asked_by=asked_by[:12],
        asked_more=max(0, len(asked_by) - 12),
        held_by=tuple(_link(blocker, asked) for blocker in package.blocked_by[:12]),
        newest=package.newest.version if package.newest and package.newest != package.latest else "",
        index=_index(package),
        timeline=pictures.timeline(package, most=60 if len(report.packages) <= FEW_PACKAGES else 30),
    )


def _states(name: str, found: Measures, *, failing: bool) -> str:
    sets = {
        "drifted": found.drifted,
        "unsafe": found.unsafe,
        "outdated": found.outdated,
        "movable": found.movable,
        "held": found.held,
    }
    return " ".join([*(state for state, members in sets.items() if name in members), *(["failing"] if failing else [])])


def _groups(package: PackageComparison) -> set[str]:
    declared = {item.group or item.extra for item in package.declared}
    locked = {name for entry in package.locked for name in (*(entry.groups or ()), *(entry.extras or ()))}
    return {name for name in declared | locked if name}


def _declared(package: PackageComparison) -> str:
    found = []
    for item in package.declared:
        requirement = parse.requirement(item.requirement)
        found.append((str(requirement.specifier) or "any") if requirement else item.requirement)
    return ", ".join(dict.fromkeys(found))


def _places(package: PackageComparison, environment: str | None) -> Iterator[str]:
    yield from (f"declared: {item.requirement}, {item.location}" for item in package.declared[:6])
    yield from (f"locked: {entry.version or entry.kind}, {entry.location}" for entry in package.locked[:6])
    for item in package.installed[:4]:
        yield f"installed: {item.version or '?'}, {place_words(item.location, environment)}"


def _asked_by(package: PackageComparison, known: set[str]) -> Iterator[Link]:
    """Who asks for it, without those who hold it: they are named apart."""
    for demand in package.demands:
        asking = Blocker(name=demand.by, requirement=demand.requirement)
        if asking not in package.blocked_by:
            yield _link(asking, known)


def _link(blocker: Blocker, known: set[str]) -> Link:
    return Link(
        text=f"{blocker.name} asks {blocker.requirement}", href=f"#{anchor(blocker.name)}" if blocker.name in known else ""
    )


def _index(package: PackageComparison) -> Link | None:
    if package.project is None:
        return None
    url = plain_url(package.project.index.rstrip("/") + f"/{package.name}/") if is_plain_name(package.name) else ""
    return Link(text="its page on the index", href=url) if url else None
