"""What a scratch environment shall hold, as a value."""

from __future__ import annotations

from steadypin.codec import digest
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Exactly these: `versions` by name from an index, and `others`: requirement lines of what comes from elsewhere."""

    versions: tuple[tuple[str, str], ...]
    others: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """64 hex digits; equal for equal pins."""
        return digest((tuple(sorted(self.versions)), self.others))
