"""How far a plan shall go, as the user said it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from steadypin.errors import UsageError
from steadypin.model.parse import normalise
from steadypin.values import dataclass


class Level(Enum):
    """What a package may be raised to. MINOR keeps the major version (of a 0.x or calendar version: what stands for it)."""

    LATEST = "latest"
    WANTED = "wanted"
    MINOR = "minor"
    PATCH = "patch"
    SECURITY = "security"


class Grouping(Enum):
    """How changes are put into stages."""

    RISK = "risk"
    PACKAGE = "package"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`levels` are exceptions by name; `only` (empty is all) and `exclude` are names. `taken_at` is the time of the facts,
    `cooldown_from` the file that the cooldown stands in, where it is not steadypin's own.

    `options` and `constraints` are the resolver's, beyond what the project declares; `constraints_from` says who set those.
    `uses` counts the modules of a package that the project's code imports, None where nobody looked.
    """

    level: Level = Level.LATEST
    levels: tuple[tuple[str, Level], ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    cooldown_days: int = 0
    cooldown_from: str = ""
    taken_at: str = "1970-01-01T00:00:00Z"
    prereleases: tuple[str, ...] = ()
    max_stages: int = 10
    grouping: Grouping = Grouping.RISK
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    constraints_from: str = ""
    hashes: bool = False
    uses: Mapping[str, int] | None = None

    @property
    def cooldown(self) -> str:
        """The cooldown in words."""
        return f"{self.cooldown_days} days" + (f" (exclude-newer in {self.cooldown_from})" if self.cooldown_from else "")

    def level_of(self, name: str) -> Level:
        """The level for one package."""
        return dict(self.levels).get(name, self.level)

    def touches(self, name: str) -> bool:
        """Whether a package may be the reason of a move."""
        return name not in self.exclude and (not self.only or name in self.only)

    def moves(self, name: str) -> bool:
        """Whether a package is meant to move (others move only where they must)."""
        return self.touches(name) and self.level_of(name) is not Level.SECURITY


def parse_levels(to: str, exceptions: tuple[str, ...]) -> tuple[Level, tuple[tuple[str, Level], ...]]:
    """`latest` and ("django=minor", …) as values. Raises UsageError."""
    found = []
    for text in exceptions:
        name, equals, level = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"not NAME=LEVEL: {text!r}", hint="for example: --to django=minor")
        found.append((normalise(name.strip()), _level(level.strip())))
    return _level(to), tuple(sorted(found))


def _level(text: str) -> Level:
    try:
        return Level(text.lower())
    except ValueError:
        raise UsageError(f"not a level: {text!r}", hint=f"one of {', '.join(level.value for level in Level)}") from None
