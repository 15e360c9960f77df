"""Read a whole project folder: its manifests and locks, what they include, and what each is to the others.

Only files of the project at the root are read; those of nested projects are listed. Nothing outside the root is opened, and
nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from steadypin.errors import SourceError, UsageError
from steadypin.model.location import Location, Problem
from steadypin.model.locked import Include, SourceFile
from steadypin.sources.discovery import TOOL_FORMATS, Found, discover
from steadypin.sources.freshness import staleness
from steadypin.sources.including import Refused, include_cycles, included_path
from steadypin.sources.reading import read_file
from steadypin.sources.roles import with_groups, with_locks_elsewhere, with_roles
from steadypin.text import printable, redact
from steadypin.values import dataclass, field, replace

MOST_FILES = 2000
"""How many files of one project are read, included ones among them."""

_REQUIREMENTS = ("requirements", "constraints")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """What a project folder says.

    `files` are the project's own, sorted by path, each with its role and with paths relative to the root (POSIX). `others` were
    found and not read: files of nested projects, and locks that were not chosen. `silent` are tool files that were read and
    install nothing. `errors` are files that could not be read at all; `problems` are about files and includes (what is wrong
    inside a file is in its own `problems`).
    """

    root: Path
    files: tuple[SourceFile, ...] = ()
    others: tuple[Found, ...] = ()
    silent: tuple[Found, ...] = ()
    errors: tuple[SourceError, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_project(root: Path, *, locks: Sequence[Path] = (), excluded: Sequence[str] = ()) -> ProjectFiles:
    """Read the project at `root`.

    `locks` are the only locks to use where they are given; they may lie anywhere. `excluded` are patterns as in a .gitignore.
    Raises SourceError if the root is no folder, UsageError for a pattern that is none.
    """
    discovery = discover(root)
    root = Path(os.path.realpath(root))
    kept = _without(discovery.found, excluded)
    own = [found for found in kept if found.project == ""]
    chosen = {_shown(lock, root): lock for lock in locks}
    reading = _Reading(root)
    for shown, lock in chosen.items():
        reading.read(shown, None, path=lock)
    for found in own:
        if not chosen or found.format not in _lock_formats():
            reading.read(found.path, found.format)
    reading.follow()
    reading.read_members([found for found in kept if found.format == "pyproject"])
    files = with_roles([file for file in reading.files if not _is_silent(file)], set(chosen))
    files = with_groups(files, reading.edges, {found.path for found in own})
    files = [_as_chosen(file) if file.path in chosen else file for file in files]
    read = {file.path for file in files}
    silent = {file.path for file in reading.files if _is_silent(file)}
    dropped = {file.path for file in reading.files} - read - silent
    others = tuple(found for found in kept if found.path in dropped or found.path not in reading.asked)
    files = with_locks_elsewhere(files, [found.path for found in others]) if chosen else files
    return ProjectFiles(
        root=root,
        files=tuple(_with_freshness(file, files, root) for file in sorted(files, key=lambda file: file.path)),
        others=others,
        silent=tuple(found for found in kept if found.path in silent),
        errors=tuple(sorted(reading.errors, key=lambda error: (error.location.path, error.location.line or 0))),
        problems=(*discovery.problems, *reading.problems, *include_cycles(reading.edges)),
    )


def _as_chosen(file: SourceFile) -> SourceFile:
    """Whoever names requirements-dev.txt as the lock installs it: what its name says makes it no choice any more."""
    return replace(file, default_groups=("default",)) if file.format == "requirements" else file


def _is_silent(file: SourceFile) -> bool:
    return file.format in TOOL_FORMATS and not (file.declared or file.packages or file.problems or file.index_urls)


def _without(found: tuple[Found, ...], excluded: Sequence[str]) -> list[Found]:
    if not excluded:
        return list(found)
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(excluded)
    except ValueError as error:
        raise UsageError(f"not a pattern: {printable(str(error))}", hint="patterns are those of .gitignore") from None
    return [file for file in found if not spec.match_file(file.path)]


def _lock_formats() -> frozenset[str]:
    """Formats that only ever are locks; requirements files tell by their content."""
    from steadypin.sources.lockfiles import READERS

    return frozenset(reader.format for reader in READERS) - {*_REQUIREMENTS, "environment"}


def _shown(lock: Path, root: Path) -> str:
    """The path relative to the root where it lies below, else as it was given."""
    try:
        return Path(os.path.realpath(lock)).relative_to(root).as_posix()
    except ValueError:
        return lock.as_posix()


@dataclass(slots=True)
class _Reading:
    """Files read so far, each once however often and however spelled it is named."""

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    edges: dict[str, dict[str, Location]] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)
    _followed: set[tuple[str, Include]] = field(default_factory=set)
    _full: bool = False

    def read(self, shown: str, format: str | None, *, path: Path | None = None) -> str | None:
        """Read one file; the answer is the path that it is known by, None where it could not be read."""
        self.asked.add(shown)
        within = self.root if path is None else None  # a file that the user named may lie anywhere
        path = path or self.root / shown
        key = os.path.normcase(os.path.realpath(path))
        if key in self._by_key:
            return self._by_key[key]
        if len(self._by_key) >= MOST_FILES:
            self._report_full(shown)
            return None
        self._by_key[key] = shown
        try:
            self.files.append(read_file(path, shown=shown, format=format, within=within))
        except SourceError as error:
            self._failed(error, format)
        return shown

    def _failed(self, error: SourceError, format: str | None) -> None:
        """A lock or manifest that cannot be read is an error; what only tools or Python 2 read must not stop the rest."""
        if format in TOOL_FORMATS or format == "setup.py":
            self.problems.append(Problem(message=f"{error.message}; the file was left out", location=error.location))
        else:
            self.errors.append(error)

    def _report_full(self, shown: str) -> None:
        if not self._full:
            self._full = True
            message = f"more than {MOST_FILES} files; the rest was not read"
            self.problems.append(Problem(message=message, location=Location(path=shown)))

    def follow(self) -> None:
        """Read what the files include: requirements first, because a file that is only a constraint demands nothing."""
        self._follow(("requirements",), "requirements", start=0)
        constraints = len(self.files)
        self._follow(("constraints",), "constraints", start=0)
        self._follow(_REQUIREMENTS, "constraints", start=constraints)

    def _follow(self, kinds: Sequence[str], format: str, *, start: int) -> None:
        place = start
        while place < len(self.files):
            file = self.files[place]
            place += 1
            for include in file.includes if file.format not in TOOL_FORMATS else ():
                if include.kind in kinds and (file.path, include) not in self._followed:
                    self._followed.add((file.path, include))
                    self._include(file.path, include, format)

    def _include(self, includer: str, include: Include, format: str) -> None:
        try:
            shown = included_path(self.root, includer, include.path)
        except Refused as refusal:
            message = printable(redact(f"{include.path}: {refusal}"))
            self.problems.append(Problem(message=message, location=include.location))
            return
        known = self.read(shown, None if shown.endswith(".toml") else format)
        if known is not None:
            self.edges.setdefault(includer, {}).setdefault(known, include.location)

    def read_members(self, manifests: Sequence[Found]) -> None:
        """Read the pyproject.toml of each member of the root's workspace: one lock holds them all."""
        includes = [include for file in self.files if file.path == "pyproject.toml" for include in file.includes]
        members = [include.path for include in includes if include.kind == "workspace"]
        excluded = [include.path for include in includes if include.kind == "workspace-exclude"]
        for found in manifests:
            folder = found.path.rpartition("/")[0]
            if folder and _any_matches(folder, members) and not _any_matches(folder, excluded):
                self.read(found.path, found.format)


def _any_matches(folder: str, patterns: Sequence[str]) -> bool:
    return any(_matches(folder.split("/"), pattern.strip("/").removeprefix("./").split("/")) for pattern in patterns)


def _matches(parts: list[str], pattern: list[str]) -> bool:
    """A glob over whole paths: `*` stays within one folder, `**` is any number of folders."""
    reachable = {0}
    for word in pattern:
        if word == "**":
            reachable = set(range(min(reachable, default=len(parts) + 1), len(parts) + 1))
        else:
            reachable = {place + 1 for place in reachable if place < len(parts) and fnmatchcase(parts[place], word)}
    return len(parts) in reachable


def _with_freshness(file: SourceFile, files: Sequence[SourceFile], root: Path) -> SourceFile:
    if file.role != "lock":
        return file
    reason = staleness(file, files, root)
    return replace(file, stale=reason) if reason else file
