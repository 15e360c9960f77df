"""A finished image against a lock: equal, or what is missing, extra or different. Pure; one environment at a time."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.checks.installers import INSTALLERS
from steadypin.model import parse
from steadypin.model.comparison import Comparison, PackageComparison
from steadypin.model.verdict import ImageDifference

Pair = tuple[str, str]


def differences(comparison: Comparison, *, exact: bool = False) -> tuple[ImageDifference, ...]:
    """What does not agree, by name. `exact`: installers and what the base brought count as extra, too."""
    brought = {} if exact else {name: True for name, _ in (*installers(comparison), *base(comparison))}
    found = [item for package in comparison.packages for item in _judge(package, comparison)]
    return tuple(sorted(item for item in found if not (item.kind == "extra" and item.name in brought)))


def _judge(package: PackageComparison, comparison: Comparison) -> Iterator[ImageDifference]:
    if package.name in comparison.own:
        return
    if not package.installed:
        if package.expected:
            yield ImageDifference(name=package.name, kind="missing", locked=package.expected[0].version)
        return
    first = package.installed[0]
    versions = sorted({item.version or "?" for item in package.installed})
    if len(versions) > 1:
        yield ImageDifference(name=package.name, kind="double", found=" and ".join(versions), layer=first.layer)
    if first.version is None:
        yield ImageDifference(name=package.name, kind="unreadable", layer=first.layer)
    elif not package.locked:
        yield ImageDifference(name=package.name, kind="extra", found=first.version, layer=first.layer)
    elif (locked := _other(package)) is not None:
        yield ImageDifference(name=package.name, kind="different", locked=locked, found=first.version, layer=first.layer)


def _other(package: PackageComparison) -> str | None:
    """What the lock says, where it is not what is installed; a commit is compared with the recorded commit."""
    first = package.installed[0]
    for entry in package.expected or package.locked:
        if entry.kind == "vcs" and entry.origin is not None and entry.origin.revision and first.direct_url is not None:
            have = first.direct_url.revision
            if have and have != entry.origin.revision:
                return f"{entry.origin.revision[:12]} (installed from {have[:12]})"
            return None
        if entry.version is None or parse.satisfies_pin(first.version, entry.version):
            return None
    return " or ".join(sorted({entry.version or "?" for entry in package.expected or package.locked}))


def installers(comparison: Comparison) -> tuple[Pair, ...]:
    """pip and its kin that no lock asks for."""
    return _pairs(package for package in comparison.packages if package.name in INSTALLERS and not package.locked)


def base(comparison: Comparison) -> tuple[Pair, ...]:
    """What came in the layers that brought the installers, and in none that brought anything of the lock."""
    mine = {item.layer for package in comparison.packages if package.locked for item in package.installed}
    theirs = {item.layer for package in comparison.packages if package.name in INSTALLERS for item in package.installed}
    of_base = {layer for layer in theirs - mine if layer is not None}
    return _pairs(
        package
        for package in comparison.packages
        if package.installed
        and not package.locked
        and package.name not in INSTALLERS
        and package.name not in comparison.own
        and package.installed[0].layer in of_base
    )


def optional(comparison: Comparison) -> tuple[Pair, ...]:
    """What the lock holds for a group or extra that was not chosen, and is installed."""
    return _pairs(package for package in comparison.packages if package.installed and package.locked and not package.expected)


def equal(comparison: Comparison) -> int:
    """How many packages are as the lock says."""
    return sum(
        1 for package in comparison.packages if package.installed and package.locked and not list(_judge(package, comparison))
    )


def _pairs(packages: Iterator[PackageComparison]) -> tuple[Pair, ...]:
    return tuple((package.name, package.installed[0].version or "?") for package in packages if package.installed)
