"""What a Dockerfile is written from."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`base` is an image with its tag; `lock` the lock's path in the project, `format` "requirements", "uv" or "pylock".

    `hashed` says whether every pin has a hash, `unhashed` is the file beside it for what comes from version control. `command`
    starts the container, () where none is declared; `start` says where it is from. `build_packages` and `run_packages` are the
    system's, `notes` what a person must still do.
    """

    base: str
    python: str
    lock: str
    format: str
    hashed: bool = True
    unhashed: str | None = None
    command: tuple[str, ...] = ()
    start: str = ""
    alpine: bool = False
    build_packages: tuple[str, ...] = ()
    run_packages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
