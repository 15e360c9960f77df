"""`steadypin plan`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_file, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.config import parse_days
from steadypin.errors import UsageError
from steadypin.model.plan import Plan
from steadypin.reporters.plans import PLAN_REPORTERS, PlanReporter
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

To = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="LEVEL", help="latest, wanted, minor, patch or security; NAME=LEVEL for one package."),
]
OnlyPackage = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Move only this; may be repeated.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="NAME", help="Leave this alone; may be repeated.")]
Cooldown = Annotated[str | None, typer.Option("--cooldown", help="Leave releases alone that are younger than this (7d).")]
MaxStages = Annotated[int, typer.Option("--max-stages", min=1, max=1000, help="Merge the least risky stages beyond this.")]
GroupBy = Annotated[str, typer.Option("--group-by", help="risk, package (each change alone) or none (one stage).")]
OneByOne = Annotated[bool, typer.Option("--one-by-one", help="The same as --group-by package.")]
AllAtOnce = Annotated[bool, typer.Option("--all-at-once", help="The same as --group-by none.")]
ResolverName = Annotated[
    str, typer.Option("--resolver", envvar="STEADYPIN_RESOLVER", help="auto (uv where it is there), uv or pip-tools.")
]
Hashes = Annotated[bool, typer.Option("--generate-hashes", help="Have the resolver give hashes for every lock.")]
FactsIn = Annotated[Path | None, typer.Option("--facts-in", metavar="FILE", help="Plan from saved facts; read nothing else.")]


def plan(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    no_env: options.NoEnv = False,
    snapshot: options.Snapshot = None,
    lock: options.Lock = None,
    target: options.Target = None,
    to: To = None,
    only: OnlyPackage = None,
    exclude: Exclude = None,
    cooldown: Cooldown = None,
    max_stages: MaxStages = 10,
    group_by: GroupBy = "risk",
    one_by_one: OneByOne = False,
    all_at_once: AllAtOnce = False,
    resolver: ResolverName = "auto",
    hashes: Hashes = False,
    format: options.Format = None,
    output: options.Output = None,
    index_url: options.IndexUrl = None,
    extra_index_url: options.ExtraIndexUrl = None,
    offline: options.Offline = False,
    refresh: options.Refresh = False,
    cache_dir: options.CacheDir = None,
    facts_in: FactsIn = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Plan upgrades in stages that a real resolver has solved, and say why anything stays behind.

    \b
    steadypin plan                                 everything, as far as it can go
    steadypin plan --to minor --to django=latest   no major but django's
    steadypin plan --to security                   only what cures known flaws
    steadypin plan --target python=3.13            for another Python
    steadypin plan -o plan.json -o plan.md         for `upgrade`, and for people
    """
    files = [(file, reporter_for(file)) for file in output or ()]
    reporter = reporter_named(format or "terminal")
    settings = settings_for(
        path,
        python=python,
        locks=tuple(lock or ()),
        target=target,
        index_url=index_url,
        extra_index_urls=tuple(extra_index_url or ()),
        offline=offline or None,
        refresh=refresh or None,
        cache_dir=cache_dir,
        cooldown_days=parse_days(cooldown),
    )
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import planning

    request = planning.PlanRequest(
        to=tuple(to or ()),
        only=tuple(only or ()),
        exclude=tuple(exclude or ()),
        max_stages=max_stages,
        group_by=grouping(group_by, one_by_one=one_by_one, all_at_once=all_at_once),
        resolver=resolver,
        hashes=hashes,
        reuse=not settings.refresh,
    )
    asked = reading.Request(no_environment=no_env, snapshot=snapshot, progress=counter("asking the index", quiet=quiet))
    facts = reading.load(facts_in) if facts_in else planning.gather(settings, asked)
    made = planning.plan(facts, settings, request, tell=teller(quiet=quiet))
    emit(made, reporter, files, presentation(quiet=quiet, verbose=verbose))
    return 0


def grouping(text: str, *, one_by_one: bool, all_at_once: bool) -> str:
    """The value of --group-by, from it and its two short forms. Raises UsageError."""
    if one_by_one and all_at_once:
        raise UsageError("--one-by-one and --all-at-once exclude each other", hint="leave one out")
    if one_by_one or all_at_once:
        return "package" if one_by_one else "none"
    if text not in ("risk", "package", "none"):
        raise UsageError(f"no grouping {text!r}", hint="one of: risk, package, none")
    return text


def teller(*, quiet: bool) -> Callable[[str], None]:
    """Says on stderr what is being solved, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None

    def tell(what: str) -> None:
        sys.stderr.write(f"\r\x1b[K{'solving ' + shown(what, 100) if what else ''}")
        sys.stderr.flush()

    return tell


def reporter_named(name: str) -> PlanReporter:
    """The format of that name. Raises UsageError."""
    if name not in PLAN_REPORTERS:
        raise UsageError(f"no format {name!r} for a plan", hint=f"one of: {', '.join(PLAN_REPORTERS)}")
    return PLAN_REPORTERS[name]


def reporter_for(path: Path) -> PlanReporter:
    """The format that a file's suffix chooses. Raises UsageError."""
    for reporter in PLAN_REPORTERS.values():
        if path.name.endswith(reporter.suffixes):
            return reporter
    known = ", ".join(suffix for reporter in PLAN_REPORTERS.values() for suffix in reporter.suffixes)
    raise UsageError(f"{path}: the suffix names no format", hint=f"one of: {known}")


def emit(made: Plan, reporter: PlanReporter, files: Sequence[tuple[Path, PlanReporter]], how: Presentation) -> None:
    """Write every file, and print."""
    for path, chosen in files:
        write_file(path, chosen.render(made, Presentation(width=120)))
    write_stdout(reporter.render(made, how))
