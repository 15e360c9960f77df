"""`steadypin baseline write`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import check_writable, write_file, write_stdout
from steadypin.cli.settings import settings_of
from steadypin.cli.words import GroupOptions, ProjectOptions, SnapshotOption, TargetOption, file, flag
from steadypin.reporters.layout import count
from steadypin.values import replace


class BaselineOptions(GroupOptions, SnapshotOption, ProjectOptions, TargetOption):
    """The options of `steadypin baseline write`: what to look at is said as `check` says it."""

    files_only: bool = flag("Locks and manifests alone.")
    no_dev: bool = flag("Groups and extras that are not named are not to be there.", setting="no_dev")
    exact: bool = flag("Count pip, setuptools and what groups bring as drift, too.", setting="exact")
    verify_files: bool = flag("Compare installed files with their RECORD.")
    advisories: bool = flag("Judge by the local advisory database, too.")
    prune: bool = flag("Only take away what is cured; add nothing.")
    output: Path | None = file("Write here (default: .steadypin-baseline.json).", short="-o", metavar="FILE")


def write(options: BaselineOptions) -> int:
    """Write today's findings down, so that `check` fails on new ones only. Known by rule, package and file, not by line.

    \b
    steadypin baseline write           what is found today is known from now on
    steadypin baseline write --prune   take away what is cured
    """
    check_writable(options.output)
    settings = settings_of(options)
    everything = replace(settings, policy=replace(settings.policy, only=(), ignore=()))
    from steadypin.pipeline import check

    request = check.Request(
        files_only=options.files_only,
        snapshot=options.snapshot,
        advisories=options.advisories,
        verify_files=options.verify_files,
    )
    place, written = check.renew_baseline(everything, request, options.output, prune=options.prune)
    write_file(place, written.text)
    total = count(written.added + written.kept, "known finding")
    write_stdout(f"{place}: {total} ({written.added} new, {written.removed} taken away)\n")
    return 0
