"""`steadypin rules` and `steadypin explain`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import format_named, presentation, write_stdout
from steadypin.cli.settings import settings_of
from steadypin.cli.words import FormatOption, LockOption, PythonOption, argument, file, flag, text
from steadypin.errors import UsageError
from steadypin.model.rule import Rule
from steadypin.pipeline.audit import rules as all_rules
from steadypin.reporters.layout import Cell, Column, paragraph, table
from steadypin.text import nearest, shown


class RulesOptions(FormatOption):
    """The options of `steadypin rules`."""


class ExplainOptions(PythonOption, LockOption):
    """The options of `steadypin explain`."""

    rule: str | None = argument("A rule's id; steadypin rules lists them.", default=None, kind="text", metavar="[RULE]")
    why_not_failing: str | None = text("Tell what decides about this package in a check.", metavar="PACKAGE")
    project: Path = file("The project, for --why-not-failing.", default=Path(), metavar="PATH")
    files_only: bool = flag("Locks and manifests alone, for --why-not-failing.")


def rules(options: RulesOptions) -> int:
    """List every rule with its severity.

    \b
    steadypin rules
    steadypin rules --format json
    """
    if format_named(options.format, ("terminal", "json"), "the rules") == "json":
        from steadypin.codec import SCHEMA_VERSION, dump_document

        rows = [{"id": r.id, "severity": str(r.severity), "title": r.title, "why": r.why} for r in all_rules()]
        write_stdout(dump_document({"schema_version": SCHEMA_VERSION, "rules": rows}))
        return 0
    how = presentation()
    columns = (Column(title="rule", most=30), Column(title="severity"), Column(title="what it finds", most=120))
    cells = [[Cell(text=r.id), Cell(text=str(r.severity)), Cell(text=r.title)] for r in all_rules()]
    lines = table(columns, cells, width=how.width, color=how.color, ascii=how.ascii)
    write_stdout("\n".join([*lines, "", "steadypin explain RULE tells more."]) + "\n")
    return 0


def explain(options: ExplainOptions) -> int:
    """Tell what a rule means, with a bad and a good example; or what decides about a package.

    \b
    steadypin explain yanked
    steadypin explain --why-not-failing pip
    """
    package = options.why_not_failing
    if (options.rule is None) == (package is None):
        raise UsageError("explain one thing", hint="steadypin explain RULE, or --why-not-failing PACKAGE")
    if package is None:
        write_stdout(_explanation(_rule(options.rule or "")))
        return 0
    from steadypin.pipeline import check, explaining

    settings = settings_of(options, options.project)
    lines = explaining.why(settings, check.Request(files_only=options.files_only), package)
    write_stdout("".join(f"{shown(line, 1000)}\n" for line in lines))
    return 0


def _rule(name: str) -> Rule:
    known = {rule.id: rule for rule in all_rules()}
    if name not in known:
        close = nearest(name, known)
        raise UsageError(f"no rule {name!r}", hint=f"did you mean {close}?" if close else "steadypin rules lists them")
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
