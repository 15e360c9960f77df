"""The project's working tree, copied: what git knows and does not ignore, else what .gitignore files leave.

Two copies are kept: a pristine one, and the one that tests run in. After a run the second is put back by delta, so that a
suite that writes, deletes or rewrites files harms neither the user's tree nor the next trial.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from steadypin.errors import UsageError

LIMIT = 4 * 1024**3
"""Bytes that a working tree may have."""

SMALL = 1024**2
"""Bytes up to which an ignored file of a tree without git is copied."""

_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", ".steadypin"})
_CACHES = frozenset({".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "node_modules"})

State = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """`pristine` is the tree as it was found, `folder` the copy to run in. `digest` names the content."""

    pristine: Path
    folder: Path
    digest: str

    def restore(self) -> None:
        """Make `folder` equal to `pristine` again; what a build left beside the sources (`*.egg-info`) stays."""
        wanted, found = _states(self.pristine), _states(self.folder)
        for path in sorted(found.keys() - wanted.keys(), reverse=True):
            if not _is_build_product(path):
                _remove(self.folder / path)
        for path, state in wanted.items():
            if found.get(path) != state:
                _copy(self.pristine / path, self.folder / path)


def take(root: Path, into: Path) -> WorkingCopy:
    """Copy the tree at `root` into the new folder `into`. Raises UsageError where it is too large."""
    files = list_files(root)
    pristine, folder = into / "pristine", into / "tree"
    pristine.mkdir(parents=True)
    folder.mkdir()
    size = 0
    for path in files:
        size += (root / path).lstat().st_size
        if size > LIMIT:
            raise UsageError(
                f"{root}: more than {LIMIT // 1024**3} GiB would have to be copied", hint="ignore data in .gitignore"
            )
        _copy(root / path, pristine / path)
    copy = WorkingCopy(pristine=pristine, folder=folder, digest=_digest(pristine, files))
    copy.restore()
    return copy


def list_files(root: Path) -> tuple[str, ...]:
    """The files of a tree, relative, sorted: tracked and untracked ones that git does not ignore, without environments."""
    listed = _git_files(root)
    found = _walk(root, "", ()) if listed is None else _existing(root, listed)
    return tuple(sorted(set(found)))


def _git_files(root: Path) -> list[str] | None:
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name] or None


def _existing(root: Path, listed: Iterable[str]) -> Iterator[str]:
    """What git lists and is there; a submodule is a folder of its own."""
    environments: dict[str, bool] = {}
    for path in listed:
        if _in_environment(root, path, environments):
            continue
        full = root / path
        if full.is_dir() and not full.is_symlink():
            yield from _walk(root, path.rstrip("/"), ())
        elif os.path.lexists(full) and _is_plain(full):
            yield path


def _in_environment(root: Path, path: str, known: dict[str, bool]) -> bool:
    parts = path.split("/")[:-1]
    if not _NEVER.isdisjoint(parts):
        return True
    for end in range(1, len(parts) + 1):
        folder = "/".join(parts[:end])
        if folder not in known:
            known[folder] = (root / folder / "pyvenv.cfg").is_file()
        if known[folder]:
            return True
    return False


def _walk(root: Path, folder: str, rules: tuple[tuple[str, object], ...]) -> Iterator[str]:
    """Files below a folder, as .gitignore files leave them."""
    here = root / folder if folder else root
    rules = (*rules, *_rules_of(here, folder))
    try:
        with os.scandir(here) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name in _NEVER or (not _is_small(entry) and _is_ignored(path + "/" * is_folder, rules)):
            continue
        if not is_folder:
            if _is_plain(Path(entry.path)):
                yield path
        elif entry.name not in _CACHES and not (Path(entry.path) / "pyvenv.cfg").is_file():
            yield from _walk(root, path, rules)


def _is_small(entry: os.DirEntry[str]) -> bool:
    """Without git nobody knows which ignored files are tracked all the same: small ones are taken to be."""
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= SMALL


def _rules_of(here: Path, folder: str) -> Iterator[tuple[str, object]]:
    try:
        text = (here / ".gitignore").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    from pathspec import GitIgnoreSpec

    try:
        yield (f"{folder}/" if folder else "", GitIgnoreSpec.from_lines(text.splitlines()))
    except ValueError:  # git leaves a pattern that it cannot read out as well
        return


def _is_ignored(path: str, rules: tuple[tuple[str, object], ...]) -> bool:
    """The nearest .gitignore that says anything decides."""
    for prefix, spec in reversed(rules):
        verdict = spec.check_file(path[len(prefix) :]).include  # type: ignore[attr-defined]
        if verdict is not None:
            return bool(verdict)
    return False


def _is_plain(path: Path) -> bool:
    """A file or a link; pipes, sockets and devices cannot be copied."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _digest(root: Path, files: Iterable[str]) -> str:
    total = hashlib.sha256()
    for path in files:
        full = root / path
        if full.is_symlink():
            kind, content = b"link", os.fsencode(full.readlink())
        else:
            kind, content = b"x" if full.stat().st_mode & 0o100 else b"-", hashlib.sha256(full.read_bytes()).digest()
        total.update(b"\0".join((kind, os.fsencode(path), content)) + b"\n")
    return total.hexdigest()


def _states(root: Path) -> dict[str, State]:
    """Size, time and mode of each file below a folder."""
    found: dict[str, State] = {}
    for folder, folders, names in os.walk(root):
        base = os.path.relpath(folder, root)
        for name in [*names, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]:  # noqa: PTH114, PTH118
            path = name if base == "." else f"{base}/{name}".replace(os.sep, "/")
            try:
                known = os.lstat(os.path.join(folder, name))  # noqa: PTH118
            except OSError:
                continue
            found[path] = (known.st_size, known.st_mtime_ns, known.st_mode)
    return found


def _is_build_product(path: str) -> bool:
    return any(part.endswith(".egg-info") or part in ("__pycache__", "build", "_version.py") for part in path.split("/"))


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return
    folder = path.parent
    while not os.listdir(folder):  # noqa: PTH208 - whether it is empty is all
        folder.rmdir()
        folder = folder.parent


def _copy(source: Path, target: Path) -> None:
    """One file or link, with its times; whatever stands in its place goes."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    elif os.path.lexists(target):
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)
