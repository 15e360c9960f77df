"""Put new contents in the place of files: each is the old one or the new one, whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from steadypin.errors import OutputError


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write each file. All new contents are on the disk before the first takes its place; a link stays a link.

    Raises OutputError, with every file as it was, where there is no room or no right to write.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, data in contents.items():
            target = path.resolve()
            ready.append((_beside(target, data), target))
        for scratch, target in ready:
            os.replace(scratch, target)  # noqa: PTH105
            _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(
            f"{error.filename or 'a lock'}: cannot be written: {error.strerror or error}", hint="nothing was half-written"
        ) from None
    finally:
        for scratch, _ in ready:
            scratch.unlink(missing_ok=True)


def _beside(target: Path, data: bytes) -> Path:
    """The new content in a file beside the old one, synced, with its mode."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
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
