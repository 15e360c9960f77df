"""The project's working tree, copied: what git knows and does not ignore, else what .gitignore files leave."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from steadypin.errors import UsageError
from steadypin.trials.sandbox.copy import WorkingCopy, copy_file

LIMIT = 4 * 1024**3
"""Bytes that a working tree may have."""

SMALL = 1024**2
"""Bytes up to which an ignored file of a tree without git is copied."""

_SETTINGS = re.compile(r"\.env(?:\.\w+)?|\.flaskenv|local_settings\.py|settings_local\.py|secrets\.\w+")
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", ".steadypin"})
_CACHES = frozenset({".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "node_modules"})


def take(root: Path, into: Path, *, also: Iterable[str] = ()) -> WorkingCopy:
    """Copy the tree at `root` into the new folder `into`, with files that git ignores where `also` names them.

    Raises UsageError where it is too large or a file is not there, OSError.
    """
    files = tuple(sorted({*list_files(root), *(_named(root, path) for path in also)}))
    pristine, folder = into / "pristine", into / "tree"
    pristine.mkdir(parents=True)
    size = 0
    for path in files:
        size += (root / path).lstat().st_size
        if size > LIMIT:
            raise UsageError(
                f"{root}: more than {LIMIT // 1024**3} GiB would have to be copied", hint="ignore data in .gitignore"
            )
        copy_file(root / path, pristine / path)
    copy = WorkingCopy(pristine=pristine, folder=folder, digest=_digest(pristine, files))
    _turn_links(root.resolve(), pristine, folder, files)
    copy.fill()
    return copy


def _named(root: Path, path: str) -> str:
    """A file of the tree, relative to it. Raises UsageError."""
    full = (root / path).resolve()
    if not full.is_file() or not full.is_relative_to(root.resolve()):
        raise UsageError(f"--copy {path}: no such file in {root}", hint="name it from the project's folder on")
    return full.relative_to(root.resolve()).as_posix()


def ignored_settings(root: Path) -> tuple[str, ...]:
    """Files that tests may need, by their names, and that the copy does not hold as git ignores them."""
    found = {
        path.relative_to(root).as_posix() for path in (*root.glob("*"), *root.glob("*/*")) if _SETTINGS.fullmatch(path.name)
    }
    return tuple(sorted(found.difference(list_files(root)))) if found else ()


def adopt(into: Path, digest: str, *, named: Path) -> WorkingCopy:
    """A working copy around `into`/pristine, which was made from another one; links that name that one's folder get ours.

    Raises OSError.
    """
    pristine, folder = into / "pristine", into / "tree"
    found = (Path(here, name) for here, folders, names in os.walk(pristine) for name in [*folders, *names])
    _turn_links(named, pristine, folder, [path.relative_to(pristine).as_posix() for path in found if path.is_symlink()])
    copy = WorkingCopy(pristine=pristine, folder=folder, digest=digest)
    copy.fill()
    return copy


def _turn_links(root: Path, pristine: Path, folder: Path, files: Iterable[str]) -> None:
    """Links that name the user's own tree shall name the copy: tests write through them."""
    for path in files:
        link = pristine / path
        if link.is_symlink() and (to := link.readlink()).is_absolute() and to.is_relative_to(root):
            link.unlink()
            link.symlink_to(folder / to.relative_to(root))


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
