"""Which shared libraries a compiled module asks for: the NEEDED entries of an ELF file, read from its dynamic section.

Follows the System V ABI, chapters 4 and 5. Hostile files cost a bounded number of small reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from steadypin.model.readiness import NeededLibrary

_DYNAMIC, _LOAD = 2, 1
_NEEDED, _STRTAB, _STRSZ = 1, 5, 10
MOST_ENTRIES = 4096
MOST_STRINGS = 4 * 1024 * 1024

# What a slim Debian image with Python has: the C and C++ runtimes, and what Python itself links to.
_PRESENT = (
    "ld-linux", "libBrokenLocale.", "libanl.", "libbz2.", "libc.", "libcrypt.", "libcrypto.so.3", "libdl.", "libexpat.",
    "libffi.so.8", "libgcc_s.", "liblzma.", "libm.", "libmvec.", "libncursesw.", "libnsl.", "libpanelw.", "libpthread.",
    "libpython", "libreadline.", "libresolv.", "librt.", "libsqlite3.", "libssl.so.3", "libstdc++.", "libthread_db.",
    "libtinfo.", "libutil.", "libuuid.", "libz.", "libzstd.", "linux-vdso.",
)  # fmt: skip
_PACKAGES = {
    "libGL.so.1": "libgl1", "libX11.so.6": "libx11-6", "libXext.so.6": "libxext6", "libXrender.so.1": "libxrender1",
    "libICE.so.6": "libice6", "libSM.so.6": "libsm6", "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0", "libgomp.so.1": "libgomp1", "libpq.so.5": "libpq5", "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1", "libexslt.so.0": "libxslt1.1", "libmariadb.so.3": "libmariadb3", "libodbc.so.2": "libodbc2",
    "libmagic.so.1": "libmagic1", "libgeos_c.so.1": "libgeos-c1v5", "libjpeg.so.62": "libjpeg62-turbo",
    "libcurl.so.4": "libcurl4", "libsasl2.so.2": "libsasl2-2", "libpng16.so.16": "libpng16-16",
    "libfreetype.so.6": "libfreetype6", "libyaml-0.so.2": "libyaml-0-2",
}  # fmt: skip


def needed(path: Path) -> tuple[str, ...]:
    """The NEEDED names of a file; () where it is no ELF file, or a damaged one."""
    try:
        with path.open("rb") as stream:
            return tuple(_needed(stream))
    except (OSError, struct.error, ValueError, OverflowError):
        return ()


def missing_libraries(name: str, modules: Iterable[str]) -> tuple[NeededLibrary, ...]:
    """What the compiled modules of one distribution need, do not bring, and a slim base lacks: each library once."""
    files = [Path(module) for module in modules]
    brought = {file.name for file in files}
    found: dict[str, NeededLibrary] = {}
    for file in files:
        for soname in needed(file):
            if soname in found or soname in brought or soname.startswith(_PRESENT):
                continue
            found[soname] = NeededLibrary(name=name, soname=soname, module=file.name, package=_PACKAGES.get(soname, ""))
    return tuple(found[soname] for soname in sorted(found))


def _needed(stream: BinaryIO) -> Iterator[str]:
    head = stream.read(64)
    if head[:4] != b"\x7fELF" or len(head) < 52:
        return
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    segments = list(_segments(stream, head, wide, order))
    loads = [(address, offset, size) for kind, offset, address, size in segments if kind == _LOAD]
    for kind, offset, _, size in segments:
        if kind != _DYNAMIC:
            continue
        entries = list(_entries(stream, offset, size, wide, order))
        strings = _strings(stream, dict(entries), loads)
        for tag, value in entries:
            if tag == _NEEDED and value < len(strings):
                yield strings[value : strings.find(b"\0", value)].decode("ascii", "replace")


def _segments(stream: BinaryIO, head: bytes, wide: bool, order: str) -> Iterator[tuple[int, int, int, int]]:
    """(kind, offset in the file, address, size in the file) of each program header."""
    (start,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    if not 32 <= size <= 256:
        return
    stream.seek(start)
    data = stream.read(size * min(count, 256))
    for at in range(0, len(data) - size + 1, size):
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", data, at)
        yield kind, offset, address, length


def _entries(stream: BinaryIO, offset: int, size: int, wide: bool, order: str) -> Iterator[tuple[int, int]]:
    form = struct.Struct(order + ("QQ" if wide else "II"))
    stream.seek(offset)
    data = stream.read(min(size, MOST_ENTRIES * form.size))
    for at in range(0, len(data) - form.size + 1, form.size):
        tag, value = form.unpack_from(data, at)
        if tag == 0:
            return
        yield tag, value


def _strings(stream: BinaryIO, entries: dict[int, int], loads: list[tuple[int, int, int]]) -> bytes:
    address, size = entries.get(_STRTAB, 0), min(entries.get(_STRSZ, 0), MOST_STRINGS)
    for start, offset, length in loads:
        if start <= address < start + length:
            stream.seek(offset + address - start)
            return stream.read(size)
    return b""
