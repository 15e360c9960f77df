"""The file system of an image as its layers make it, holding only what tells about Python.

Layers are applied in order with the whiteouts of the OCI image specification: `.wh.NAME` hides NAME of the layers below,
`.wh..wh..opq` all that the layers below have in its folder. Folders and links are kept, of files only the interesting ones, and
of these only the part that is read later.
"""

from __future__ import annotations

import errno
import re
import tarfile
from collections.abc import Callable, Iterator
from typing import IO

from steadypin.sources.filetree import SMALL_FILE, resolve_links
from steadypin.sources.headers import end_of_headers
from steadypin.sources.surroundings import GLIBC_VERSION, PYTHON_VERSION
from steadypin.values import dataclass, field

MOST_MEMBERS = 3_000_000
MOST_KEPT = 512 * 1024 * 1024
_DEEPEST = 128
_BINARY = 96 * 1024 * 1024
_METADATA = ("METADATA", "PKG-INFO", "INSTALLER", "REQUESTED", "direct_url.json", "WHEEL", "requires.txt")
_NAMES = frozenset((*_METADATA, "pyvenv.cfg", "EXTERNALLY-MANAGED", "os.py", "patchlevel.h", "PEX-INFO", "passwd"))
_SUFFIXES = (".pth", ".egg-link", ".egg", ".egg-info")
_PYTHON_BINARY = re.compile(r"(?:python|pypy)[23]?(?:\.\d+)?t?|libpython[23][\w.]*\.so[\d.]*")
_C_LIBRARY = re.compile(r"libc\.so\.6|libc-2\.\d+\.so|ld-musl-\w+\.so\.1")


class TooLarge(Exception):
    """A layer that is beyond every bound; the message says which."""


@dataclass(slots=True)
class File:
    """A kept file: the part of its content that will be asked for, and its layer."""

    content: bytes
    layer: int


@dataclass(slots=True)
class Link:
    """A symbolic link."""

    target: str
    layer: int


@dataclass(slots=True)
class Folder:
    """A folder of the merged file system."""

    layer: int
    children: dict[str, File | Link | Folder] = field(default_factory=dict)


Node = File | Link | Folder


