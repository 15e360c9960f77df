"""FileTrees from a dictionary of files."""

from __future__ import annotations

from collections.abc import Mapping

from steadypin.sources.snapshot import RecordedTree


def tree_of(files: Mapping[str, bytes]) -> RecordedTree:
    """A tree in memory; folders are what the paths imply."""
    folders: dict[str, list[str]] = {}
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            names = folders.setdefault("/".join(parts[:depth]), [])
            if parts[depth] not in names:
                names.append(parts[depth])
    return RecordedTree({"folders": folders, "files": {path: data.decode("latin-1") for path, data in files.items()}})
