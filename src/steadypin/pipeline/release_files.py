"""The files of releases, asked for once and remembered; and which of them a target can use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from steadypin.config import Settings
from steadypin.errors import NetworkError
from steadypin.model.facts import Facts
from steadypin.model.released import ReleaseFile
from steadypin.model.target import Target
from steadypin.pipeline import environment
from steadypin.values import dataclass

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAnswers:
    """Files by (name, version), and the index where there is only one to ask. `hashed` downloads files to hash them."""

    files: dict[tuple[str, str], tuple[ReleaseFile, ...]]
    errors: dict[tuple[str, str], NetworkError]
    index: str | None
    hashed: Callable[[tuple[ReleaseFile, ...]], tuple[ReleaseFile, ...]]


def files_of_releases(
    facts: Facts, releases: Iterable[tuple[str, str]], settings: Settings, progress: Progress | None
) -> ReleaseAnswers:
    """What the indexes offer of these releases, through the cache."""
    from steadypin.index.client import IndexClient
    from steadypin.index.hashing import hash_by_download
    from steadypin.index.release_files import ask_files
    from steadypin.index.routing import route
    from steadypin.transport.cache import Cache

    prefix = Path(facts.environment.path) if facts.environment else None
    routing = route(index_url=settings.index_url, extra_index_urls=settings.extra_index_urls, prefix=prefix)
    cache = Cache(environment.cache_dir(settings))
    with IndexClient(routing, cache=cache, offline=settings.offline, refresh=settings.refresh) as client:
        found = ask_files(client, releases, cache=cache, offline=settings.offline, refresh=settings.refresh, progress=progress)
    return ReleaseAnswers(
        files=found.files,
        errors=found.errors,
        index=routing.indexes[0] if len(routing.indexes) == 1 and not routing.find_links else None,
        hashed=lambda files: hash_by_download(files, routing),
    )


def fits(file: ReleaseFile, target: Target) -> bool:
    """Whether an installer on the target could use the file (a source distribution: could try to build it)."""
    if not target.accepts_python(file.requires_python):
        return False
    return not file.filename.endswith(".whl") or target.accepts_wheel(file.filename) is not False


def label(target: Target) -> str:
    """How a target is named to people: `python 3.12, linux_aarch64`."""
    return f"python {'.'.join(target.python.split('.')[:2])}, {target.platform}"