class ImageTree:
    """A FileTree over applied layers; paths are absolute inside the image."""

    separator = "/"

    def __init__(self) -> None:
        self._root = Folder(layer=0)
        self._labels: list[str] = []
        self._members = 0
        self._kept = 0

    def apply(self, stream: IO[bytes], label: str, *, seekable: bool) -> None:
        """Put one layer (an uncompressed tar) on top. Raises TooLarge, tarfile.TarError, OSError or EOFError."""
        layer = _Layer(number=len(self._labels))
        with tarfile.open(
            fileobj=stream, mode="r:" if seekable else "r|", tarinfo=_Member, bufsize=1 << 20, errorlevel=1, ignore_zeros=False
        ) as tar:
            for member in tar:
                self._count(member)
                layer.take(member, tar, self._budget, self.node)
        self._labels.append(label)
        self._merge(layer)

    def names(self, folder: str) -> list[str]:
        return list(self._folder(folder).children)

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        node = self._resolved(path)
        if not isinstance(node, File):
            raise FileNotFoundError(errno.ENOENT, "no such file in the image", path)
        return node.content[:limit]

    def is_dir(self, path: str) -> bool:
        return isinstance(self._quiet(path), Folder)

    def is_file(self, path: str) -> bool:
        return isinstance(self._quiet(path), File)

    def layer(self, path: str) -> str | None:
        node = self._quiet(path)
        if isinstance(node, Folder):  # a later layer that touches the folder did not bring the distribution
            node = node.children.get("METADATA") or node.children.get("PKG-INFO") or node
        return self._labels[node.layer] if node is not None and node.layer < len(self._labels) else None

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        pending: list[tuple[str, Folder]] = [("", self._root)]
        while pending:
            path, folder = pending.pop()
            inner = sorted(name for name, node in folder.children.items() if isinstance(node, Folder))
            yield path or "/", inner, sorted(name for name, node in folder.children.items() if isinstance(node, File))
            for name in reversed(inner):
                if isinstance(node := folder.children[name], Folder):
                    pending.append((f"{path}/{name}", node))

    def node(self, path: str) -> Node | None:
        """What stands at exactly this path, links not followed."""
        here: Node = self._root
        for part in path.split("/"):
            if not part:
                continue
            if not isinstance(here, Folder) or part not in here.children:
                return None
            here = here.children[part]
        return here

    def _read_link(self, path: str) -> str | None:
        node = self.node(path)
        return node.target if isinstance(node, Link) else None

    def _resolved(self, path: str) -> Node:
        node = self.node(resolve_links(path, self._read_link))
        if node is None:
            raise FileNotFoundError(errno.ENOENT, "no such file in the image", path)
        return node

    def _quiet(self, path: str) -> Node | None:
        try:
            return self._resolved(path)
        except OSError:
            return None

    def _folder(self, path: str) -> Folder:
        node = self._resolved(path)
        if not isinstance(node, Folder):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", path)
        return node

    def _count(self, member: tarfile.TarInfo) -> None:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise TooLarge(f"more than {MOST_MEMBERS:,} files")

    def _budget(self, size: int) -> None:
        self._kept += size
        if self._kept > MOST_KEPT:
            raise TooLarge(f"more than {MOST_KEPT >> 20} MiB of package metadata")

    def _merge(self, layer: _Layer) -> None:
        for path in layer.opaque:
            if isinstance(node := self.node(path), Folder):
                node.children.clear()
        for path in layer.hidden:
            self._remove(path)
        for path, node in layer.entries.items():
            self._put(path, node, layer.number)

    def _remove(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        if isinstance(node := self.node(parent), Folder):
            node.children.pop(name, None)

    def _put(self, path: str, node: Node | None, layer: int) -> None:
        """Set one entry; None is a file that is not kept, which may still replace something that was."""
        parent, _, name = path.rpartition("/")
        folder = self._make_folder(parent, layer)
        before = folder.children.get(name)
        if node is None:
            folder.children.pop(name, None)
        elif not (isinstance(node, Folder) and isinstance(before, Folder)):
            folder.children[name] = node

    def _make_folder(self, path: str, layer: int) -> Folder:
        """The folder at a path, made where it is missing; an unpacker follows links that lower layers have on the way."""
        here = self._root
        done = ""
        for part in path.split("/"):
            if not part:
                continue
            done = f"{done}/{part}"
            node = here.children.get(part)
            if isinstance(node, Link):
                target = self._quiet(done)
                node = target if isinstance(target, Folder) else None
            if not isinstance(node, Folder):
                node = here.children[part] = Folder(layer=layer)
            here = node
        return here


@dataclass(slots=True)
class _Layer:
    """One layer while it is read: what it brings and what it hides."""

    number: int
    entries: dict[str, Node | None] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)

    def take(
        self, member: tarfile.TarInfo, tar: tarfile.TarFile, budget: Callable[[int], None], below: Callable[[str], Node | None]
    ) -> None:
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if not parts or ".." in parts or len(parts) > _DEEPEST:
            return
        path, name = "/".join(parts), parts[-1]
        folder = "/".join(parts[:-1])
        if name == ".wh..wh..opq":
            self.opaque.append(folder)
        elif name.startswith(".wh."):
            if not name.startswith(".wh..wh."):
                self.hidden.append(f"{folder}/{name[4:]}")
        elif member.isdir():
            self.entries.setdefault(path, Folder(layer=self.number))
        elif member.issym():
            budget(len(member.linkname))
            self.entries[path] = Link(target=member.linkname, layer=self.number)
        elif member.islnk():
            self.entries[path] = self._hard_link(member.linkname, below)
        elif member.isfile():
            self.entries[path] = self._file(member, tar, name, budget)

    def _hard_link(self, target: str, below: Callable[[str], Node | None]) -> Node | None:
        path = "/".join(part for part in target.split("/") if part not in ("", ".", ".."))
        node = self.entries.get(path) or below(path)
        return File(content=node.content, layer=self.number) if isinstance(node, File) else None

    def _file(self, member: tarfile.TarInfo, tar: tarfile.TarFile, name: str, budget: Callable[[int], None]) -> File | None:
        limit = _wanted(name, member.name)
        if not limit:
            return None
        stream = tar.extractfile(member)
        content = stream.read(limit) if stream is not None else b""
        content = _reduced(name, content)
        budget(len(content))
        return File(content=content, layer=self.number)


def _wanted(name: str, path: str) -> int:
    """How many bytes of a file are worth reading; 0 for nearly all."""
    if name in _NAMES:
        return 65536 if name == "os.py" else SMALL_FILE
    if name.endswith(_SUFFIXES):
        return _BINARY if name.endswith(".egg") else SMALL_FILE
    if _PYTHON_BINARY.fullmatch(name) or _C_LIBRARY.fullmatch(name):
        return _BINARY
    return 0


def _reduced(name: str, content: bytes) -> bytes:
    """Only what readers look at: headers of metadata, versions in binaries."""
    if name in ("METADATA", "PKG-INFO") or name.endswith(".egg-info"):
        end = end_of_headers(content)
        return content if end < 0 else content[: end + 3]
    if name == "os.py":
        return b""
    if _C_LIBRARY.fullmatch(name):
        found = GLIBC_VERSION.search(content)
        return content[:64] + (found[0] if found else b"")
    if _PYTHON_BINARY.fullmatch(name):
        return content[:8192] + b"".join(sorted({found[0] for found in PYTHON_VERSION.finditer(content)})[:50])
    return content


class _Member(tarfile.TarInfo):
    """A tar member whose extended headers are bounded: tarfile would read a header of any size into memory."""

    __slots__ = ()

    def _proc_member(self, tarfile: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in (b"L", b"K", b"x", b"g", b"X") and self.size > SMALL_FILE:
            raise TooLarge("a header of more than 1 MiB")
        return super()._proc_member(tarfile)  # type: ignore[misc,no-any-return,unused-ignore]
