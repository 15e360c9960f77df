"""One line on stderr that says how far long work is; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic


def counter(what: str, *, quiet: bool = False) -> Callable[[int, int], None]:
    """A callback for (done, of how many)."""
    if quiet or not sys.stderr.isatty():
        return lambda done, total: None
    state = {"at": 0.0}

    def show(done: int, total: int) -> None:
        now = monotonic()
        if done < total and now - state["at"] < 0.1:
            return
        state["at"] = now
        line = f"{what} {done}/{total}"
        sys.stderr.write("\r\x1b[K" + (line if done < total else ""))
        sys.stderr.flush()

    return show


def steps(what: str, *, quiet: bool = False) -> Callable[[str], None]:
    """Says what is being done ("solving stage 2"); an empty text takes the line away."""
    if quiet or not sys.stderr.isatty():
        return lambda step: None

    def tell(step: str) -> None:
        from steadypin.text import shown

        sys.stderr.write(f"\r\x1b[K{f'{what} {shown(step, 100)}' if step else ''}")
        sys.stderr.flush()

    return tell
