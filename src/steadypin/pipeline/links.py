"""Links for the reviewers of a plan: from what is installed, and from the index where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.config import Settings
from steadypin.errors import NetworkError
from steadypin.model.facts import Facts
from steadypin.model.plan import Change, Plan
from steadypin.pipeline.environment import cache_dir
from steadypin.planning.links import reviewer_links
from steadypin.values import replace

if TYPE_CHECKING:
    from steadypin.index.client import IndexClient
    from steadypin.transport.cache import Cache

Urls = dict[str, tuple[tuple[str, str], ...]]
_ELSEWHERE = ("image", "snapshot", "sbom", "zipapp")


def with_links(made: Plan, facts: Facts, settings: Settings, *, ask: bool) -> Plan:
    """The plan with links on its changes. `ask`: what no installed metadata says is asked of the index."""
    moving = {change.name: change for stage in made.stages for change in stage.changes if change.after is not None}
    urls = _installed(facts, moving.keys())
    if ask:
        urls |= _released([change for name, change in sorted(moving.items()) if name not in urls], facts, settings)
    if not urls:
        return made
    stages = (replace(stage, changes=tuple(_linked(change, urls) for change in stage.changes)) for stage in made.stages)
    return replace(made, stages=tuple(stages))


def _linked(change: Change, urls: Urls) -> Change:
    return replace(change, links=reviewer_links(urls.get(change.name, ()), change.before, change.after))


def _installed(facts: Facts, names: Iterable[str]) -> Urls:
    from steadypin.sources.project_urls import read_project_urls

    if facts.environment is None or facts.environment.kind in _ELSEWHERE:
        return {}
    wanted = set(names)
    return read_project_urls(item for item in facts.installed if item.name in wanted)


def _released(changes: list[Change], facts: Facts, settings: Settings) -> Urls:
    """From the metadata of the releases that are moved to; a link that cannot be had is left out."""
    from steadypin.transport.pool import run_all

    found: Urls = {}
    with index_of(facts, settings) as (client, _):
        jobs = [partial(client.metadata, change.name, change.after or "") for change in changes]
        manners = client.routing.manners
        for position, result in run_all(jobs, workers=manners.connections, limit=manners.deadline):
            if isinstance(result, NetworkError):
                continue
            if isinstance(result, BaseException):
                raise result
            found[changes[position].name] = result.project_urls
    return found


@contextmanager
def index_of(facts: Facts, settings: Settings) -> Iterator[tuple[IndexClient, Cache]]:
    """The indexes that the project's environment would ask, and what is remembered of them."""
    from steadypin.index.client import IndexClient
    from steadypin.index.routing import route
    from steadypin.transport.cache import Cache

    prefix = Path(facts.environment.path) if facts.environment else None
    routing = route(index_url=settings.index_url, extra_index_urls=settings.extra_index_urls, prefix=prefix)
    cache = Cache(cache_dir(settings))
    with IndexClient(routing, cache=cache, offline=settings.offline, refresh=settings.refresh) as client:
        yield client, cache
