"""One file of the cache: whole or not at all, and never worth an error."""

from __future__ import annotations

import os
from pathlib import Path


def keep(place: Path, content: str) -> None:
    """Put the content there; where that cannot be done, nothing is lost but time."""
    import tempfile

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, suffix=".tmp")
    except OSError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        Path(temporary).replace(place)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
