"""The interpreter and platform that a question is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from steadypin.model.parse import admits, evaluate_marker
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Markers and tags of one interpreter on one platform, made once; it may be another machine's.

    `python` is the full version text ("3.12.1"), `platform` a short name ("linux_x86_64"), `source` says where the knowledge is
    from ("interpreter …", "option", "snapshot", "image …"). `environment` holds the PEP 508 marker variables, `tags` the
    compatible wheel tags as texts ("cp312-cp312-manylinux_2_17_x86_64"), the most preferred first; empty where nobody asked.
    """

    python: str
    platform: str
    source: str
    environment: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()

    def applies(self, marker: str | None, *, extras: Iterable[str] = ("",), groups: Iterable[str] = ()) -> bool:
        """Whether a marker holds here, for any of the extras ("" is none). A marker that cannot be evaluated holds."""
        if marker is None:
            return True
        return evaluate_marker(marker, self.environment, tuple(extras) or ("",), tuple(sorted(groups)))

    def accepts_python(self, requires_python: str | None) -> bool:
        """Whether a Requires-Python admits this interpreter. Unreadable ones are taken to admit it, as installers do."""
        return not requires_python or admits(requires_python, self.python)

    def accepts_wheel(self, filename: str) -> bool | None:
        """Whether a wheel's tags fit; None where the target's tags are not known."""
        if not self.tags:
            return None
        parts = filename.removesuffix(".whl").split("-")
        if len(parts) < 5:
            return False
        pythons, abis, platforms = (part.split(".") for part in parts[-3:])
        return any(f"{py}-{abi}-{plat}" in _tag_set(self.tags) for py in pythons for abi in abis for plat in platforms)


_TAG_SETS: dict[tuple[str, ...], frozenset[str]] = {}


def _tag_set(tags: tuple[str, ...]) -> frozenset[str]:
    if tags not in _TAG_SETS:
        _TAG_SETS[tags] = frozenset(tags)
    return _TAG_SETS[tags]
