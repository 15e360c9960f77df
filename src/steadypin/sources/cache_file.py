"""One file of the cache: whole or not at all, and never worth an error."""

from __future__ import annotations

import os
import time
from pathlib import Path


def keep(place: Path, content: str) -> None:
    """Put the content there, for this user alone; where that cannot be done, nothing is lost but time."""
    scratch = place.with_name(f"{place.name}.{os.getpid()}.{time.time_ns():x}.tmp")  # containers count processes alike
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        scratch.replace(place)
    except OSError:
        scratch.unlink(missing_ok=True)
