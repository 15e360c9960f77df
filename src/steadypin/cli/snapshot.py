"""`steadypin snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import write_file, write_stdout
from steadypin.cli.settings import settings_for


def snapshot(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of stdout.")] = None,
    emit_script: Annotated[bool, typer.Option("--emit-script", help="Print a script that makes a snapshot elsewhere.")] = False,
    cache_dir: options.CacheDir = None,
) -> int:
    """Write one environment as a JSON file, to be audited on another machine.

    \b
    steadypin snapshot --python .venv -o server.json
    steadypin snapshot --emit-script | ssh server python - > server.json
    steadypin audit --snapshot server.json
    """
    from steadypin.pipeline import snapshots

    if emit_script:
        write_stdout(snapshots.script())
        return 0
    text = snapshots.take(settings_for(path, python=python, cache_dir=cache_dir))
    if output:
        write_file(output, text)
    else:
        write_stdout(text)
    return 0
