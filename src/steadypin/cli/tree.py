"""`steadypin tree`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.errors import UsageError


def tree(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="The package in question.")],
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    no_env: options.NoEnv = False,
    snapshot: options.Snapshot = None,
    lock: options.Lock = None,
    target: options.Target = None,
    depth: Annotated[int | None, typer.Option("--depth", min=1, max=60, help="Show so many levels.")] = None,
    format: options.Format = None,
    index_url: options.IndexUrl = None,
    extra_index_url: options.ExtraIndexUrl = None,
    offline: options.Offline = False,
    cache_dir: options.CacheDir = None,
    facts_in: Annotated[Path | None, typer.Option("--facts-in", metavar="FILE", help="Use saved facts.")] = None,
) -> int:
    """Show why a package is there and what holds it back: what it needs, and what needs it, with the versions asked for.

    \b
    steadypin tree urllib3                          in this folder's environment
    steadypin tree urllib3 --no-env --lock uv.lock  as the lock has it
    steadypin tree urllib3 --depth 1                its neighbours alone
    """
    if format not in (None, "terminal", "json"):
        raise UsageError(f"no format {format!r} for tree", hint="terminal or json")
    settings = settings_for(
        path,
        python=python,
        locks=tuple(lock or ()),
        target=target,
        index_url=index_url,
        extra_index_urls=tuple(extra_index_url or ()),
        offline=offline or None,
        cache_dir=cache_dir,
    )
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import tree as use_case
    from steadypin.reporters import tree as reporter

    request = reading.Request(
        no_environment=no_env,
        snapshot=snapshot,
        ledgers=frozenset({"index"}),
        progress=counter("asking the index"),
    )
    facts = reading.load(facts_in) if facts_in else reading.gather(settings, request)
    found = use_case.tree(facts, settings, package, levels=depth)
    if format == "json":
        from steadypin.codec import dump_document

        write_stdout(dump_document(reporter.document(found)))
    else:
        write_stdout(reporter.text(found, presentation()))
    return 0
