"""Where what is installed contradicts what is declared, or itself: reasons not to call it a lock."""

from __future__ import annotations

from collections.abc import Container, Iterator

from steadypin.model import parse
from steadypin.model.comparison import Comparison, Demand
from steadypin.model.pins import PinProblem


def contradictions(comparison: Comparison, taken: Container[str]) -> Iterator[PinProblem]:
    """Requirements of the project, and of what is `taken` into the lock, that what is installed does not satisfy."""
    for package in comparison.packages:
        version = package.installed[0].version if package.installed else None
        for demand in package.demands:
            if not _counts(demand, taken):
                continue
            if version is None:
                yield PinProblem(
                    name=package.name,
                    kind="missing",
                    message=f"{demand.by} requires {bare(demand.requirement)}, and it is not installed",
                    remedy=f"install it, or take the requirement out of {demand.by}" if demand.declared else "install it",
                )
            elif parse.version(version) is not None and demand.refuses(version):
                yield PinProblem(
                    name=package.name,
                    kind="violated",
                    message=f"{demand.by} requires {bare(demand.requirement)}, and {version} is installed",
                    remedy=f"install a version that fits, or move {demand.by}",
                )


def _counts(demand: Demand, taken: Container[str]) -> bool:
    """Whether a demand binds what a plain install brings."""
    item = demand.declared
    if item is None:
        return demand.by in taken
    return item.kind in ("requirement", "constraint", "override") and not item.group and not item.extra


def bare(requirement: str) -> str:
    """A requirement without its marker."""
    return requirement.partition(";")[0].strip()


def doubles(comparison: Comparison, taken: Container[str]) -> Iterator[PinProblem]:
    """Names of which two versions stand in one environment."""
    for package in comparison.packages:
        versions = sorted({item.version or "?" for item in package.installed})
        if package.name in taken and len(versions) > 1:
            yield PinProblem(
                name=package.name,
                kind="double",
                message=f"{package.name} is installed twice in one folder ({' and '.join(versions)})",
                remedy=f"pip uninstall {package.name} until it is gone, then install the right version",
            )
