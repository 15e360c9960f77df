"""`steadypin plan`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.cli.output import Destinations, emit, presentation
from steadypin.cli.progress import counter, steps
from steadypin.cli.settings import settings_of
from steadypin.cli.words import FactsOption, PlanningOptions, ReportOptions, ReviewOptions, SnapshotOption, flag, text
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.reporters.plans import PLAN_REPORTERS
from steadypin.values import replace

if TYPE_CHECKING:
    from steadypin.pipeline.planning import PlanRequest


class PlanOptions(ReportOptions, FactsOption, SnapshotOption, ReviewOptions):
    """The options of `steadypin plan`."""

    no_env: bool = flag("Plan from locks and manifests alone.")
    group_by: str | None = text("risk, package (each change alone) or none (one stage).", metavar="KIND")
    one_by_one: bool = flag("The same as --group-by package.")
    all_at_once: bool = flag("The same as --group-by none.")
    generate_hashes: bool = flag("Have the resolver give hashes for every lock.", variable="STEADYPIN_PLAN_HASHES")


def plan(options: PlanOptions) -> int:
    """Plan upgrades in stages that a real resolver has solved, and say why anything stays behind.

    \b
    steadypin plan                                 everything, as far as it can go
    steadypin plan --to minor --to django=latest   no major but django's
    steadypin plan --to security                   only what cures known flaws
    steadypin plan --python 3.13                   for another Python (as --target python=3.13)
    steadypin plan -o plan.json -o plan.md         for `upgrade`, and for people
    """
    to = Destinations.parse(options.format, options.output, PLAN_REPORTERS, "a plan")
    kind = grouping(options.group_by or "risk", one_by_one=options.one_by_one, all_at_once=options.all_at_once)
    settings = for_version(settings_of(options))
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import lifting, planning

    progress = counter("asking the index", quiet=options.quiet)
    asked = reading.Request(no_environment=options.no_env, snapshot=options.snapshot, progress=progress)
    facts = reading.load(options.facts_in) if options.facts_in else planning.gather(settings, asked)
    request = request_of(options, settings, group_by=kind, hashes=options.generate_hashes)
    made = lifting.plan(facts, settings, request, tell=steps("solving", quiet=options.quiet))
    emit(made, to, presentation(quiet=options.quiet, verbose=options.verbose))
    return 0


def for_version(settings: Settings) -> Settings:
    """`--python 3.13` names a Python to plan for, and no environment: that is found as ever."""
    bare = settings.python is not None and re.fullmatch(r"\d+\.\d+(\.\d+)?", str(settings.python)) is not None
    if not bare or settings.target or Path(str(settings.python)).exists():
        return settings
    return replace(settings, python=None, target=f"python={settings.python}")


def request_of(options: PlanningOptions, settings: Settings, *, group_by: str = "risk", hashes: bool = False) -> PlanRequest:
    """What the options and the project's settings ask to be planned."""
    from steadypin.pipeline.planning import PlanRequest

    reviewed = options if isinstance(options, ReviewOptions) else None
    return PlanRequest(
        to=settings.to,
        only=options.only,
        exclude=options.exclude,
        max_stages=settings.max_stages,
        group_by=group_by,
        resolver=settings.resolver,
        hashes=hashes,
        reuse=not settings.refresh,
        links=reviewed is not None and reviewed.links,
        edit_manifest=options.edit_manifest,
        changelogs=reviewed is not None and reviewed.changelogs,
    )


def grouping(text: str, *, one_by_one: bool, all_at_once: bool) -> str:
    """The value of --group-by, from it and its two short forms. Raises UsageError."""
    if one_by_one and all_at_once:
        raise UsageError("--one-by-one and --all-at-once exclude each other", hint="leave one out")
    if one_by_one or all_at_once:
        return "package" if one_by_one else "none"
    if text not in ("risk", "package", "none"):
        raise UsageError(f"no grouping {text!r}", hint="one of: risk, package, none")
    return text
