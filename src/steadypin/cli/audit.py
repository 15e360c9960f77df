"""`steadypin audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import Destinations, emit, presentation, write_file
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.config import Settings, parse_days, parse_severity
from steadypin.errors import UsageError


def audit(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    no_env: options.NoEnv = False,
    snapshot: options.Snapshot = None,
    lock: options.Lock = None,
    target: options.Target = None,
    format: options.Format = None,
    output: options.Output = None,
    index_url: options.IndexUrl = None,
    extra_index_url: options.ExtraIndexUrl = None,
    offline: options.Offline = False,
    refresh: options.Refresh = False,
    cache_dir: options.CacheDir = None,
    fail_on: options.FailOn = None,
    strict: options.Strict = False,
    only: options.Only = None,
    ignore: options.Ignore = None,
    cooldown: Annotated[
        str | None, typer.Option("--cooldown", help="A release younger than this (7d) is not yet wanted.")
    ] = None,
    max_age: Annotated[str | None, typer.Option("--max-age", help="A release older than this (2y) is a finding.")] = None,
    group: Annotated[list[str] | None, typer.Option("--group", help="This dependency group is installed as well.")] = None,
    extra: Annotated[list[str] | None, typer.Option("--extra", help="This extra is installed as well.")] = None,
    advisory_source: Annotated[
        str | None,
        typer.Option("--advisory-source", envvar="STEADYPIN_ADVISORY_SOURCE", help="Ask local (steadypin db), osv or index."),
    ] = None,
    facts_out: Annotated[Path | None, typer.Option("--facts-out", metavar="FILE", help="Save all that was read.")] = None,
    facts_in: Annotated[
        Path | None, typer.Option("--facts-in", metavar="FILE", help="Judge saved facts; read nothing else.")
    ] = None,
    list_sources: Annotated[bool, typer.Option("--list-sources", help="List the files that were found, and stop.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Tell what is installed, locked, declared and released, side by side, and what is wrong with it.

    \b
    steadypin audit                              this folder and its environment
    steadypin audit app --python app/.venv       another folder, this environment
    steadypin audit -o audit.json -o audit.md    files for machines and people
    steadypin audit --no-env --lock uv.lock --target python=3.12,platform=linux_aarch64
    steadypin audit --offline --fail-on high     no network, cached answers
    """
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
        fail_on=parse_severity(fail_on),
        strict=strict or None,
        only=tuple(only or ()),
        ignore=tuple(ignore or ()),
        cooldown_days=parse_days(cooldown),
        max_age_days=parse_days(max_age),
        groups=tuple(group or ()),
        extras=tuple(extra or ()),
        advisory_source=advisory_source,
    )
    if settings.offline and settings.refresh:
        raise UsageError("--offline and --refresh exclude each other", hint="leave one out")
    to = Destinations.parse(format, output)
    from steadypin.pipeline import audit as use_case
    from steadypin.pipeline import facts as reading

    if list_sources:
        return _list_sources(settings)
    request = reading.Request(no_environment=no_env, snapshot=snapshot, progress=counter("asking the index", quiet=quiet))
    facts = reading.load(facts_in) if facts_in else reading.gather(settings, request)
    if facts_out:
        write_file(facts_out, reading.saved(facts))
    report = use_case.report(facts, settings, command="audit")
    emit(report, to, presentation(quiet=quiet, verbose=verbose))
    return use_case.exit_code(report, strict=settings.policy.strict)


def _list_sources(settings: Settings) -> int:
    from steadypin.cli.output import write_stdout
    from steadypin.pipeline.facts import list_sources

    write_stdout("".join(f"{line}\n" for line in list_sources(settings)))
    return 0
