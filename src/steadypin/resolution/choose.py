"""Which resolver decides: the one that was asked for, else uv where it is there, else pip-tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from steadypin.errors import ResolverError, UsageError
from steadypin.model.locked import SourceFile
from steadypin.model.resolution import Question, Resolution
from steadypin.resolution.piptools import PipTools, find_piptools
from steadypin.resolution.uv import TIMEOUT, Uv, find_uv
from steadypin.resolution.warm import Warm
from steadypin.values import dataclass, field, replace

NAMES = ("auto", "uv", "pip-tools")
_OWNERS = {"poetry": "poetry", "pdm": "pdm", "pipfile": "pipenv", "pixi": "pixi", "conda-lock": "conda-lock"}


class Solver(Protocol):
    """What is chosen from; the protocol that planning asks for is the same."""

    @property
    def name(self) -> str: ...

    def resolve(self, question: Question) -> Resolution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where and how a resolver runs: the project's folder, interpreters by minor version, a folder that may keep scratch
    environments, seconds for one answer, variables for its environment (logins of indexes).
    """

    folder: Path | None = None
    interpreters: tuple[tuple[str, str], ...] = ()
    cache_dir: Path | None = None
    offline: bool = False
    timeout: float = TIMEOUT
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def choose(name: str, where: Circumstances) -> Solver:
    """The resolver of that name ("auto": the best that is there).

    Raises UsageError for an unknown name, ResolverError where it is not there or too old.
    """
    if name not in NAMES:
        raise UsageError(f"no resolver {name!r}", hint=f"one of: {', '.join(NAMES)}")
    if name == "pip-tools":
        return _piptools(where)
    try:
        found = find_uv(folder=where.folder)
    except ResolverError:
        if name == "uv":
            raise
        found = None
    if found is not None:
        return _uv(found, where)
    if name == "uv":
        raise ResolverError("uv is not there", hint="pip install 'steadypin[uv]', or use --resolver pip-tools")
    return _piptools(where)


def owners(files: tuple[SourceFile, ...]) -> tuple[tuple[str, str], ...]:
    """(path, tool) of the locks that only their own tool can write."""
    return tuple(sorted((file.path, _OWNERS[file.format]) for file in files if file.format in _OWNERS and file.role == "lock"))


def _uv(found: Uv, where: Circumstances) -> Solver:
    asked = replace(
        found,
        timeout=where.timeout,
        variables=where.variables,
        offline=where.offline,
        interpreters=(*where.interpreters, *found.interpreters),
    )
    return asked if where.offline else Warm(asked=asked, cached=replace(asked, offline=True))


def _piptools(where: Circumstances) -> PipTools:
    return find_piptools(
        interpreters=(sys.executable, *(path for _, path in where.interpreters)),
        cache_dir=where.cache_dir,
        timeout=where.timeout,
        variables=where.variables,
        offline=where.offline,
    )
