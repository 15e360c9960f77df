"""For people: the four ledgers side by side, then what is wrong and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from steadypin.model import parse
from steadypin.model.advisory import WithdrawnRecord
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.reporters.layout import Cell, Column, count, cut, names, paragraph, styled, table, width_of
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

STYLE = {
    Severity.CRITICAL: "bold magenta",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
MARK = {Severity.CRITICAL: "X", Severity.HIGH: "!", Severity.MEDIUM: "*", Severity.LOW: "-", Severity.INFO: " "}

FOLD = 6
"""How many findings of one rule are shown where they do not fail the audit; the table above has them all."""

COLUMNS = (
    Column(title="", least=1, most=1),
    Column(title="package", least=14, most=32),
    Column(title="declared", least=8, most=22),
    Column(title="locked", least=7, most=16),
    Column(title="installed", least=9, most=16),
    Column(title="wanted", least=7, most=18),
    Column(title="latest", least=7, most=18),
    Column(title="age", least=10, most=16),
    Column(title="held by", least=8, most=44),
)

ROOMY = 100
ONLY_WHERE_ROOMY = frozenset({"declared", "held by"})
"""Columns that would squeeze the versions in a terminal narrower than `ROOMY`; the findings say the same."""
ONLY_WHERE_KNOWN = frozenset({"wanted", "latest", "age", "held by"})
"""Columns of what an index says: `check` asks none."""


def render(report: Report, presentation: Presentation) -> str:
    """The whole report; nothing is wider than the presentation."""
    lines = [*_head(report, presentation), *_ledgers(report, presentation)]
    lines += [*_findings(report, presentation), *_suppressed(report, presentation), *_withdrawn(report, presentation)]
    lines += _gaps(report, presentation)
    lines += ["", *_totals(report, presentation)]
    text = "\n".join(lines) + "\n"
    return text.encode("ascii", "replace").decode() if presentation.ascii else text


def _head(report: Report, presentation: Presentation) -> Iterator[str]:
    where = f" · {shown(report.environment)}" if report.environment else ""
    title = f"Python {report.target.python} on {shown(report.target.platform)}{where}"
    yield styled(cut(title, presentation.width), "bold", color=presentation.color)
    if report.files:
        yield from paragraph(f"read: {names(map(shown, report.files), most=12)}", width=presentation.width)
    for note in report.notes:
        yield from paragraph(f"note: {shown(note)}", width=presentation.width)


def _ledgers(report: Report, presentation: Presentation) -> list[str]:
    """The table. Of a check, which is for every day, only the packages that something is to be said of."""
    worst: dict[str, Severity] = {}
    for finding in report.findings:
        if finding.package:
            worst[finding.package] = max(finding.severity, worst.get(finding.package, Severity.INFO))
    everything = report.command != "check" or presentation.verbose
    every = [_row(package, worst.get(package.name)) for package in report.packages if everything or package.name in worst]
    if presentation.quiet or not every:
        return []
    kept = [
        i
        for i, column in enumerate(COLUMNS)
        if (presentation.width >= ROOMY or column.title not in ONLY_WHERE_ROOMY)
        and (column.title not in ONLY_WHERE_KNOWN or any(cells[i].text for cells in every))
    ]
    rows = [[cells[i] for i in kept] for cells in every]
    columns = [COLUMNS[i] for i in kept]
    lines = table(columns, rows, width=presentation.width, color=presentation.color, ascii=presentation.ascii)
    return ["", *lines, *_legend(set(worst.values()), presentation)]


def _legend(there: set[Severity], presentation: Presentation) -> list[str]:
    """What the marks of the first column stand for, of those that appear."""
    words = [f"{MARK[severity]} {severity}" for severity in reversed(Severity) if severity in there and MARK[severity].strip()]
    return [styled(cut(", ".join(words), presentation.width), "dim", color=presentation.color)] if words else []


def _row(package: PackageComparison, worst: Severity | None) -> list[Cell]:
    style = STYLE[worst] if worst is not None and worst > Severity.LOW else ""
    locked = ", ".join(sorted({entry.version or entry.kind for entry in package.locked}))
    installed = (package.installed[0].version or "?") if package.installed else ""
    latest = package.latest.version if package.latest else ""
    wanted = package.wanted.version if package.wanted else ""
    differs = bool(locked and installed) and not any(
        parse.satisfies_pin(installed, entry.version) for entry in package.locked if entry.version
    )
    return [
        Cell(text=MARK[worst] if worst is not None else "", style=style),
        Cell(text=shown(package.name), style=style),
        Cell(text=shown(_specifiers(package))),
        Cell(text=shown(locked) or "-"),
        Cell(text=shown(installed) or "-", style="bold red" if differs else ""),
        Cell(text=shown(wanted), style="" if wanted == installed else "green"),
        Cell(text=shown(latest), style="" if latest in (wanted, installed) else "yellow"),
        Cell(text=age(package)),
        Cell(text=shown(held_by(package)), style="dim"),
    ]


def _specifiers(package: PackageComparison) -> str:
    found = []
    for item in package.declared:
        asked = parse.parts(item.requirement)
        found.append((asked.specifier or "any") if asked else item.requirement)
    return ", ".join(dict.fromkeys(found))


def age(package: PackageComparison) -> str:
    """`412 d, -7`: days since the release, and how many releases lie above it."""
    days = f"{package.age_days} d" if package.age_days is not None else ""
    behind = f"-{package.behind}" if package.behind else ""
    return ", ".join(part for part in (days, behind) if part)


def held_by(package: PackageComparison) -> str:
    """Who keeps it from its latest release."""
    parts = []
    for blocker in package.blocked_by:
        requirement = parse.requirement(blocker.requirement)
        specifier = str(requirement.specifier) if requirement else blocker.requirement
        parts.append(f"{blocker.name} {specifier}")
    return "; ".join(parts)


def _findings(report: Report, presentation: Presentation) -> Iterator[str]:
    known = {rule.id: rule for rule in report.rules}
    for severity, at_severity in groupby(report.findings, key=lambda finding: finding.severity):
        by_rule = sorted(at_severity, key=lambda finding: (finding.rule, finding.sort_key))
        for rule_id, found in groupby(by_rule, key=lambda finding: finding.rule):
            yield ""
            yield from _rule_head(severity, rule_id, known.get(rule_id), presentation)
            yield from _lines(list(found), report, presentation)


def _rule_head(severity: Severity, rule_id: str, rule: Rule | None, presentation: Presentation) -> Iterator[str]:
    label = styled(str(severity).upper(), STYLE[severity], color=presentation.color)
    title = f" {rule_id}  {rule.title if rule else ''}"
    yield label + styled(cut(title, presentation.width - len(str(severity))), "bold", color=presentation.color)
    if rule and not presentation.quiet:
        for line in paragraph(rule.why, width=presentation.width, indent="  "):
            yield styled(line, "dim", color=presentation.color)


def _lines(found: list[Finding], report: Report, presentation: Presentation) -> Iterator[str]:
    """One finding a line where it fits; a remedy that neighbours share is said once, below them."""
    if len({finding.remedy for finding in found}) < len(found):
        found = sorted(found, key=lambda finding: (finding.remedy, finding.sort_key))
    most = len(found) if presentation.verbose or found[0].severity >= report.fail_on else FOLD
    for remedy, group in groupby(found[:most], key=lambda finding: finding.remedy):
        for finding in group:
            where = ", ".join(_place(location, report) for location in finding.locations[: 9 if presentation.verbose else 2])
            yield from _item(shown(finding.message), where, presentation)
        for part in _indented(f"-> {shown(remedy)}", presentation) if remedy else ():
            yield styled(part, "green", color=presentation.color)
    if len(found) > most:
        yield f"  - and {len(found) - most} more (--verbose)"


def _item(message: str, where: str, presentation: Presentation) -> Iterator[str]:
    line = f"  - {message}"
    if where and width_of(line) + width_of(where) + 4 <= presentation.width:
        yield line + styled(f"  ({where})", "dim", color=presentation.color)
        return
    yield from paragraph(f"- {message}", width=presentation.width, indent="  ", hanging="  ")
    for part in _indented(where, presentation) if where else ():
        yield styled(part, "dim", color=presentation.color)


def _indented(text: str, presentation: Presentation) -> list[str]:
    return paragraph(text, width=presentation.width, indent="      ")


def _place(location: Location, report: Report) -> str:
    """A place, short: what stands in the environment is named by its own folder."""
    text = str(location)
    if report.environment and text.startswith(report.environment):
        text = text.rsplit("/", 1)[-1]
    return shown(text)


def _suppressed(report: Report, presentation: Presentation) -> Iterator[str]:
    if not report.suppressed or presentation.quiet:
        return
    known = [entry.reason for entry in report.suppressed if entry.in_baseline and not presentation.verbose]
    yield ""
    yield styled("Excused by the policy", "bold", color=presentation.color)
    for reason, found in groupby(sorted(known)):
        text = f"- {count(len(list(found)), 'finding')} {shown(reason)} (--verbose)"
        yield from paragraph(text, width=presentation.width, indent="  ", hanging="  ")
    for entry in report.suppressed:
        if entry.in_baseline and not presentation.verbose:
            continue
        until = f" until {entry.until}" if entry.until else ""
        text = f"- {entry.finding.rule}: {shown(entry.finding.message)} ({shown(entry.reason)}{until})"
        yield from paragraph(text, width=presentation.width, indent="  ", hanging="  ")


def _withdrawn(report: Report, presentation: Presentation) -> Iterator[str]:
    if report.withdrawn is None:
        return
    yield ""
    yield styled("Withdrawn advisories, which do not count", "bold", color=presentation.color)
    for record in report.withdrawn:
        text = f"- {record.name} {record.version}: {withdrawn_words(record)}"
        yield from paragraph(shown(text), width=presentation.width, indent="  ", hanging="  ")
    if not report.withdrawn:
        yield "  none for what stands here"


def withdrawn_words(record: WithdrawnRecord) -> str:
    """Which record it is, since when, and what it said."""
    return f"{record.id} (withdrawn {record.withdrawn[:10]}){': ' if record.summary else ''}{record.summary}"


def _gaps(report: Report, presentation: Presentation) -> Iterator[str]:
    if not report.gaps:
        return
    yield ""
    yield styled("Not found out", "bold yellow", color=presentation.color)
    by_reason = sorted(report.gaps, key=lambda gap: (gap.stage, gap.reason, gap.subject))
    for (stage, reason), group in groupby(by_reason, key=lambda gap: (gap.stage, gap.reason)):
        found = list(group)
        subjects = names(
            (shown(gap.subject, 80) for gap in found if gap.subject != stage), most=99 if presentation.verbose else 6
        )
        said = ": ".join(part for part in (f"{stage}, {reason}", subjects, shown(found[0].detail)) if part)
        yield from paragraph(f"- {said}", width=presentation.width, indent="  ")


def _totals(report: Report, presentation: Presentation) -> Iterator[str]:
    by_severity = [(severity, _count(report.findings, severity)) for severity in reversed(Severity)]
    parts = [f"{number} {severity}" for severity, number in by_severity if number]
    found = f"{count(len(report.findings), 'finding')} ({', '.join(parts)})" if parts else "no findings"
    outdated = sum(1 for package in report.packages if package.behind)
    behind = f", {outdated} behind" if report.lookups else ""
    line = f"{count(len(report.packages), 'package')}{behind}, {found}"
    line += f", {len(report.suppressed)} excused" if report.suppressed else ""
    line += f", {count(len(report.gaps), 'gap')}" if report.gaps else ""
    style = "bold red" if report.failing else "bold green"
    verdict = f"fails at {report.fail_on}" if report.failing else f"nothing at or above {report.fail_on}"
    for text in paragraph(f"{line}: {verdict}", width=presentation.width):
        yield styled(text, style, color=presentation.color)


def _count(findings: Iterable[Finding], severity: Severity) -> int:
    return sum(1 for finding in findings if finding.severity == severity)
