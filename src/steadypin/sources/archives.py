"""Zip files as a FileTree: eggs, zipapps, pex files. Only members' headers are read, each bounded."""

from __future__ import annotations

import errno
import io
import zipfile
from pathlib import Path

from steadypin.sources.filetree import DISK, SMALL_FILE, FileTree

_LARGEST = 512 * 1024 * 1024
_MOST_MEMBERS = 500_000
_UNREADABLE = (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError)


class ArchiveTree:
    """The inside of a zip file; paths are `<path of the zip>/<member>`. Raises OSError where it is no readable zip."""

    separator = "/"

    def __init__(self, path: str, tree: FileTree = DISK) -> None:
        self._prefix = path
        try:
            source = Path(path) if tree is DISK else io.BytesIO(tree.read(path, _LARGEST))
            self._zip = zipfile.ZipFile(source)
            infos = self._zip.infolist()
        except _UNREADABLE as error:
            raise OSError(errno.EINVAL, f"not a zip file: {error}", path) from None
        if len(infos) > _MOST_MEMBERS:
            raise OSError(errno.EFBIG, "too many members", path)
        self._members = {info.filename: info for info in infos if not info.is_dir()}
        self._folders = _folders(self._members)

    def close(self) -> None:
        self._zip.close()

    def names(self, folder: str) -> list[str]:
        inside = self._inside(folder)
        if inside not in self._folders:
            raise FileNotFoundError(errno.ENOENT, "no such folder in the archive", folder)
        return list(self._folders[inside])

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        info = self._members.get(self._inside(path))
        if info is None:
            raise FileNotFoundError(errno.ENOENT, "no such file in the archive", path)
        try:
            with self._zip.open(info) as stream:
                return stream.read(limit)
        except Exception as error:  # zlib, lzma and bz2 each have their own
            raise OSError(errno.EIO, f"damaged archive member: {error}", path) from None

    def is_dir(self, path: str) -> bool:
        return self._inside(path) in self._folders

    def is_file(self, path: str) -> bool:
        return self._inside(path) in self._members

    def layer(self, path: str) -> str | None:
        return None

    def _inside(self, path: str) -> str:
        return path.removeprefix(self._prefix).strip("/")


def _folders(members: dict[str, zipfile.ZipInfo]) -> dict[str, dict[str, None]]:
    """Folder to names, for every folder that a member implies; dict keys serve as an ordered set."""
    folders: dict[str, dict[str, None]] = {"": {}}
    for member in members:
        folder, name = "", ""
        for part in member.split("/")[:64]:
            if name:
                folder = f"{folder}/{name}" if folder else name
            folders.setdefault(folder, {})[part] = None
            name = part
    return folders
