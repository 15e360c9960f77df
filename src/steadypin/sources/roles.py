"""What each requirements file is to the others of its project: a lock or a manifest, and of which group."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from steadypin.model.locked import SourceFile
from steadypin.values import replace

_MAIN = frozenset(
    {
        "",
        "requirements",
        "requirement",
        "base",
        "main",
        "common",
        "core",
        "prod",
        "production",
        "all",
        "default",
        "lock",
        "locked",
    }
)
_LOCK_NAMES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_GROUP_NAME = re.compile(r"(?:requirements?[-_.])?(.*?)(?:[-_.]requirements?)?")


def with_roles(files: Sequence[SourceFile], chosen: Collection[str]) -> list[SourceFile]:
    """The files with the role that they have in this project. Locks that are not among the chosen ones are left out.

    A file whose pins only bound what others demand is a manifest; a requirements.txt beside a requirements.in is its lock.
    """
    paths = {file.path for file in files}
    roles = [_role(file, paths, chosen) for file in files]
    return [replace(file, role=role) for file, role in zip(files, roles, strict=True) if role]


def _role(file: SourceFile, paths: Collection[str], chosen: Collection[str]) -> str:
    """The role, "" for a lock that is not among the chosen ones."""
    role = file.role
    if file.format == "constraints" and role == "both":
        role = "manifest"
    elif role == "both" and file.path.endswith(".txt") and file.path.removesuffix(".txt") + ".in" in paths:
        role = "lock"
    if not chosen or file.path in chosen:
        return role
    return {"lock": "", "both": "manifest"}.get(role, role)


def with_locks_elsewhere(files: Sequence[SourceFile], left_out: Collection[str]) -> list[SourceFile]:
    """The files, those marked whose locks are among those that were left out."""
    return [replace(file, locked_elsewhere=True) if _has_lock(file, left_out) else file for file in files]


def _has_lock(file: SourceFile, paths: Collection[str]) -> bool:
    """`requirements.in` has `requirements.txt`, a requirements file that pins is its own lock, a pyproject.toml or Pipfile has
    whatever its tool writes beside it.
    """
    if file.role != "manifest" or file.format not in ("requirements", "pyproject", "pipfile"):
        return False
    if file.format == "requirements":
        return not file.path.endswith(".in") or f"{file.path.removesuffix('.in')}.txt" in paths
    folder = file.path.rpartition("/")[0]
    return any(f"{folder}/{name}".lstrip("/") in paths for name in _LOCK_NAMES)


def with_groups(files: Sequence[SourceFile], includes: Mapping[str, Iterable[str]], found: Collection[str]) -> list[SourceFile]:
    """The files, their entries in the group that the file's name speaks of.

    `includes` says which file reads which, `found` are those that stand for themselves. Whatever a main file includes is main,
    whatever else is only included belongs to the group of the file that does so first.
    """
    groups: dict[str, str | None] = {}
    own = {file.path: requirements_group(file.path) for file in files if file.path in found and file.format == "requirements"}
    for path in sorted(own, key=lambda path: (own[path] is not None, path)):
        _spread(path, own[path], own, includes, groups)
    has_main = any(file.role != "manifest" and file.path in own and groups.get(file.path) is None for file in files)
    return [_in_group(file, groups.get(file.path), has_main) for file in files]


def _spread(
    start: str,
    group: str | None,
    own: Mapping[str, str | None],
    includes: Mapping[str, Iterable[str]],
    groups: dict[str, str | None],
) -> None:
    """Give a group to a file and to what it includes, but not to what already has one."""
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in groups or (group is not None and path != start and path in own):
            continue
        groups[path] = group
        waiting += includes.get(path, ())


def _in_group(file: SourceFile, group: str | None, has_main: bool) -> SourceFile:
    """The file with its group. Where no file is the main one, any may be what an install begins with."""
    if group is None or file.format not in ("requirements", "constraints"):
        return file
    declared = tuple(entry if entry.group else replace(entry, group=group) for entry in file.declared)
    return replace(file, declared=declared, groups=(group,) if has_main else ())


def requirements_group(path: str) -> str | None:
    """The group that a requirements file's name speaks of; None for the project's main requirements.

    >>> requirements_group("requirements/dev.in"), requirements_group("test-requirements.txt"), requirements_group("base.txt")
    ('dev', 'test', None)
    """
    stem = path.rpartition("/")[2].rpartition(".")[0].lower()
    found = _GROUP_NAME.fullmatch(stem)
    word = found[1].strip("-_.") if found else stem
    return None if word in _MAIN else word
