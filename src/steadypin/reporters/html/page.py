"""A report as what its page shows: texts and numbers, all decisions made. Templates only lay out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from steadypin.model import parse
from steadypin.model.comparison import Blocker, PackageComparison
from steadypin.model.finding import Finding, Suppressed
from steadypin.model.gap import Gap
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.html import pictures
from steadypin.reporters.html.graph import Graph, blocker_graph
from steadypin.reporters.layout import count, cut, names
from steadypin.reporters.measures import Measures, measures, parse_moment
from steadypin.reporters.plain import digest

MOST_IN_A_GROUP = 40
FEW_PACKAGES = 200

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_URL = re.compile(r"https?://[^\s\"'<>\\@\x00-\x20]+")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ADVISORY = re.compile(r"[A-Za-z0-9:-]{3,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number at a glance. `state` is the filter that shows its rows, `href` where it leads."""

    label: str
    value: str
    note: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A text and where it leads; `href` "" leads nowhere."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding as a page shows it; `id` is "" where only its row shows it."""

    severity: str
    rule: str
    message: str
    places: tuple[str, ...]
    remedy: str
    package: Link | None
    id: str = ""
    advisory: AdvisoryView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryView:
    """A flaw: its names, where it is fixed, and what to read."""

    ids: tuple[Link, ...]
    fixed_in: str
    references: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The findings of one rule at one severity; `names` instead of them where they are many and do not fail: rows tell all."""

    severity: str
    rule: str
    title: str
    why: str
    findings: tuple[FindingView, ...]
    failing: bool
    names: tuple[Link, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """A finding that the policy excuses."""

    finding: FindingView
    reason: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page of an audit or a check."""

    title: str
    command: str
    subject: str
    environment: str
    version: str
    target: str
    taken_at: str
    as_of: str
    advisories_as_of: str
    digest: str
    verdict: str
    tone: str
    fail_on: str
    files: tuple[str, ...]
    notes: tuple[str, ...]
    tiles: tuple[Tile, ...]
    rules: tuple[RuleGroup, ...]
    finding_count: int
    gaps: tuple[tuple[str, str, tuple[Gap, ...]], ...]
    gap_count: int
    excused: tuple[Excuse, ...]
    rows: tuple[Row, ...]
    groups: tuple[str, ...]
    severities: tuple[str, ...]
    ages: pictures.Ages | None
    graph: Graph | None
    history: tuple[pictures.Line, ...]
    history_rows: tuple[tuple[str, ...], ...]
    undated: int
    lookups: bool


def audit_page(report: Report) -> Page:
    """The page of a report."""
    found = measures(report)
    rows = tuple(_rows(report, found))
    return Page(
        title=f"{report.command} of {_subject(report)}",
        command=report.command,
        subject=_subject(report),
        environment=report.environment or "",
        version=report.version,
        target=f"Python {report.target.python} on {report.target.platform}",
        taken_at=report.taken_at,
        as_of=moment_words(report.taken_at),
        advisories_as_of=moment_words(report.advisories_as_of or ""),
        digest=digest(report)[:16],
        verdict=_verdict(report),
        tone="bad" if report.failing else "warn" if report.gaps else "good",
        fail_on=str(report.fail_on),
        files=report.files,
        notes=report.notes,
        tiles=tuple(_tiles(report, found)),
        rules=tuple(_rule_groups(report)),
        finding_count=len(report.findings),
        gaps=tuple(group_gaps(report.gaps)),
        gap_count=len(report.gaps),
        excused=tuple(_excuse(entry) for entry in report.suppressed),
        rows=rows,
        groups=tuple(sorted({group for row in rows for group in row.groups})),
        severities=tuple(str(s) for s in reversed(Severity) if any(f.severity == s for f in report.findings)),
        ages=pictures.ages(report.packages),
        graph=blocker_graph(report.packages),
        history=pictures.lines(report.history),
        history_rows=tuple(_history_rows(report)) if len(report.history) > 1 else (),
        undated=found.undated,
        lookups=report.lookups,
    )


