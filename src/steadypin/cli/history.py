"""`steadypin history add` and `steadypin history show`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli import words
from steadypin.cli.output import check_writable, format_named, presentation, write_file, write_stdout
from steadypin.cli.words import FormatOption, Options


class HistoryOptions(Options):
    """What both have."""

    file: Path = words.file(
        "The history: JSON Lines, fit to be committed.",
        default=Path("steadypin-history.jsonl"),
        metavar="FILE",
        variable="STEADYPIN_HISTORY",
    )


class AddOptions(HistoryOptions):
    """The options of `steadypin history add`."""

    audit: Path = words.argument("A report of `steadypin audit -o audit.json`.", metavar="AUDIT")
    label: str = words.text("A word to this audit: a release, a branch.", default="", metavar="TEXT")


class ShowOptions(HistoryOptions, FormatOption):
    """The options of `steadypin history show`."""


def add(options: AddOptions) -> int:
    """Keep the numbers of an audit as one line. The same audit counts once.

    \b
    steadypin audit -o audit.json && steadypin history add audit.json
    steadypin audit -o report.html --history steadypin-history.jsonl     plots them
    """
    check_writable(options.file)
    from steadypin.pipeline import history
    from steadypin.text import shown

    made = history.add(options.audit, options.file, label=options.label)
    if made.new:
        write_file(options.file, made.text)
    what = "kept" if made.new else "already there:"
    write_stdout(f"{shown(str(options.file))}: {what} the audit of {shown(made.point.taken_at)}\n")
    return 0


def show(options: ShowOptions) -> int:
    """Show the audits that were kept, and what has changed since the first.

    \b
    steadypin history show
    steadypin history show --file numbers.jsonl --format json
    """
    format = format_named(options.format, ("terminal", "json"), "a history")
    from steadypin.codec import dump_document
    from steadypin.pipeline import history
    from steadypin.reporters import history as reporter

    points = history.load(options.file)
    write_stdout(dump_document(reporter.document(points)) if format == "json" else reporter.text(points, presentation()))
    return 0
