"""One environment as a portable file."""

from __future__ import annotations

from steadypin.config import Settings
from steadypin.pipeline import environment


def take(settings: Settings) -> str:
    """The text of a snapshot of the environment that the settings mean."""
    from steadypin.sources.snapshot import write_snapshot

    return write_snapshot(environment.read(settings).environment)


def script() -> str:
    """A standard-library-only script that prints a snapshot of the interpreter that runs it."""
    from steadypin.sources.snapshot import emit_script

    return emit_script()
