"""Which entries of a lock apply to a target, and which of them a plain install brings.

Every format says this in its own way: markers on entries (requirements, pylock, poetry, pdm, Pipfile), edges from the roots
with markers on the edges (uv), groups or categories (poetry, pdm, Pipfile), file names (requirements-dev.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steadypin.model.locked import LockedDependency, LockedPackage, SourceFile
from steadypin.model.target import Target

MAIN_GROUPS = frozenset({"default", "main", "dependencies"})
_OPTIONAL_STEM = re.compile(
    r"(?:^|[-_./])(dev|develop|test|tests|testing|doc|docs|lint|ci|build|local|typing|bench)(?:[-_./]|$)"
)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """`every`: entries that can apply here with some choice of extras and groups; `expected`: those of a plain install."""

    every: tuple[LockedPackage, ...]
    expected: tuple[LockedPackage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The extras and groups that an install was asked for."""

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def applicable(file: SourceFile, target: Target, selection: Selection) -> Applicable:
    """The entries of one lock for one target."""
    if file.format == "uv":
        return _walk_uv(file, target, selection)
    entries = [package for package in file.packages if _is_pin(file, package)]
    every = tuple(package for package in entries if _may_apply(package, target))
    if file.format == "constraints" or _optional_file(file, selection):
        return Applicable(every=every, expected=())
    return Applicable(every=every, expected=tuple(p for p in every if _is_expected(p, target, selection)))


def file_group(path: str) -> str | None:
    """The group that a requirements file's name speaks of ("dev" for requirements-dev.txt), None for the main one."""
    found = _OPTIONAL_STEM.search(path.rsplit(".", 1)[0].lower())
    return found[1] if found else None


def _is_pin(file: SourceFile, package: LockedPackage) -> bool:
    if package.kind == "conda":
        return False
    return file.role == "lock" or package.version is not None or package.kind != "index"


def _optional_file(file: SourceFile, selection: Selection) -> bool:
    if file.format != "requirements":
        return False
    group = file_group(file.path)
    return group is not None and group not in selection.groups


def _markers(package: LockedPackage) -> tuple[str | None, ...]:
    if package.markers_by_group:
        return tuple(marker or None for _, marker in package.markers_by_group)
    return (package.marker,)


def _may_apply(package: LockedPackage, target: Target) -> bool:
    return any(_holds_somehow(marker, target) for marker in _markers(package)) and _in_fork(package, target)


def _holds_somehow(marker: str | None, target: Target) -> bool:
    if marker is None or target.applies(marker):
        return True
    if "extra" not in marker and "dependency_groups" not in marker:
        return False
    names = _QUOTED.findall(marker)
    return target.applies(marker, extras=("", *names), groups=names)


def _in_fork(package: LockedPackage, target: Target) -> bool:
    return not package.resolution_markers or any(target.applies(marker) for marker in package.resolution_markers)


def _is_expected(package: LockedPackage, target: Target, selection: Selection) -> bool:
    wanted_groups = MAIN_GROUPS | selection.groups
    if package.groups and not wanted_groups & set(package.groups):
        return False
    if package.optional and not selection.extras:
        return False
    markers = [m or None for g, m in package.markers_by_group if g in wanted_groups] or list(_markers(package))
    extras = ("", *sorted(selection.extras))
    return any(target.applies(marker, extras=extras, groups=selection.groups) for marker in markers)


def _walk_uv(file: SourceFile, target: Target, selection: Selection) -> Applicable:
    """Follow the edges from the roots, once with every extra and group, once with the chosen ones (uv.lock has no marker per
    entry).
    """
    entries: dict[str, list[LockedPackage]] = {}
    for package in file.packages:
        if package.name and _in_fork(package, target):
            entries.setdefault(package.name, []).append(package)
    every = frozenset(_reach(file, entries, target, selection=None))
    expected = frozenset(_reach(file, entries, target, selection=selection))
    pins = [package for name in sorted(entries) for package in entries[name] if package.kind != "virtual"]
    return Applicable(
        every=tuple(p for p in pins if id(p) in every),
        expected=tuple(p for p in pins if id(p) in expected and p.name not in file.roots),
    )


def _reach(
    file: SourceFile, entries: dict[str, list[LockedPackage]], target: Target, *, selection: Selection | None
) -> Iterator[int]:
    """Identities of the entries that can be reached from the roots and from what the lock asks for by itself."""
    roots = [package for name in file.roots for package in entries.get(name, ())]
    if not roots and not file.top_level:
        roots = [package for group in entries.values() for package in group]
    pending = [(root, label) for root in roots for label in ("", *_labels(root.dependencies, selection))]
    for label in ("", *_labels(file.top_level, selection)):
        pending.extend(_edges(file.top_level, label, entries, target))
    seen: set[tuple[int, str]] = set()
    while pending:
        package, label = pending.pop()
        if (id(package), label) in seen:
            continue
        seen.add((id(package), label))
        yield id(package)
        pending.extend(_edges(package.dependencies, label, entries, target))


def _labels(edges: Iterable[LockedDependency], selection: Selection | None) -> Iterable[str]:
    labels = {edge.under for edge in edges if edge.under}
    if selection is None:
        return sorted(labels)
    chosen = {f"extra:{name}" for name in selection.extras} | {f"group:{name}" for name in selection.groups}
    return sorted(labels & chosen)


def _edges(
    dependencies: Iterable[LockedDependency], label: str, entries: dict[str, list[LockedPackage]], target: Target
) -> Iterator[tuple[LockedPackage, str]]:
    for edge in dependencies:
        if edge.under != label or not _holds_somehow(edge.marker, target):
            continue
        for found in entries.get(edge.name, ()):
            if edge.specifier and found.version and edge.specifier.lstrip("=") != found.version:
                continue
            yield found, ""
            yield from ((found, f"extra:{extra}") for extra in edge.extras)
