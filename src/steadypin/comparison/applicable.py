"""Which entries of a lock apply to a target, and which of them a plain install brings.

Every format says this in its own way: markers on entries (requirements, pylock, poetry 2.1, pdm, Pipfile), edges from the
roots with markers on the edges (uv, and the older layouts of poetry and pdm), groups or categories (poetry, pdm, Pipfile),
platforms (conda-lock, pixi), file names (requirements-dev.txt).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from steadypin.comparison.selection import Selection, holds, holds_somehow
from steadypin.comparison.walk import Walk
from steadypin.model import parse
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.locked import LockedDependency, LockedPackage, SourceFile
from steadypin.model.target import Target
from steadypin.values import dataclass

__all__ = ["Applicable", "Selection", "applicable", "file_group"]

MAIN_GROUPS = frozenset({"default", "main", "dependencies"})
_OPTIONAL_STEM = re.compile(
    r"(?:^|[-_./])(dev|develop|test|tests|testing|doc|docs|lint|ci|build|local|typing|bench)(?:[-_./]|$)"
)
_CONDA_PLATFORMS = {
    "linux_x86_64": "linux-64",
    "musllinux_x86_64": "linux-64",
    "linux_aarch64": "linux-aarch64",
    "musllinux_aarch64": "linux-aarch64",
    "macos_x86_64": "osx-64",
    "macos_arm64": "osx-arm64",
    "windows_x86_64": "win-64",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """`every`: entries that can apply here with some choice of extras and groups; `expected`: those of a plain install."""

    every: tuple[LockedPackage, ...]
    expected: tuple[LockedPackage, ...]


def applicable(
    file: SourceFile, target: Target, selection: Selection, declared: Iterable[DeclaredRequirement] = ()
) -> Applicable:
    """The entries of one lock for one target. `declared` is what the manifest beside the lock asks for, where there is one:
    older layouts of poetry.lock and pdm.lock cannot be understood without it.
    """
    if file.format == "uv":
        return _walk_uv(file, target, selection)
    entries = [package for package in file.packages if _is_pin(file, package)]
    every = [package for package in entries if _may_apply(package, target)]
    expected = [package for package in every if _is_expected(file, package, target, selection)]
    if file.format == "constraints" or _optional_file(file, selection):
        expected = []
    if _lacks_markers(file):
        return _walk_edges(every, expected, target, selection, tuple(_top(declared)))
    return Applicable(every=tuple(every), expected=tuple(expected))


def file_group(path: str) -> str | None:
    """The group that a requirements file's name speaks of ("dev" for requirements-dev.txt), None for the main one.

    Of a file outside of the project only its own name counts, not the folders that it happens to lie in.
    """
    outside = path.startswith(("/", "..")) or path[1:2] == ":"
    found = _OPTIONAL_STEM.search((path.rpartition("/")[2] if outside else path).rsplit(".", 1)[0].lower())
    return found[1] if found else None


def _is_pin(file: SourceFile, package: LockedPackage) -> bool:
    if package.kind == "conda":
        return False
    return file.role == "lock" or package.version is not None or package.kind != "index"


def _optional_file(file: SourceFile, selection: Selection) -> bool:
    """Whether a requirements file is for a group that nobody chose; one that the user named is chosen (`default_groups`)."""
    if file.format != "requirements" or file.default_groups:
        return False
    groups = set(file.groups) or ({found} if (found := file_group(file.path)) else set())
    return bool(groups) and not groups & selection.groups


def _markers(package: LockedPackage, wanted: Collection[str] | None = None) -> tuple[str | None, ...]:
    """Where an entry has a marker for each group: those of the wanted ones. A group without one brings it always."""
    if not package.markers_by_group:
        return (package.marker,)
    by_group = {parse.normalise(group): marker or None for group, marker in package.markers_by_group}
    groups = {parse.normalise(group) for group in package.groups or ()} or set(by_group)
    return tuple(by_group.get(group) for group in sorted(groups) if wanted is None or group in wanted)


def _may_apply(package: LockedPackage, target: Target) -> bool:
    return (
        any(holds_somehow(marker, target) for marker in _markers(package))
        and in_fork(package, target)
        and _on_platform(package, target)
    )


def in_fork(package: LockedPackage, target: Target) -> bool:
    """Whether an entry stands in a fork of its lock that the target is in (uv)."""
    return not package.resolution_markers or any(target.applies(marker) for marker in package.resolution_markers)


def _on_platform(package: LockedPackage, target: Target) -> bool:
    """Whether an entry of conda-lock or pixi is for the target's platform; unknown platforms admit every entry."""
    here = _CONDA_PLATFORMS.get(target.platform)
    return not package.platforms or here is None or here in package.platforms