def anchor(name: str) -> str:
    """The id of a package's row: its name where that is harmless, else a digest of it."""
    if _NAME.fullmatch(name):
        return f"p-{name}"
    return "p--" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def plain_url(url: str) -> str:
    """The URL where it is an ordinary web address without a login, else ""."""
    return url if len(url) <= 500 and _URL.fullmatch(url) else ""


def moment_words(text: str) -> str:
    """`24 November 2026, 12:00 UTC`; "" for what is no time."""
    at = parse_moment(text)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC" if at else ""


def _subject(report: Report) -> str:
    if report.environment:
        parts = [part for part in re.split(r"[\\/]", report.environment) if part not in ("", ".")]
        plain = [part for part in parts if not part.startswith(".") and part not in ("venv", "env")]
        if plain:
            return plain[-1]
    return report.files[0] if report.files else "this project"


def _verdict(report: Report) -> str:
    if not report.failing:
        known = " as far as is known" if report.gaps else ""
        return f"Passes{known}: nothing at or above {report.fail_on}"
    return f"Fails: {count(len(report.failing), 'finding')} at or above {report.fail_on}"


def _tiles(report: Report, found: Measures) -> Iterator[Tile]:
    direct = sum(1 for package in report.packages if package.direct)
    yield Tile(label="packages", value=str(found.packages), note=f"{direct} declared directly", href="#show-all")
    yield Tile(
        label="drifted",
        value=str(len(found.drifted)),
        note="environment and lock differ" if found.drifted else "environment and lock agree",
        href="#show-drifted",
        tone="bad" if found.drifted else "good",
    )
    yield _unsafe_tile(report, found)
    yield _number_tile("behind", len(found.outdated), _releases(found), "#show-outdated", known=report.lookups)
    libyears = f"{found.libyears:.1f}" if found.libyears is not None else "?"
    note = f"{count(found.undated, 'package')} without dates" if found.undated else "behind the newest releases"
    yield Tile(label="libyears", value=libyears, note=note, href="#ages" if found.libyears else "#show-all")
    yield _number_tile("can move today", len(found.movable), "allowed by every demand", "#show-movable", known=report.lookups)
    holders = names((name for name, _ in found.holders), most=2)
    yield _number_tile(
        "held back", len(found.held), f"by {holders}" if holders else "by nobody", "#show-held", known=report.lookups
    )
    yield Tile(
        label="not found out",
        value=str(len(report.gaps)),
        note="read these before you trust the rest" if report.gaps else "every question was answered",
        href="#gaps",
        tone="warn" if report.gaps else "good",
    )


def _unsafe_tile(report: Report, found: Measures) -> Tile:
    unknown = report.advisories_as_of is None and not found.unsafe
    note = "no advisories were asked" if unknown else "with known flaws" if found.unsafe else "no known flaws"
    tone = "warn" if unknown else "bad" if found.unsafe else "good"
    return Tile(label="unsafe", value="?" if unknown else str(len(found.unsafe)), note=note, href="#show-unsafe", tone=tone)


def _number_tile(label: str, number: int, note: str, href: str, *, known: bool) -> Tile:
    return Tile(label=label, value=str(number) if known else "?", note=note if known else "no index was asked", href=href)


def _releases(found: Measures) -> str:
    return f"by {count(found.releases_behind or 0, 'release')} in all"


def _rule_groups(report: Report) -> Iterator[RuleGroup]:
    known = {rule.id: rule for rule in report.rules}
    used: Counter[str] = Counter()
    for severity, at_severity in groupby(report.findings, key=lambda finding: finding.severity):
        by_rule = sorted(at_severity, key=lambda finding: (finding.rule, finding.sort_key))
        for rule, members in groupby(by_rule, key=lambda finding: finding.rule):
            found = _together(list(members))
            failing = severity >= report.fail_on
            views = tuple(_with_id(_finding(finding, report.environment), finding, used) for finding in found)
            yield RuleGroup(
                severity=str(severity),
                rule=rule,
                title=known[rule].title if rule in known else "",
                why=known[rule].why if rule in known else "",
                findings=views,
                failing=failing,
                names=() if failing or len(views) <= MOST_IN_A_GROUP else _names(views),
            )


