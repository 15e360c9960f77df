"""What a finished image holds, against a lock."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ImageDifference:
    """`kind`: missing, extra, different, double, unreadable. `locked` and `found` are versions, `layer` is what brought it."""

    name: str
    kind: str
    locked: str | None = None
    found: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVerdict:
    """One environment of an image. `installers` (pip, setuptools) were left in; `base` came with the base image; `optional` are
    of a group or extra of the lock that nobody asked for. Each is (name, version). `others` are environments beside it.
    """

    image: str
    environment: str
    python: str
    platform: str
    locks: tuple[str, ...]
    equal: int
    differences: tuple[ImageDifference, ...] = ()
    installers: tuple[tuple[str, str], ...] = ()
    base: tuple[tuple[str, str], ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()
