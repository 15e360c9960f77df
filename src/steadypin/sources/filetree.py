"""One small protocol over folders, container roots, images and recorded snapshots, so that metadata has one reader.

Paths are texts with the tree's own separator. A tree answers as the operating system does: FileNotFoundError or
NotADirectoryError for what is not there, another OSError for what is there and cannot be read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Protocol

SMALL_FILE = 1024 * 1024
"""Metadata beyond this many bytes is not read."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_MAX_LINKS = 40


class FileTree(Protocol):
    """Where files are: on this disk, below a container's root, in an image, in a snapshot."""

    @property
    def separator(self) -> str:
        """What stands between the parts of a path: "/", on Windows disks "\\"."""
        ...

    def names(self, folder: str) -> list[str]:
        """What a folder holds, in any order. Raises OSError."""
        ...

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        """The first `limit` bytes of a file. Raises OSError."""
        ...

    def is_dir(self, path: str) -> bool:
        """Whether a folder (or a link to one) stands there."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether a file (or a link to one) stands there."""
        ...

    def layer(self, path: str) -> str | None:
        """The image layer that brought the file or folder; None where there are no layers."""
        ...


class RootedTree(FileTree, Protocol):
    """A FileTree that is a whole file system and can be walked."""

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """(folder, folders in it, files in it), links not followed; names that a caller removes from the second list are not
        entered.
        """
        ...


class DiskTree:
    """The file system of this machine."""

    separator = os.sep

    def names(self, folder: str) -> list[str]:
        return os.listdir(folder)  # noqa: PTH208  texts in, texts out: pathlib costs a third of the whole reading

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        handle = os.open(path, _FLAGS)  # not blocking: a pipe in the place of a file must not stop us
        try:
            if limit <= 65536:
                return os.read(handle, limit)
            size = os.fstat(handle).st_size
            return os.read(handle, min(limit, size or 65536))
        finally:
            os.close(handle)

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(path)  # noqa: PTH112

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)  # noqa: PTH113

    def layer(self, path: str) -> str | None:
        return None


class RootTree:
    """A folder as if it were "/": links are followed inside it, never out of it (an unpacked container image)."""

    separator = "/"

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") or ""
        self._disk = DiskTree()

    def names(self, folder: str) -> list[str]:
        return self._disk.names(self.real(folder))

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        return self._disk.read(self.real(path), limit)

    def is_dir(self, path: str) -> bool:
        return self._is(path, stat.S_ISDIR)

    def is_file(self, path: str) -> bool:
        return self._is(path, stat.S_ISREG)

    def layer(self, path: str) -> str | None:
        return None

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        for folder, folders, files in os.walk(self._root or "/"):
            folders.sort()
            yield folder[len(self._root) :] or "/", folders, files

    def real(self, path: str) -> str:
        """The path on this machine's disk. Raises FileNotFoundError for a circle of links."""
        return self._root + resolve_links(path, self._link)

    def _link(self, path: str) -> str | None:
        try:
            return os.readlink(self._root + path)  # noqa: PTH115
        except OSError:
            return None

    def _is(self, path: str, test: object) -> bool:
        try:
            mode = os.stat(self.real(path)).st_mode  # noqa: PTH116
        except (OSError, ValueError):
            return False
        return bool(callable(test) and test(mode))


class _ReadLink(Protocol):
    def __call__(self, path: str, /) -> str | None: ...


def resolve_links(path: str, read_link: _ReadLink) -> str:
    """An absolute path without links, as a kernel would resolve it with "/" as its root.

    `read_link` gives the target of a link, None for anything else. Raises FileNotFoundError after 40 links.
    """
    done: list[str] = []
    rest = [part for part in reversed(path.split("/")) if part]
    links = 0
    while rest:
        part = rest.pop()
        if part == ".":
            continue
        if part == "..":
            del done[-1:]
            continue
        here = "/" + "/".join([*done, part])
        target = read_link(here)
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise FileNotFoundError(errno.ELOOP, "too many links", path)
        if target.startswith("/"):
            done = []
        rest.extend(step for step in reversed(target.split("/")) if step)
    return "/" + "/".join(done)


DISK: FileTree = DiskTree()
