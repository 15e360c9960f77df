"""What each installed distribution lets code import, which commands it brings, and how large it is, from its RECORD."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from steadypin.model.installed import InstalledDistribution
from steadypin.values import dataclass

RECORD_LIMIT = 64 * 1024 * 1024
_EXTENSION = re.compile(r"(?:\.(?:cpython|pypy|abi)[^.]*|\.cp\d+[^.]*)?\.(?:so|pyd)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`modules` are dotted names of the shallowest packages and modules; `size` the bytes of all recorded files;
    `libraries` the paths of compiled modules, absolute.
    """

    name: str
    modules: frozenset[str]
    commands: frozenset[str] = frozenset()
    size: int | None = None
    libraries: tuple[str, ...] = ()


def read_contents(distributions: Iterable[InstalledDistribution]) -> dict[str, Contents]:
    """By normalised name. Where no file list can be read, the name itself is the guess. Never raises for what it reads."""
    return {item.name: _contents(item) for item in distributions}


def _contents(item: InstalledDistribution) -> Contents:
    info = Path(item.location.path)
    rows = _rows(info / "RECORD")
    commands = _commands(info / "entry_points.txt")
    paths = [row[0].replace("\\", "/") for row in rows]
    modules = module_names(paths)
    if not modules or item.editable:
        modules |= _top_level(info / "top_level.txt") or frozenset({item.name.replace("-", "_")})
    scripts = {path.rpartition("/")[2] for path in paths if "/bin/" in path or "/Scripts/" in path}
    sizes = [int(row[2]) for row in rows if len(row) > 2 and row[2].isascii() and row[2].isdigit() and len(row[2]) < 15]
    libraries = tuple(str(info.parent / path) for path in paths if path.endswith(".so") or ".so." in path)
    return Contents(
        name=item.name,
        modules=modules,
        commands=commands | frozenset(scripts),
        size=sum(sizes) if rows else None,
        libraries=tuple(path for path in libraries if ".." not in path),
    )


def module_names(paths: Iterable[str]) -> frozenset[str]:
    """The import names that a list of installed files gives.

    >>> sorted(module_names(["six.py", "google/cloud/storage/__init__.py", "google/cloud/storage/blob.py", "_x.abi3.so"]))
    ['_x', 'google.cloud.storage', 'six']
    """
    files = [path.split("/") for path in paths if _is_module(path)]
    packages = {tuple(parts[:-1]) for parts in files if parts[-1] == "__init__.py"}
    found: set[str] = set()
    for parts in files:
        within = next((parts[:depth] for depth in range(1, len(parts)) if tuple(parts[:depth]) in packages), None)
        found.add(".".join(within if within else [*parts[:-1], _stem(parts[-1])]))
    return frozenset(found)


def _is_module(path: str) -> bool:
    first = path.partition("/")[0]
    if path.startswith(("../", "/")) or first.endswith((".dist-info", ".data", ".libs")) or "__pycache__" in path:
        return False
    return all(part.isidentifier() for part in path.split("/")[:-1]) and (
        path.endswith(".py") or _EXTENSION.search(path) is not None
    )


def _stem(name: str) -> str:
    return name[:-3] if name.endswith(".py") else _EXTENSION.sub("", name)


def _rows(record: Path) -> list[list[str]]:
    try:
        with record.open(encoding="utf-8", errors="replace", newline="") as stream:
            return [row for row in csv.reader(stream.read(RECORD_LIMIT).split("\n")) if row and row[0]]
    except (OSError, ValueError, csv.Error):
        return []


def _commands(file: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^\s*([A-Za-z0-9_.-]+)\s*=", _text(file).partition("[console_scripts]")[2], re.MULTILINE))


def _top_level(file: Path) -> frozenset[str]:
    return frozenset(name for name in _text(file).split() if name.isidentifier())


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(256 * 1024).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
