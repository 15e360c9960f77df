"""Ask uv's cache first, once it has been filled.

A plan asks about the same packages again and again. The first questions go to the indexes; later ones are then answered from
what those brought, twenty times faster, and from the same pages, so that all stages rest on one state of the indexes.
"""

from __future__ import annotations

from dataclasses import dataclass

from steadypin.errors import ResolverError
from steadypin.model.resolution import Question, Resolution
from steadypin.resolution.uv import Uv


@dataclass(slots=True, kw_only=True)
class Warm:
    """`cold` questions fill the cache. Whatever the cache alone cannot solve is asked again with the network: without it, "no
    solution" may only mean "not in the cache".
    """

    asked: Uv
    cached: Uv
    cold: int = 2

    @property
    def name(self) -> str:
        return self.asked.name

    def resolve(self, question: Question) -> Resolution:
        """One answer. Raises ResolverError."""
        if self.cold > 0:
            self.cold -= 1
            return self.asked.resolve(question)
        try:
            resolution = self.cached.resolve(question)
        except ResolverError:
            return self.asked.resolve(question)
        return resolution if resolution.solved else self.asked.resolve(question)
