"""`steadypin clean`."""

from __future__ import annotations

from steadypin.cli.output import write_stdout
from steadypin.cli.settings import settings_of
from steadypin.cli.words import CacheOption, PathArgument, flag
from steadypin.text import shown


class CleanOptions(PathArgument, CacheOption):
    """The options of `steadypin clean`."""

    journal: bool = flag("Also forget this project's outcomes and logs.")
    all: bool = flag("Forget every project's.")


def clean(options: CleanOptions) -> int:
    """Remove scratch environments that an interrupted upgrade left behind.

    \b
    steadypin clean             scratch folders of processes that are gone
    steadypin clean --journal   also what is known of this project's trials
    """
    from steadypin.pipeline import cleaning

    gone, freed = cleaning.clean(settings_of(options), journals=options.journal, everything=options.all)
    lines = [f"removed {shown(str(folder))}" for folder in gone]
    write_stdout("".join(f"{line}\n" for line in [*lines, f"{freed / 1e6:.1f} MB freed" if gone else "nothing to remove"]))
    return 0
