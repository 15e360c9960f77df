"""One environment as a portable file."""

from __future__ import annotations

import os

from steadypin.config import Settings
from steadypin.pipeline.facts import cache_dir
from steadypin.sources.environments import find_environment, read_environment


def take(settings: Settings) -> str:
    """The text of a snapshot of the environment that the settings mean."""
    from steadypin.sources.snapshot import write_snapshot

    found = find_environment(settings.root, python=settings.python, environ=os.environ)
    return write_snapshot(read_environment(found, cache_dir=cache_dir(settings)))


def script() -> str:
    """A standard-library-only script that prints a snapshot of the interpreter that runs it."""
    from steadypin.sources.snapshot import emit_script

    return emit_script()
