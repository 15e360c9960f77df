"""Which program is the Python that environments are to be made of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError

_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def locate(python: str) -> tuple[str, tuple[int, ...]]:
    """(program, (3, 12)) of a path or a minor version ("3.12"): on PATH, or among the versions that pyenv keeps.

    Raises CommandError. A version manager's stand-in on PATH may be no Python, so each is asked.
    """
    named = len(Path(python).parts) > 1
    for program in [python] if named else _candidates(python):
        said = _asked(program)
        if said and (named or said == python):
            return program, tuple(map(int, said.split(".")))
    if named:
        raise CommandError(f"{python} does not start", hint="name the environment or an interpreter with --python")
    raise CommandError(f"there is no Python {python} on PATH", hint=f"install Python {python}, or name one with --python")


def program_of(minor: str) -> str:
    """The program of a minor version, or this version where it is not found here: uv has Pythons of its own."""
    try:
        return locate(minor)[0]
    except CommandError:
        return minor


def _candidates(minor: str) -> Iterator[str]:
    on_path = shutil.which(f"python{minor}")
    if on_path is not None:
        yield on_path
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from map(str, sorted(versions.glob(f"{minor}.*/bin/python"), reverse=True))


def _asked(program: str) -> str:
    """Its minor version; "" where it does not say."""
    try:
        done = process.run([program, "-c", _VERSION], timeout=60, environment=process.scrubbed_environment())
    except CommandError:
        return ""
    return done.stdout.strip() if done.ok else ""
