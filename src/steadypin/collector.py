"""Python's search for circles among values, stopped while many values without one are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused(*, only_if: bool = True) -> Iterator[None]:
    """Reading a large lock or a cache makes a million values and no circle; looking for one takes a third of the time."""
    if not only_if or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
