"""`steadypin show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_stdout
from steadypin.codec import dump_document
from steadypin.errors import UsageError
from steadypin.reporters import sourcefile


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A lock or manifest.")],
    read_as: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="What the file is, where its name does not say.")
    ] = None,
    target: options.Target = None,
    format: options.Format = None,
) -> int:
    """Print one lock or manifest as it is read: packages, places, problems. What it includes is listed, not followed.

    \b
    steadypin show uv.lock
    steadypin show requirements/prod.txt --format json
    steadypin show pins.lock --as requirements
    """
    if format not in (None, "terminal", "json"):
        raise UsageError(f"no format {format!r} for show", hint="terminal or json")
    from steadypin.pipeline.showing import read

    source = read(file, format=read_as, target=target)
    if format == "json":
        write_stdout(dump_document(sourcefile.document(source)))
    else:
        write_stdout(sourcefile.text(source, presentation()))
    return 0
