"""Where this user's caches are on this platform."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_folder() -> Path:
    """The user's cache folder on this platform; by the XDG rule at once, for other systems' rules take longer to import than a
    check takes to run.
    """
    if sys.platform.startswith(("linux", "freebsd")):
        given = os.environ.get("XDG_CACHE_HOME", "").strip()
        return Path(given or Path.home() / ".cache", "steadypin")
    from platformdirs import user_cache_path

    return user_cache_path("steadypin", appauthor=False)
