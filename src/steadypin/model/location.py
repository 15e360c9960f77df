"""Where something stands in a file."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place: file, and as far as it is known line and column (both from 1) and key path (`packages[3].version`)."""

    path: str
    line: int | None = None
    column: int | None = None
    key: str = ""

    def __str__(self) -> str:
        place = self.path
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return f"{place} ({self.key})" if self.key and self.line is None else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a file that could not be used, while the rest of the file could.

    `unknown`: nothing is wrong with it; what stands there is known only when something runs.
    """

    message: str
    location: Location
    unknown: bool = False
