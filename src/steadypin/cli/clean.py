"""`steadypin clean`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import write_stdout
from steadypin.cli.settings import settings_for
from steadypin.text import shown

Journal = Annotated[bool, typer.Option("--journal", help="Also forget this project's outcomes and logs.")]
Everything = Annotated[bool, typer.Option("--all", help="Forget every project's.")]


def clean(
    path: options.ProjectPath = Path(), journal: Journal = False, all: Everything = False, cache_dir: options.CacheDir = None
) -> int:
    """Remove scratch environments that an interrupted upgrade left behind.

    \b
    steadypin clean             scratch folders of processes that are gone
    steadypin clean --journal   also what is known of this project's trials
    """
    from steadypin.pipeline import cleaning

    gone, freed = cleaning.clean(settings_for(path, cache_dir=cache_dir), journals=journal, everything=all)
    lines = [f"removed {shown(str(folder))}" for folder in gone]
    write_stdout("".join(f"{line}\n" for line in [*lines, f"{freed / 1e6:.1f} MB freed"]))
    return 0
