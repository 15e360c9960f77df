"""`steadypin db update` and `steadypin db status`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from steadypin.cli import options
from steadypin.cli.output import write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.codec import SCHEMA_VERSION, dump_document
from steadypin.errors import UsageError
from steadypin.pipeline import database

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        envvar="STEADYPIN_DB_FROM",
        metavar="SOURCE",
        help="A folder, zip or file of OSV records, a checkout of an advisory database, or a URL. Default: what OSV publishes.",
    ),
]
_SHOWN = 10


def update(
    source: From = None,
    format: options.Format = "terminal",
    cache_dir: options.CacheDir = None,
    offline: options.Offline = False,
) -> None:
    """Bring the advisories for PyPI packages into the local database; the old one stays until the new one is whole.

    \b
    steadypin db update
    steadypin db update --from all.zip
    """
    _check(format)
    settings = settings_for(Path(), cache_dir=cache_dir, offline=offline or None)
    built = database.update(source, settings, progress=counter("fetching advisories, bytes", quiet=format == "json"))
    if format == "json":
        _print_json(built)
        return
    for line in (*built.problems[:_SHOWN], *built.notes[:_SHOWN]):
        typer.echo(line, err=True)
    write_stdout(
        f"{_counts(built.records, built.packages)}, newest {built.as_of or 'of unknown date'}, from {built.source}\n"
        + ("nothing has changed since the last update\n" if built.unchanged else "")
        + (f"{built.bad} could not be used (see above); the others are in place\n" if built.bad else "")
    )


def status(format: options.Format = "terminal", cache_dir: options.CacheDir = None) -> None:
    """Say how old the local advisories are, where they come from, and how many.

    \b
    steadypin db status
    """
    _check(format)
    found = database.status(settings_for(Path(), cache_dir=cache_dir))
    if format == "json":
        _print_json(found)
        return
    age = "unknown" if found.age_days is None else f"{found.age_days} days"
    write_stdout(
        f"{_counts(found.records, found.packages)}\n"
        f"newest   {found.as_of or 'unknown'} (age {age})\n"
        f"updated  {found.updated_at}\n"
        f"source   {found.source}\n"
        f"file     {found.path} ({found.size / 1e6:.1f} MB)\n"
    )


def _check(format: str | None) -> None:
    if format not in ("terminal", "json"):
        raise UsageError(f"no format {format!r} for db", hint="terminal or json")


def _counts(records: int, packages: int) -> str:
    return f"{records} records about {packages} packages"


def _print_json(value: Any) -> None:
    write_stdout(dump_document({"schema_version": SCHEMA_VERSION, **dataclasses.asdict(value)}))
