"""`steadypin show`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import format_named, presentation, write_stdout
from steadypin.cli.words import FormatOption, TargetOption, argument, text


class ShowOptions(FormatOption, TargetOption):
    """The options of `steadypin show`."""

    file: Path = argument("A lock or manifest.", metavar="FILE")
    read_as: str | None = text("What the file is, where its name does not say.", name="as", metavar="FORMAT")


def show(options: ShowOptions) -> int:
    """Print one lock or manifest as it is read: packages, places, problems. What it includes is listed, not followed.

    \b
    steadypin show uv.lock
    steadypin show requirements/prod.txt --format json
    steadypin show pins.lock --as requirements
    """
    format = format_named(options.format, ("terminal", "json"), "one file")
    from steadypin.codec import dump_document
    from steadypin.pipeline.showing import read
    from steadypin.reporters import sourcefile

    source = read(options.file, format=options.read_as, target=options.target)
    if format == "json":
        write_stdout(dump_document(sourcefile.document(source)))
    else:
        write_stdout(sourcefile.text(source, presentation()))
    return 0
