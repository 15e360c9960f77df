"""`make bench`: what the README of this folder measures, one after the other; `make bench BENCH=check` runs one of them."""

from __future__ import annotations

import runpy
import sys

ALL = (
    "audit",
    "check",
    "installed",
    "index",
    "discovery",
    "record",
    "advisories",
    "planning",
    "cures",
    "pin",
    "upgrade",
    "overhead",
    "kills",
    "full_disk",
    "worlds",
    "workers",
)


def main() -> None:
    chosen = tuple(sys.argv[1:]) or ALL
    if unknown := set(chosen) - set(ALL):
        raise SystemExit(f"no benchmark {min(unknown)!r}; one of: {', '.join(ALL)}")
    for name in chosen:
        print(f"\n=== {name}", flush=True)
        sys.argv = [f"bench.{name}"]
        runpy.run_module(f"bench.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
