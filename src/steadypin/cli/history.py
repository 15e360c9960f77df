"""`steadypin history add` and `steadypin history show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_file, write_stdout
from steadypin.errors import UsageError

HistoryFile = Annotated[
    Path,
    typer.Option("--file", envvar="STEADYPIN_HISTORY", metavar="FILE", help="The history: JSON Lines, fit to be committed."),
]
DEFAULT = Path("steadypin-history.jsonl")


def add(
    audit: Annotated[Path, typer.Argument(metavar="AUDIT", help="A report of `steadypin audit -o audit.json`.")],
    file: HistoryFile = DEFAULT,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="A word to this audit: a release, a branch.")] = "",
) -> int:
    """Keep the numbers of an audit as one line. The same audit counts once.

    \b
    steadypin audit -o audit.json && steadypin history add audit.json
    steadypin audit -o report.html --history steadypin-history.jsonl     plots them
    """
    from steadypin.pipeline import history
    from steadypin.text import shown

    made = history.add(audit, file, label=label)
    if made.new:
        write_file(file, made.text)
    write_stdout(f"{shown(str(file))}: {'kept' if made.new else 'already there:'} the audit of {shown(made.point.taken_at)}\n")
    return 0


def show(file: HistoryFile = DEFAULT, format: options.Format = None) -> int:
    """Show the audits that were kept, and what has changed since the first."""
    if format not in (None, "terminal", "json"):
        raise UsageError(f"no format {format!r} for history", hint="terminal or json")
    from steadypin.codec import dump_document
    from steadypin.pipeline import history
    from steadypin.reporters import history as reporter

    points = history.load(file)
    write_stdout(dump_document(reporter.document(points)) if format == "json" else reporter.text(points, presentation()))
    return 0
