"""Put new contents in the place of files: each is the old one or the new one, whatever happens, and several are so together.

No file system renames two files at once. So what is about to be renamed is written down first, in a file that is called the
intent; where a crash comes between two renames, `finish` makes those that are left.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadypin.errors import OutputError


def replace_all(contents: Mapping[Path, bytes], *, intent: Path | None = None) -> None:
    """Write each file. All new contents are on the disk before the first takes its place; a link stays a link.

    With an `intent`, `finish` ends what a crash has cut off. Raises OutputError, with every file as it was, where there is no
    room or no right to write.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, data in contents.items():
            target = path.resolve()
            ready.append((_beside(target, data), target))
        if intent is not None and len(ready) > 1:
            _write_down(intent, ready)
        _rename(ready)
    except OSError as error:
        raise OutputError(
            f"{error.filename or 'a lock'}: cannot be written: {error.strerror or error}", hint="nothing was half-written"
        ) from None
    finally:
        for scratch, _ in ready:
            scratch.unlink(missing_ok=True)
        if intent is not None:
            intent.unlink(missing_ok=True)


def _rename(ready: list[tuple[Path, Path]]) -> None:
    """All, or none where one is refused (a file that somebody holds open on Windows)."""
    before: list[tuple[Path, bytes | None]] = []
    try:
        for scratch, target in ready:
            before.append((target, target.read_bytes() if target.is_file() else None))
            os.replace(scratch, target)  # noqa: PTH105
            _sync_folder(target.parent)
    except OSError:
        for target, data in before[:-1]:
            target.unlink() if data is None else os.replace(_beside(target, data), target)  # noqa: PTH105
        raise


def finish(intent: Path) -> tuple[Path, ...]:
    """Make the renames that a crash has left undone, where nobody has changed the old file since: those that were made."""
    made = []
    try:
        for scratch, target, before in _written_down(intent):
            if scratch.is_file() and _digest(target) == before:
                os.replace(scratch, target)  # noqa: PTH105
                _sync_folder(target.parent)
                made.append(target)
            scratch.unlink(missing_ok=True)
        intent.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{error.filename}: cannot be written: {error.strerror or error}",
            hint=f"an upgrade was cut off while it wrote; what is left to do stands in {intent}",
        ) from None
    return tuple(made)


def _write_down(intent: Path, ready: list[tuple[Path, Path]]) -> None:
    rows = [[str(scratch), str(target), _digest(target)] for scratch, target in ready]
    intent.parent.mkdir(parents=True, exist_ok=True)
    os.replace(_beside(intent, json.dumps(rows).encode()), intent)  # noqa: PTH105
    _sync_folder(intent.parent)


def _written_down(intent: Path) -> Iterator[tuple[Path, Path, str]]:
    """(new content, its place, digest of what stood there); nothing where there is no intent, or not a whole one."""
    try:
        rows = json.loads(intent.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row):
            yield Path(row[0]), Path(row[1]), row[2]


def _digest(path: Path) -> str:
    """Of a file's content; "" where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _beside(target: Path, data: bytes) -> Path:
    """The new content in a file beside the old one, synced, with its mode."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    except OSError as error:  # it names a file that nobody knows
        raise OSError(error.errno, error.strerror, str(target)) from None
    scratch = Path(name)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, scratch)
        else:
            scratch.chmod(0o644)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(target)) from None
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return scratch


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some file systems cannot; the rename itself is atomic there all the same
        return
    finally:
        os.close(descriptor)
