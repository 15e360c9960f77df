"""The question that an audit asks of the chosen source of advisories."""

from __future__ import annotations

import os
from collections.abc import Iterable

from packaging.version import Version

from steadypin.advisories.answer import Answer
from steadypin.advisories.store import missing_gap, open_store, unreadable_gap
from steadypin.config import Settings
from steadypin.errors import DatabaseError, UsageError
from steadypin.model import parse
from steadypin.model.advisory import UnsafeRelease
from steadypin.model.facts import Facts
from steadypin.pipeline.environment import cache_dir

SOURCES = ("local", "osv", "index")


def ask(packages: Iterable[tuple[str, str]], settings: Settings, *, at: str) -> Answer:
    """What applies to (name, version) pairs, from the source of `--advisory-source`: "local", "osv" or "index".

    `at` is the time of the facts. A database that is missing or cannot be read and a silent network are gaps. Raises UsageError
    for a source that is none.
    """
    if settings.advisory_source not in SOURCES:
        raise UsageError(f"no advisory source {settings.advisory_source!r}", hint=f"one of: {', '.join(SOURCES)}")
    if settings.advisory_source != "local":
        return _ask_online(packages, settings, at)
    folder = cache_dir(settings)
    try:
        opened = open_store(folder, at=at)
        if opened is None:
            return Answer(gaps=(missing_gap(folder),))
        with opened:
            return opened.lookup(packages)
    except DatabaseError as error:
        return Answer(gaps=(unreadable_gap(error),))


def _ask_online(packages: Iterable[tuple[str, str]], settings: Settings, at: str) -> Answer:
    from steadypin.advisories.fetching import Line
    from steadypin.advisories.index_json import IndexJson
    from steadypin.advisories.service import OSV_API, OsvService
    from steadypin.index.routing import route
    from steadypin.transport.cache import Cache
    from steadypin.transport.session import Session

    routing = route(index_url=settings.index_url)
    cache = Cache(cache_dir(settings))
    with Session(routing.manners, logins=routing.logins) as session:
        line = Line(session=session, cache=cache, offline=settings.offline, refresh=settings.refresh)
        if settings.advisory_source == "osv":
            base = os.environ.get("STEADYPIN_OSV_URL") or OSV_API
            return OsvService(line, at=at, base=base).lookup(packages)
        if not routing.indexes:
            raise UsageError("no index is configured to ask for advisories", hint="give one with --index-url")
        return IndexJson(line, base=_json_pages(routing.indexes[0]), at=at).lookup(packages)


def _json_pages(index: str) -> str:
    """Where an index that has them has its JSON pages: beside the Simple API."""
    return index.rstrip("/").removesuffix("/simple") + "/pypi"


def unsafe_releases(facts: Facts, settings: Settings) -> tuple[UnsafeRelease, ...]:
    """The releases on offer that the local advisories reach, at or above what stands here: for planning, beside the matches.

    Empty without a database that can be read: then nothing is known of a candidate, and the gap about that is in the facts.
    """
    try:
        opened = open_store(cache_dir(settings), at=facts.taken_at)
    except DatabaseError:
        return ()
    if opened is None:
        return ()
    lowest = _lowest(facts)
    with opened:
        return tuple(
            row
            for project in facts.projects
            if (least := lowest.get(project.name)) is not None
            for row in opened.unsafe(project.name, [r.version for r in project.releases if not _below(r.version, least)])
        )


def _lowest(facts: Facts) -> dict[str, Version]:
    """The lowest version of each package that is installed, locked or declared as the only one."""
    pairs = [(entry.name, entry.version) for entry in facts.locked] + [(entry.name, entry.version) for entry in facts.installed]
    pairs += [(item.name, parse.exact_version(item.requirement)) for item in facts.declared]
    lowest: dict[str, Version] = {}
    for name, text in pairs:
        version = parse.version(text or "")
        if name and version is not None:
            lowest[name] = min(version, lowest.get(name, version))
    return lowest


def _below(text: str, least: Version) -> bool:
    version = parse.version(text)
    return version is not None and version < least
