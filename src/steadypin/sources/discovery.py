"""Find the files of a project folder that a reader claims.

Nothing is opened but .gitignore files, and the heads of those that only their content tells (`dev.txt` beside `dev.in`).
What git ignores is left out, and so are environments, caches and vendored trees. Symbolic links to folders are never followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.location import Location, Problem
from steadypin.sources.ignoring import Chain, ignored, load_rules, outer_rules
from steadypin.values import dataclass, field

SKIPPED = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "site-packages", "dist-packages", "__pypackages__",
        "__pycache__", ".tox", ".nox", ".eggs", ".direnv", ".pixi", ".mypy_cache", ".ruff_cache", ".pytest_cache",
        ".hypothesis", "vendor", "third_party", "_vendor",
    }
)  # fmt: skip
"""Names of folders that hold what others wrote or what tools left behind."""

ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})
REQUIREMENTS_FOLDERS = frozenset({"requirements", "requirements.d", "reqs", "constraints", "dependencies"})
"""Folders of requirements files, which belong to the project around them."""

REQUIREMENTS_FORMATS = frozenset({"requirements", "constraints", "pylock"})

TOOL_FORMATS = frozenset({"tox", "tox.toml", "nox", "pre-commit", "dockerfile", "workflow", "script", "uv.toml"})
"""Formats that say what a tool installs; a folder that has only these is no project of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Found:
    """A file that a reader claims. `path` and `project` (the folder of the nearest manifest or lock; "" is the root) are
    relative to the root, in POSIX form.
    """

    path: str
    format: str
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What was found, sorted by path; `problems` are files and folders that could not be looked at."""

    found: tuple[Found, ...]
    problems: tuple[Problem, ...] = ()


def discover(root: Path) -> Discovery:
    """Walk a folder. Raises SourceError if it is not a folder or cannot be listed."""
    root = Path(os.path.realpath(root))
    if not root.is_dir():
        raise SourceError("no such folder", location=Location(path=str(root)), hint="name an existing project folder")
    walk = _Walk(root)
    walk.run()
    found = sorted(walk.found)
    projects = _project_folders(found)
    return Discovery(
        found=tuple(Found(path=path, format=format, project=_project_of(path, format, projects)) for path, format in found),
        problems=tuple(sorted(walk.problems, key=lambda problem: problem.location)),
    )


class _Claims:
    """Who reads a file of a name."""

    def __init__(self) -> None:
        from steadypin.sources.lockfiles import READERS as lockfiles
        from steadypin.sources.manifests import READERS as manifests

        # any *.py may be a script (PEP 723): those are found by their locks, without opening each
        self._readers = tuple(reader for reader in (*lockfiles, *manifests) if reader.format != "script")
        names = {pattern.rpartition("/")[2] for reader in self._readers for pattern in reader.patterns}
        self._names = frozenset(name for name in names if "*" not in name)
        self._endings = tuple(end for name in names if "*" in name and (end := name.rpartition("*")[2]))
        self._starts = tuple(name[:-1] for name in names if name.endswith("*"))

    def _maybe(self, name: str) -> bool:
        """Whether any pattern could fit: "no" is fast, and it is the answer for nearly every file of a repository."""
        name = name.lower()
        return name in self._names or name.endswith(self._endings) or name.startswith(self._starts)

    def format(self, name: str, folder: str) -> str | None:
        """The format of the first reader that claims a name in a folder ("" or ending in "/"), None if none does."""
        if not self._maybe(name):
            return None
        found = next((reader.format for reader in self._readers if reader.matches(folder + name)), None)
        return None if found == "workflow" and not folder.endswith(".github/workflows/") else found


@dataclass(slots=True)
class _Folder:
    path: str
    shown: str
    chain: Chain


@dataclass(slots=True)
class _Walk:
    """One walk; `shown` paths are relative to the root and end in "/" for folders."""

    root: Path
    found: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _prefix: str = ""
    _claims: _Claims = field(default_factory=_Claims)

    def run(self) -> None:
        chain, self._prefix = outer_rules(self.root)
        folders = [_Folder(str(self.root), "", chain)]
        while folders:
            folders += self._folder(folders.pop())

    def _folder(self, folder: _Folder) -> list[_Folder]:
        """Look through one folder; the answer is what to look through next."""
        try:
            with os.scandir(folder.path) as listing:
                entries = list(listing)
        except OSError as error:
            self._cannot_list(folder, error)
            return []
        names = {entry.name for entry in entries}
        if folder.shown and not ENVIRONMENT_MARKS.isdisjoint(names):
            return []
        if ".gitignore" in names:
            rules = load_rules(Path(folder.path, ".gitignore"), self._prefix + folder.shown)
            folder.chain = (*folder.chain, rules) if rules else folder.chain
        below = []
        for entry in entries:
            if self._is_folder(entry):
                if entry.name not in SKIPPED and not ignored(folder.chain, f"{self._prefix}{folder.shown}{entry.name}/"):
                    below.append(_Folder(entry.path, f"{folder.shown}{entry.name}/", folder.chain))
            else:
                self._file(entry, folder, names)
        return below

    def _cannot_list(self, folder: _Folder, error: OSError) -> None:
        reason = f"cannot be listed: {error.strerror}"
        if not folder.shown:
            raise SourceError(reason, location=Location(path=folder.path), hint="check the folder's permissions") from None
        self.problems.append(Problem(message=reason, location=Location(path=folder.shown)))

    @staticmethod
    def _is_folder(entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir(follow_symlinks=False)
        except OSError:
            return False

    def _file(self, entry: os.DirEntry[str], folder: _Folder, names: set[str]) -> None:
        format = self._format(entry.name, folder.shown, names)
        shown = folder.shown + entry.name
        if format is None:
            if not entry.name.isascii() and not _is_unicode(entry.name):
                self._problem("the name is not UTF-8; the file was not looked at", shown)
            return
        if ignored(folder.chain, self._prefix + shown):
            return
        if self._is_readable(entry, shown):
            self.found.append((shown, format))

    def _format(self, name: str, folder: str, names: set[str]) -> str | None:
        if name.endswith(".py") and f"{name}.lock" in names:
            return "script"
        format = self._claims.format(name, folder or f"{self.root.name}/")
        return "requirements" if format is None and self._is_of_a_pair(name, folder, names) else format

    def _is_of_a_pair(self, name: str, folder: str, names: set[str]) -> bool:
        """Whether it is `dev.in` or `dev.txt` where both are, and one was compiled from the other."""
        stem, _, ending = name.rpartition(".")
        compiled = f"{stem}.txt"
        if ending not in ("in", "txt") or f"{stem}.in" not in names or compiled not in names:
            return False
        try:
            with Path(self.root, folder, compiled).open("rb") as file:
                return b"autogenerated by" in file.read(400)
        except OSError:
            return False

    def _is_readable(self, entry: os.DirEntry[str], shown: str) -> bool:
        """Whether it is a regular file inside the root; a link may lead to one."""
        try:
            if entry.is_symlink() and not _is_inside(entry.path, self.root):
                self._problem("a symbolic link that leads out of the project; not followed", shown)
                return False
            mode = entry.stat().st_mode
        except OSError as error:
            self._problem(f"cannot be looked at: {error.strerror}", shown)
            return False
        if stat.S_ISDIR(mode):
            return False
        if not stat.S_ISREG(mode):
            self._problem("not a regular file; not opened", shown)
            return False
        return True

    def _problem(self, message: str, shown: str) -> None:
        self.problems.append(Problem(message=message, location=Location(path=shown)))


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_inside(path: str, root: Path) -> bool:
    real = os.path.realpath(path)
    return os.path.commonpath((real, root)) == str(root) if os.path.splitdrive(real)[0] == root.drive else False


def _project_folders(found: list[tuple[str, str]]) -> frozenset[str]:
    """The folders that are projects: they hold a manifest or lock, not only files for tools.

    A requirements folder belongs to the project that it stands in; one that stands in no project is one by itself.
    """
    folders: set[str] = {""}
    apart: set[str] = set()
    for path, format in found:
        if format in TOOL_FORMATS or path.endswith(".py.lock"):
            continue
        folder = path.rpartition("/")[0]
        of_requirements = folder.rpartition("/")[2] in REQUIREMENTS_FOLDERS and format in REQUIREMENTS_FORMATS
        (apart if of_requirements else folders).add(folder)
    return frozenset(folders | {folder for folder in apart if folder.rpartition("/")[0] not in folders})


def _project_of(path: str, format: str, projects: frozenset[str]) -> str:
    """The nearest project above; a script with inline metadata is one by itself, and its lock belongs to it."""
    if format == "script" or path.endswith(".py.lock"):
        return path.removesuffix(".lock")
    return next(folder for folder in _ancestors(path) if folder in projects)


def _ancestors(path: str) -> Iterator[str]:
    folder = path
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield folder
    yield ""
