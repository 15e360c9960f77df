"""`steadypin rules` and `steadypin explain`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_stdout
from steadypin.cli.settings import settings_for
from steadypin.codec import SCHEMA_VERSION, dump_document
from steadypin.errors import UsageError
from steadypin.model.rule import Rule
from steadypin.pipeline.audit import rules as all_rules
from steadypin.reporters.layout import Cell, Column, paragraph, table
from steadypin.text import shown


def rules(format: options.Format = "terminal") -> None:
    """List every rule with its severity.

    \b
    steadypin rules
    steadypin rules --format json
    """
    if format == "json":
        rows = [{"id": r.id, "severity": str(r.severity), "title": r.title, "why": r.why} for r in all_rules()]
        write_stdout(dump_document({"schema_version": SCHEMA_VERSION, "rules": rows}))
        return
    if format != "terminal":
        raise UsageError(f"no format {format!r} for rules", hint="terminal or json")
    how = presentation()
    columns = (Column(title="rule", most=30), Column(title="severity"), Column(title="what it finds", most=120))
    cells = [[Cell(text=r.id), Cell(text=str(r.severity)), Cell(text=r.title)] for r in all_rules()]
    lines = table(columns, cells, width=how.width, color=how.color, ascii=how.ascii)
    write_stdout("\n".join([*lines, "", "steadypin explain RULE tells more."]) + "\n")


def explain(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="A rule's id; steadypin rules lists them.")] = None,
    why_not_failing: Annotated[
        str | None,
        typer.Option("--why-not-failing", metavar="PACKAGE", help="Tell what decides about this package in a check."),
    ] = None,
    project: Annotated[Path, typer.Option("--project", metavar="PATH", help="The project, for --why-not-failing.")] = Path(),
    python: options.Python = None,
    files_only: Annotated[bool, typer.Option("--files-only", help="Locks and manifests alone, for --why-not-failing.")] = False,
    lock: options.Lock = None,
) -> None:
    """Tell what a rule means, with a bad and a good example; or what decides about a package.

    \b
    steadypin explain yanked
    steadypin explain --why-not-failing pip
    """
    if (rule is None) == (why_not_failing is None):
        raise UsageError("explain one thing", hint="steadypin explain RULE, or --why-not-failing PACKAGE")
    if why_not_failing is None:
        write_stdout(_explanation(_rule(rule or "")))
        return
    from steadypin.pipeline import check, explaining

    settings = settings_for(project, python=python, locks=tuple(lock or ()))
    lines = explaining.why(settings, check.Request(files_only=files_only), why_not_failing)
    write_stdout("".join(f"{shown(line, 1000)}\n" for line in lines))


def _rule(name: str) -> Rule:
    known = {rule.id: rule for rule in all_rules()}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise UsageError(f"no rule {name!r}", hint=f"did you mean {close[0]}?" if close else "steadypin rules lists them")
    return known[name]


def _explanation(rule: Rule) -> str:
    width = presentation().width
    lines = [f"{rule.id} ({rule.severity}): {rule.title}", ""]
    lines += paragraph(rule.why, width=width)
    lines += ["", *paragraph(f"Bad:  {rule.bad}", width=width), *paragraph(f"Good: {rule.good}", width=width), ""]
    lines += [
        f'Silence it in [tool.steadypin]: severity.{rule.id} = "off"',
        f'or for one package: [[tool.steadypin.ignore]] rule = "{rule.id}", package = "…", reason = "…"',
    ]
    return "\n".join(lines) + "\n"
