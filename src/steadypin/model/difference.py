"""Two states of one thing, side by side: environments, snapshots, locks, revisions of a lock."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NamedVersion:
    """A package and its version; several, joined by ", ", where forks of a lock have their own."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """A package that is on both sides and not the same.

    `direction` is "upgrade", "downgrade", "source" (the same version from elsewhere), "files" (the same version, and no file of
    it in common), or "other" where the versions cannot be ordered. `size` is "major", "big" (0.x or a calendar year), "minor",
    "patch" or "none".
    """

    name: str
    before: str
    after: str
    direction: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of `a` on the way to `b`; each list ascends by name. `notes` say what was left out."""

    a: str
    b: str
    added: tuple[NamedVersion, ...] = ()
    removed: tuple[NamedVersion, ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed or self.changed)
