"""The working copy that tests run in, put back before each run: no trial sees what another one did.

Beside it a pristine copy is kept. What a build of the project put among the sources (`*.egg-info`, compiled modules) stays:
it is known by having come between two looks, not by its name.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from steadypin.trials.sandbox.room import make_writable, remove
from steadypin.values import dataclass, field

State = tuple[int, int, int, int]
"""Size, times of the content and of the entry (which nobody can set), and mode; of a folder the mode alone."""

_BYTECODE = "__pycache__"


@dataclass(slots=True, kw_only=True)
class WorkingCopy:
    """`pristine` is the tree as it was found, `folder` the copy to run in. `digest` names the content."""

    pristine: Path
    folder: Path
    digest: str
    _left: dict[str, State] = field(default_factory=dict)

    def restore(self) -> bool:
        """Make `folder` what it was. False where something that a build had made is gone: it has to be built anew.

        Raises OSError.
        """
        if not self.folder.is_dir() or self.folder.is_symlink():
            remove_entry(self.folder)
            self.folder.mkdir(parents=True)
        found = states(self.folder)
        gone = "\0"
        for path in sorted(found.keys() - self._left.keys()):
            if not path.startswith(gone):
                remove_entry(self.folder / path)
                gone = path if path.endswith("/") else gone
        whole = True
        for path, state in self._left.items():
            if found.get(path) != state:
                whole = self._put_back(path, state) and whole
        return whole

    def fill(self) -> None:
        """Make `folder` anew from the pristine copy. Raises OSError."""
        remove(self.folder)
        shutil.copytree(self.pristine, self.folder, symlinks=True)
        self.accept()

    def accept(self) -> None:
        """What stands there now is how it shall be."""
        self._left = states(self.folder)

    def _put_back(self, path: str, state: State) -> bool:
        source, target = self.pristine / path, self.folder / path
        if not os.path.lexists(source):
            return False
        if path.endswith("/"):
            if not target.is_dir() or target.is_symlink():
                remove_entry(target)
                target.mkdir()
            target.chmod(stat.S_IMODE(state[3]))
        else:
            copy_file(source, target)
        self._left[path] = _state(target.lstat())
        return True


def states(root: Path) -> dict[str, State]:
    """Every entry below a folder but bytecode, folders (whose names end with a slash) before what is in them."""
    found: dict[str, State] = {}
    todo = [""]
    while todo:
        prefix = todo.pop()
        for entry in _entries(root / prefix):
            path = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                found[path] = _state(entry.stat(follow_symlinks=False))
            elif entry.name != _BYTECODE:
                found[f"{path}/"] = _state(entry.stat(follow_symlinks=False))
                todo.append(f"{path}/")
    return found


def _state(known: os.stat_result) -> State:
    if stat.S_ISDIR(known.st_mode):
        return 0, 0, 0, known.st_mode
    return known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_mode


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What is in a folder; one that a suite has closed is opened."""
    for _ in range(2):
        try:
            with os.scandir(folder) as scan:
                yield from scan
            return
        except PermissionError:
            make_writable(folder)
        except OSError:
            return


def remove_entry(path: Path) -> None:
    """Whatever stands there goes, be it closed or in a closed folder; nothing there is fine. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        remove(path)
        return
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        make_writable(path.parent)
        make_writable(path)
        path.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """One file or link, with its times; whatever stands in its place goes. Raises OSError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file where a folder was
        remove_entry(target.parent)
        target.parent.mkdir(parents=True)
    remove_entry(target)
    try:
        shutil.copy2(source, target, follow_symlinks=False)
    except PermissionError:
        make_writable(target.parent)
        shutil.copy2(source, target, follow_symlinks=False)
