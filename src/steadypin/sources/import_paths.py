"""Where an interpreter looks for distributions: sys.path and what `.pth` files add to it, without running any of them."""

from __future__ import annotations

import ntpath
import posixpath
from collections.abc import Iterable, Iterator, Sequence

from steadypin.sources.filetree import DISK, FileTree


def import_paths(
    paths: Iterable[str], *, site_folders: Sequence[str], standard_library: Sequence[str] = (), tree: FileTree = DISK
) -> tuple[str, ...]:
    """sys.path with what `.pth` files add, without the standard library: where distributions can be, in import order."""
    standard, sites = set(standard_library), set(site_folders)
    ordered: dict[str, None] = {}
    for path in paths:
        if path in standard or path.endswith(".zip") or not (tree.is_dir(path) or tree.is_file(path)):
            continue
        ordered.setdefault(path)
        if path not in sites:
            continue
        for line in path_lines(path, tree=tree):
            place = _added(path, line, tree)
            if tree.is_dir(place) or tree.is_file(place):
                ordered.setdefault(place)
    return tuple(ordered)


def _added(folder: str, line: str, tree: FileTree) -> str:
    if tree.separator == "\\":
        return ntpath.normpath(ntpath.join(folder, line))
    return posixpath.normpath(posixpath.join(folder, line))


def path_lines(folder: str, *, tree: FileTree = DISK) -> Iterator[str]:
    """The import paths that the `.pth` files of a site folder add, in order. Their `import` lines are never run."""
    try:
        names = sorted(name for name in tree.names(folder) if name.endswith(".pth") and not name.startswith("."))
    except OSError:
        return
    for name in names:
        try:
            lines = tree.read(f"{folder}{tree.separator}{name}").decode("utf-8-sig", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            entry = line.rstrip()
            if entry and not entry.startswith(("#", "import ", "import\t")) and "\0" not in entry:
                yield entry
