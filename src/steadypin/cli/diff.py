"""`steadypin diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_file, write_stdout
from steadypin.cli.settings import settings_for
from steadypin.errors import UsageError
from steadypin.reporters import Presentation
from steadypin.reporters.differences import SUFFIXES, render


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="An environment, snapshot, image, lock, folder, or main:uv.lock.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; what became of A.")],
    format: options.Format = None,
    output: options.Output = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 where there is a difference.")] = False,
    cache_dir: options.CacheDir = None,
) -> int:
    """Tell what was added, removed and moved between two of environments, snapshots, images, locks and revisions of a lock.

    \b
    steadypin diff main:uv.lock uv.lock              what this branch does to the lock
    steadypin diff .venv server.json                 this environment against a server's snapshot
    steadypin diff image.tar:/app/.venv uv.lock --format markdown
    """
    chosen = format or "terminal"
    if chosen not in SUFFIXES.values():
        raise UsageError(f"no format {chosen!r} for diff", hint="terminal, json or markdown")
    files = [(path, _format_of(path)) for path in output or ()]
    from steadypin.pipeline import diffing

    difference = diffing.diff(a, b, settings_for(Path(), cache_dir=cache_dir))
    for path, name in files:
        write_file(path, render(difference, name, Presentation(width=120)))
    write_stdout(render(difference, chosen, presentation()))
    return 1 if exit_code and difference.differs else 0


def _format_of(path: Path) -> str:
    found = SUFFIXES.get(path.suffix)
    if found is None:
        raise UsageError(f"{path}: the suffix names no format", hint=f"one of: {', '.join(SUFFIXES)}")
    return found
