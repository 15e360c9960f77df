"""`steadypin check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.cli.output import Destinations, append_file, emit, presentation, say
from steadypin.cli.settings import settings_of
from steadypin.cli.words import JudgingOptions, WithdrawnOption, file, flag
from steadypin.errors import UsageError
from steadypin.reporters import REPORTERS, Presentation

if TYPE_CHECKING:
    from steadypin.pipeline.check import Request


class CheckOptions(WithdrawnOption, JudgingOptions):
    """The options of `steadypin check`."""

    files_only: bool = flag("Locks and manifests alone: the pre-commit form.")
    no_dev: bool = flag("Groups and extras that are not named are not to be there.", setting="no_dev")
    exact: bool = flag("Count pip, setuptools and what groups bring as drift, too.", setting="exact")
    verify_files: bool = flag("Compare installed files with their RECORD.")
    advisories: bool = flag("Judge by the local advisory database, too.")
    baseline: Path | None = file(
        "Known findings (default: .steadypin-baseline.json).", metavar="FILE", variable="STEADYPIN_CHECK_BASELINE"
    )
    no_baseline: bool = flag("Count known findings as well.")
    fix_hint: bool = flag("Print the one command that repairs it.")


def check(options: CheckOptions) -> int:
    """Tell whether environment, lock and manifests have drifted apart. Offline, fast, writes nothing.

    \b
    steadypin check                        exit 0: no drift; 1: drift; 2: could not be told
    steadypin check --files-only           locks and manifests alone
    steadypin check --group dev            dev dependencies are meant to be installed
    steadypin check --no-dev --verify-files --fix-hint      on a server
    steadypin check -o drift.sarif -o drift.xml             for code scanning and CI
    """
    settings = settings_of(options)
    on_github = options.format is None and os.environ.get("GITHUB_ACTIONS") == "true"
    to = Destinations.parse("github" if on_github else options.format, options.output, REPORTERS, "a check")
    if not options.advisories and "openvex" in (to.stdout.name, *(reporter.name for _, reporter in to.files)):
        raise UsageError("OpenVEX speaks of advisories, and a check reads none", hint="give --advisories too")
    from steadypin.pipeline import audit as judging
    from steadypin.pipeline import check as use_case
    from steadypin.pipeline.remembering import remembering

    with remembering(settings):
        checked = use_case.run(settings, request_of(options))
        emit(checked.report, to, presentation(quiet=options.quiet, verbose=options.verbose))
        if on_github and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
            append_file(Path(summary), REPORTERS["markdown"].render(checked.report, Presentation()))
    if options.fix_hint and checked.repair:
        say(f"repair: {checked.repair}", machine=to.stdout.name != "terminal")
    return judging.exit_code(checked.report, strict=settings.policy.strict)


def request_of(options: CheckOptions) -> Request:
    """What the options ask to be looked at. Raises UsageError where they contradict each other."""
    from steadypin.pipeline.check import Request

    if options.files_only and (options.verify_files or options.python or options.snapshot):
        raise UsageError("--files-only looks at no environment", hint="leave out --verify-files, --python and --snapshot")
    if options.show_withdrawn and not options.advisories:
        raise UsageError("--show-withdrawn speaks of advisories", hint="give --advisories too")
    if options.baseline and options.no_baseline:
        raise UsageError("--baseline and --no-baseline exclude each other", hint="leave one out")
    return Request(
        files_only=options.files_only,
        snapshot=options.snapshot,
        advisories=options.advisories,
        verify_files=options.verify_files,
        baseline=options.baseline,
        no_baseline=options.no_baseline,
    )
