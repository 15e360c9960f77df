"""`steadypin db update` and `steadypin db status`."""

from __future__ import annotations

import dataclasses
from typing import Any

from steadypin.cli.output import format_named, say, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_of
from steadypin.cli.words import CacheOption, FormatOption, OfflineOption, text
from steadypin.reporters.layout import count

_SHOWN = 10


class StatusOptions(FormatOption, CacheOption):
    """The options of `steadypin db status`."""


class UpdateOptions(StatusOptions, OfflineOption):
    """The options of `steadypin db update`."""

    source: str | None = text(
        "A folder, zip or file of OSV records, a checkout of an advisory database, or a URL. Default: what OSV publishes.",
        name="from",
        metavar="SOURCE",
        variable="STEADYPIN_DB_FROM",
    )


def update(options: UpdateOptions) -> int:
    """Bring the advisories for PyPI packages into the local database; the old one stays until the new one is whole.

    \b
    steadypin db update
    steadypin db update --from all.zip
    """
    machine = _for_machine(options)
    from steadypin.pipeline import database

    progress = counter("fetching advisories, bytes", quiet=machine)
    built = database.update(options.source, settings_of(options), progress=progress)
    if machine:
        return _print_json(built)
    for line in (*built.problems[:_SHOWN], *built.notes[:_SHOWN]):
        say(line, machine=True)
    write_stdout(
        f"{_counts(built.records, built.packages)}, newest {built.as_of or 'of unknown date'}, from {built.source}\n"
        + ("nothing has changed since the last update\n" if built.unchanged else "")
        + (f"{built.bad} could not be used (see above); the others are in place\n" if built.bad else "")
    )
    return 0


def status(options: StatusOptions) -> int:
    """Say how old the local advisories are, where they come from, and how many.

    \b
    steadypin db status
    """
    machine = _for_machine(options)
    from steadypin.pipeline import database

    found = database.status(settings_of(options))
    if machine:
        return _print_json(found)
    age = "unknown" if found.age_days is None else f"{found.age_days} days"
    write_stdout(
        f"{_counts(found.records, found.packages)}\n"
        f"newest   {found.as_of or 'unknown'} (age {age})\n"
        f"updated  {found.updated_at}\n"
        f"source   {found.source}\n"
        f"file     {found.path} ({found.size / 1e6:.1f} MB)\n"
    )
    return 0


def _for_machine(options: FormatOption) -> bool:
    return format_named(options.format, ("terminal", "json"), "the database") == "json"


def _counts(records: int, packages: int) -> str:
    return f"{count(records, 'record')} about {count(packages, 'package')}"


def _print_json(value: Any) -> int:
    from steadypin.codec import SCHEMA_VERSION, dump_document

    write_stdout(dump_document({"schema_version": SCHEMA_VERSION, **dataclasses.asdict(value)}))
    return 0