def _is_expected(file: SourceFile, package: LockedPackage, target: Target, selection: Selection) -> bool:
    chosen = _chosen_groups(file, selection)
    wanted = {parse.normalise(group) for group in MAIN_GROUPS | chosen}
    if package.groups and not any(parse.normalise(group) in wanted for group in package.groups):
        return False
    if package.optional and not selection.extras:
        return False
    markers = _markers(package, wanted) or _markers(package)
    asked = Selection(extras=selection.extras, groups=chosen)
    return any(holds(marker, target, asked) for marker in markers)


def _chosen_groups(file: SourceFile, selection: Selection) -> frozenset[str]:
    """The groups that are chosen, in the words of the format: PDM's extras are groups, pipenv's "dev" is "develop"."""
    groups = selection.groups | frozenset(file.default_groups)
    if file.format == "pdm":
        return groups | selection.extras
    if file.format == "pipfile" and groups & {"dev", "dev-packages"}:
        return groups | {"develop"}
    return groups


def _lacks_markers(file: SourceFile) -> bool:
    """Whether the layout has markers on edges only: poetry.lock before 2.1, pdm.lock without `inherit_metadata`."""
    if file.format == "poetry":
        layout = parse.release(file.format_version or "")
        return layout is None or layout < [2, 1]
    return file.format == "pdm" and all(package.groups is None for package in file.packages)


def _top(declared: Iterable[DeclaredRequirement]) -> Iterable[LockedDependency]:
    """What a manifest asks for as edges of a lock."""
    for item in declared:
        asked = parse.parts(item.requirement)
        if item.kind == "requirement" and asked is not None:
            yield LockedDependency(
                name=item.name,
                specifier=asked.specifier or None,
                marker=asked.marker,
                extras=asked.extras,
                under=f"extra:{item.extra}" if item.extra else f"group:{item.group}" if item.group else "",
            )


def _walk_edges(
    every: Sequence[LockedPackage],
    expected: Sequence[LockedPackage],
    target: Target,
    selection: Selection,
    top: tuple[LockedDependency, ...],
) -> Applicable:
    """Keep what can be reached from what the manifest asks for, and of an older manifest's wishes what nobody else needs.
    Without a manifest nobody knows what is asked for: every entry may apply, and expected is what no other entry needs, with
    what it needs here.
    """
    needed = {edge.name for package in every for edge in package.dependencies}
    here = [package for package in every if holds(package.marker, target, selection)]
    chosen = Walk(entries=_by_name(here if top else expected), target=target, selection=selection, active=selection)
    if not top:
        found = chosen.reach([package for package in expected if package.name not in needed], ())
        return Applicable(every=tuple(every), expected=tuple(package for package in expected if id(package) in found))
    known = needed | {edge.name for edge in top}
    anywhere = Walk(entries=_by_name(every), target=target, selection=None, active=Selection())
    some = anywhere.reach([package for package in every if package.name not in known], top)
    found = chosen.reach((), top)
    return Applicable(
        every=tuple(package for package in every if id(package) in some),
        expected=tuple(package for package in every if id(package) in found),
    )


def _walk_uv(file: SourceFile, target: Target, selection: Selection) -> Applicable:
    """Follow the edges from the roots, once with every extra and group, once with the chosen ones (uv.lock has no marker per
    entry). A plain install is one of the project at the root, where there is one, without the other members.
    """
    entries = _by_name(package for package in file.packages if in_fork(package, target))
    roots = [package for name in file.roots for package in entries.get(name, ())]
    if not roots and not file.top_level:
        roots = [package for group in entries.values() for package in group]
    main = [root for root in roots if root.name == file.project_name] or roots
    every = Walk(entries=entries, target=target, selection=None, active=Selection()).reach(roots, file.top_level)
    active = _conflict_names(main, selection)
    expected = Walk(entries=entries, target=target, selection=selection, active=active).reach(main, file.top_level)
    pins = [package for name in sorted(entries) for package in entries[name] if package.kind != "virtual"]
    return Applicable(
        every=tuple(p for p in pins if id(p) in every),
        expected=tuple(p for p in pins if id(p) in expected and p.name not in file.roots),
    )


def _conflict_names(roots: Iterable[LockedPackage], selection: Selection) -> Selection:
    """The extras and groups of the roots as uv's markers name them where some exclude each other: `extra-3-app-cpu`."""
    named = [
        f"{word}-{len(root.name)}-{root.name}-{parse.normalise(name)}"
        for root in roots
        if root.name
        for word, names in (("extra", selection.extras), ("group", selection.groups))
        for name in names
    ]
    return Selection(extras=selection.extras | frozenset(named), groups=selection.groups)


def _by_name(packages: Iterable[LockedPackage]) -> dict[str, list[LockedPackage]]:
    entries: dict[str, list[LockedPackage]] = {}
    for package in packages:
        if package.name:
            entries.setdefault(package.name, []).append(package)
    return entries
