"""Let a check know what the last one of the same project found out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from steadypin import remembered
from steadypin.config import Settings
from steadypin.pipeline.environment import cache_dir
from steadypin.sources import recollection


@contextmanager
def remembering(settings: Settings) -> Iterator[None]:
    """What depends on texts alone is asked once: answers come from the cache, and new ones go there at the end."""
    place = recollection.place(cache_dir(settings), f"{settings.root.absolute()} {settings.python}")
    remembered.begin(recollection.load(place))
    try:
        yield
    finally:
        learnt = remembered.end()
        if learnt is not None:
            recollection.save(place, learnt)
