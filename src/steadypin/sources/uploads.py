"""When the files of a lock were uploaded, where the lock says so: uv.lock and pylock.toml (PEP 751).

Read only where a policy asks for ages, and apart from the reader of the lock: it costs nothing where nobody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.locked import SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.reading import read_bytes

Uploads = tuple[tuple[str, str, str], ...]
_ENTRY = re.compile(r"^\[\[packages?\]\]\s*$", re.M)
_NAME = re.compile(r'^name = "([^"\n]{1,200})"', re.M)
_VERSION = re.compile(r'^version = "([^"\n]{1,200})"', re.M)
_TIME = re.compile(r'\bupload-time = "?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)')


def locked_uploads(files: Iterable[SourceFile], root: Path) -> Uploads:
    """(name, version, ISO 8601 of the earliest file) of each entry that has a time. `files` lie below `root`."""
    found: set[tuple[str, str, str]] = set()
    for file in files:
        if file.format in ("uv", "pylock"):
            try:
                text = read_bytes(root / file.path, shown=file.path).decode("utf-8", "replace")
            except SourceError:
                continue  # it was read a moment ago; what is gone since has no ages
            found.update(uploads(text))
    return tuple(sorted(found))


def uploads(text: str) -> Iterator[tuple[str, str, str]]:
    """The same of one lock."""
    for entry in _ENTRY.split(text)[1:]:
        name, version, times = _NAME.search(entry), _VERSION.search(entry), _TIME.findall(entry)
        if name and version and times:
            yield normalise(name[1]), version[1], min(times)
