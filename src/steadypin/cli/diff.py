"""`steadypin diff`."""

from __future__ import annotations

from steadypin.cli.output import Destinations, emit, presentation
from steadypin.cli.settings import settings_of
from steadypin.cli.words import CacheOption, ReportOptions, argument, flag
from steadypin.reporters.differences import DIFFERENCE_REPORTERS


class DiffOptions(ReportOptions, CacheOption):
    """The options of `steadypin diff`."""

    a: str = argument("An environment, snapshot, image, lock, folder, or main:uv.lock.", kind="text", metavar="A")
    b: str = argument("The same; what became of A.", kind="text", metavar="B")
    exit_code: bool = flag("Exit 1 where there is a difference.")


def diff(options: DiffOptions) -> int:
    """Tell what was added, removed and moved between two of environments, snapshots, images, locks and revisions of a lock.

    \b
    steadypin diff main:uv.lock uv.lock              what this branch does to the lock
    steadypin diff .venv server.json                 this environment against a server's snapshot
    steadypin diff image.tar:/app/.venv uv.lock --format markdown
    """
    to = Destinations.parse(options.format, options.output, DIFFERENCE_REPORTERS, "a difference")
    from steadypin.pipeline import diffing

    difference = diffing.diff(options.a, options.b, settings_of(options))
    emit(difference, to, presentation())
    return 1 if options.exit_code and difference.differs else 0
