"""A report as what its page shows: texts and numbers, all decisions made. Templates only lay out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from steadypin.model.advisory import WithdrawnRecord
from steadypin.model.gap import Gap
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.reporters.html import pictures
from steadypin.reporters.html.findings import Excuse, RuleGroup, excuse, rule_groups
from steadypin.reporters.html.graph import Graph, blocker_graph
from steadypin.reporters.html.links import Tile, group_gaps, moment_words
from steadypin.reporters.html.rows import Row, table_rows
from steadypin.reporters.layout import count, names
from steadypin.reporters.measures import Measures, measures
from steadypin.reporters.plain import digest
from steadypin.reporters.terminal import withdrawn_words
from steadypin.values import dataclass


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
    withdrawn: tuple[tuple[str, str], ...] | None
    rows: tuple[Row, ...]
    groups: tuple[str, ...]
    severities: tuple[str, ...]
    ages: pictures.Ages | None
    graph: Graph | None
    history: tuple[pictures.Line, ...]
    history_rows: tuple[tuple[str, ...], ...]
    undated: int
    lookups: bool


def _withdrawn(record: WithdrawnRecord) -> tuple[str, str]:
    return f"{record.name} {record.version}", withdrawn_words(record)


def audit_page(report: Report) -> Page:
    """The page of a report."""
    found = measures(report)
    rows = tuple(table_rows(report, found))
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
        rules=tuple(rule_groups(report)),
        finding_count=len(report.findings),
        gaps=tuple(group_gaps(report.gaps)),
        gap_count=len(report.gaps),
        excused=tuple(excuse(entry) for entry in report.suppressed),
        withdrawn=None if report.withdrawn is None else tuple(_withdrawn(record) for record in report.withdrawn),
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


def _history_rows(report: Report) -> Iterable[tuple[str, ...]]:
    for point in report.history[-30:]:
        numbers = (point.packages, point.drifted, point.unsafe, point.libyears, point.findings, point.gaps)
        label = f" ({point.label})" if point.label else ""
        yield (point.taken_at[:10] + label, *("?" if number is None else f"{number:g}" for number in numbers))