def _with_id(view: FindingView, finding: Finding, used: Counter[str]) -> FindingView:
    """With a place that a link can lead to: the fingerprint, and a number where several have the same."""
    name = f"f-{finding.fingerprint}"
    used[name] += 1
    return replace(view, id=name if used[name] == 1 else f"{name}-{used[name]}")


def _names(views: Iterable[FindingView]) -> tuple[Link, ...]:
    """The packages, each once; nothing where a finding has none."""
    found = {view.package.text: view.package for view in views if view.package}
    return tuple(found.values()) if all(view.package for view in views) else ()


def _together(found: list[Finding]) -> list[Finding]:
    """What has one remedy stands together, so that it need be said once."""
    if len({finding.remedy for finding in found}) == len(found):
        return found
    return sorted(found, key=lambda finding: (finding.remedy, finding.sort_key))


def _finding(finding: Finding, environment: str | None = None) -> FindingView:
    return FindingView(
        severity=str(finding.severity),
        rule=finding.rule,
        message=finding.message,
        places=tuple(_place(location, environment) for location in finding.locations[:8]),
        remedy=finding.remedy,
        package=Link(text=finding.package, href=f"#{anchor(finding.package)}") if finding.package else None,
        advisory=_advisory(finding) if finding.advisory else None,
    )


def _place(location: Location, environment: str | None) -> str:
    """A place, short: what stands in the environment is named by its own folder."""
    text = str(location)
    return text.rsplit("/", 1)[-1] if environment and text.startswith(environment) else text


def _advisory(finding: Finding) -> AdvisoryView | None:
    match = finding.advisory
    if match is None:
        return None
    ids = (match.primary, *(name for name in match.ids if name != match.primary))
    return AdvisoryView(
        ids=tuple(Link(text=name, href=_advisory_url(name) if name in match.records else "") for name in ids[:8]),
        fixed_in=", ".join(match.fixed_in[:6]),
        references=tuple(Link(text=url.split("//", 1)[1], href=url) for url in match.references[:4] if plain_url(url)),
    )


def _advisory_url(name: str) -> str:
    return f"https://osv.dev/vulnerability/{name}" if _ADVISORY.fullmatch(name) else ""


def group_gaps(gaps: Sequence[Gap]) -> Iterator[tuple[str, str, tuple[Gap, ...]]]:
    """By stage and reason."""
    ordered = sorted(gaps, key=lambda gap: (gap.stage, gap.reason, gap.subject))
    for (stage, reason), found in groupby(ordered, key=lambda gap: (gap.stage, gap.reason)):
        yield stage, reason, tuple(found)


def _excuse(entry: Suppressed) -> Excuse:
    return Excuse(finding=_finding(entry.finding), reason=entry.reason, until=entry.until or "")


def _rows(report: Report, found: Measures) -> Iterator[Row]:
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
        findings=tuple(_finding(finding, report.environment) for finding in findings),
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
        yield f"installed: {item.version or '?'}, {_place(item.location, environment)}"


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
    url = plain_url(package.project.index.rstrip("/") + f"/{package.name}/") if _NAME.fullmatch(package.name) else ""
    return Link(text="its page on the index", href=url) if url else None


def _history_rows(report: Report) -> Iterable[tuple[str, ...]]:
    for point in report.history[-30:]:
        numbers = (point.packages, point.drifted, point.unsafe, point.libyears, point.findings, point.gaps)
        label = f" ({point.label})" if point.label else ""
        yield (point.taken_at[:10] + label, *("?" if number is None else f"{number:g}" for number in numbers))
