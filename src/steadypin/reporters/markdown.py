"""Markdown, as GitHub renders it: for a job summary, a pull request or a wiki page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.locked import LockedPackage
from steadypin.model.report import Report
from steadypin.reporters.layout import count
from steadypin.reporters.plain import summary
from steadypin.reporters.reporter import Presentation
from steadypin.reporters.terminal import age, held_by, withdrawn_words
from steadypin.text import shown

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@$:-])")


def escape(text: str) -> str:
    """A hostile text as harmless Markdown: no link, image, HTML, mention, table cell or line break comes alive."""
    return _SPECIAL.sub(r"\\\1", shown(text)).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def code(text: str) -> str:
    """A hostile text as a code span. Backticks and pipes, which would end span or cell, are replaced."""
    safe = shown(text).replace("`", "'").replace("|", "¦").strip()
    return f"`{safe}`" if safe else ""


def section(heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table under a heading ("## Held"; none where empty), its cells already harmless. Nothing where there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        yield from ((heading, "") if heading else ())
        yield from (f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |", *lines, "")


def render(report: Report, presentation: Presentation) -> str:
    """The whole report."""
    del presentation
    lines = ["# steadypin " + escape(report.command), "", _headline(report), ""]
    lines += [*_findings(report), *_packages(report), *_suppressed(report), *_withdrawn(report), *_gaps(report)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _headline(report: Report) -> str:
    counts = summary(report)["findings"]
    parts = ", ".join(f"{number} {name}" for name, number in reversed(counts.items()) if number) or "none"
    place = f" in {code(report.environment)}" if report.environment else ""
    return (
        f"Python {escape(report.target.python)} on {escape(report.target.platform)}{place}, {escape(report.taken_at)}. "
        f"**{count(len(report.packages), 'package')}**, findings: **{parts}**, {count(len(report.gaps), 'gap')}."
    )


def _findings(report: Report) -> Iterator[str]:
    yield from section("## Findings", ("severity", "rule", "finding", "where", "next"), map(_finding, report.findings))


def _finding(finding: Finding) -> Sequence[str]:
    where = "<br>".join(code(str(location)) for location in finding.locations[:3])
    return str(finding.severity), code(finding.rule), escape(finding.message), where, code(finding.remedy)


def _packages(report: Report) -> Iterator[str]:
    """The ledgers. Of a check, which is for every day, only where something is to be said."""
    columns = ("package", "declared", "locked", "installed", "wanted", "latest", "age", "held by")
    named = {finding.package for finding in report.findings}
    shown_ones = [package for package in report.packages if report.command != "check" or package.name in named]
    yield from section("## Packages", columns, map(_package, shown_ones))


def _package(package: PackageComparison) -> Sequence[str]:
    cells = (
        package.name,
        ", ".join(dict.fromkeys(item.requirement for item in package.declared)),
        ", ".join(sorted({entry.version or _unversioned(entry) for entry in package.locked})),
        (package.installed[0].version or "?") if package.installed else "",
        package.wanted.version if package.wanted else "",
        package.latest.version if package.latest else "",
        age(package),
        held_by(package),
    )
    return [code(cell) for cell in cells]


def _unversioned(entry: LockedPackage) -> str:
    return "unpinned" if entry.kind == "index" else entry.kind


def _suppressed(report: Report) -> Iterator[str]:
    rows = (
        (code(entry.finding.rule), escape(entry.finding.message), escape(entry.reason), escape(entry.until or ""))
        for entry in report.suppressed
    )
    yield from section("## Excused", ("rule", "finding", "reason", "until"), rows)


def _withdrawn(report: Report) -> Iterator[str]:
    if report.withdrawn is None:
        return
    yield from ("## Withdrawn advisories, which do not count", "")
    for record in report.withdrawn:
        yield f"- {code(f'{record.name} {record.version}')}: {escape(withdrawn_words(record))}"
    if not report.withdrawn:
        yield "None for what stands here."
    yield ""


def _gaps(report: Report) -> Iterator[str]:
    rows = ((code(gap.subject), escape(gap.stage), escape(gap.reason), escape(gap.detail)) for gap in report.gaps)
    yield from section("## Not found out", ("subject", "stage", "reason", "detail"), rows)
