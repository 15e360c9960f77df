"""The environment that the settings mean, read once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from steadypin.config import Settings
from steadypin.model.installed import PythonEnvironment
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnvironment:
    """`itself`: the given path is the environment (an image, a container's root), so no project's files stand around it."""

    environment: PythonEnvironment
    notes: tuple[str, ...] = ()
    itself: bool = False


def read(settings: Settings, *, snapshot: Path | None = None) -> ReadEnvironment:
    """Find and read it. Raises EnvironmentNotFound, InterpreterError, SourceError."""
    if snapshot is not None:
        from steadypin.sources.snapshot import read_snapshot

        return ReadEnvironment(environment=read_snapshot(snapshot))
    from steadypin.sources.environments import find_environment, read_environment

    found = find_environment(settings.root, python=settings.python, environ=os.environ)
    environment = read_environment(found, cache_dir=cache_dir(settings))
    itself = settings.python is None and found.form in ("image", "root", "zipapp", "snapshot")
    return ReadEnvironment(environment=environment, notes=(*found.notes, *_notes(environment)), itself=itself)


def is_environment(path: Path) -> bool:
    """Whether an existing file is one by itself: an image, a snapshot, a zip application, an interpreter."""
    from steadypin.sources.environments import recognise

    return recognise(path) is not None


def _notes(environment: PythonEnvironment) -> Iterator[str]:
    """What a reader should know of the environment before the findings."""
    if environment.others:
        yield f"also in it: {', '.join(environment.others)} (name one with --python)"
    if environment.externally_managed:
        yield f"{environment.path} belongs to the operating system (EXTERNALLY-MANAGED): the system moves its packages"


def cache_dir(settings: Settings) -> Path:
    """Where answers are kept."""
    from steadypin.transport.cache_folder import default_folder

    return settings.cache_dir or default_folder()


def project_folder(settings: Settings) -> Path:
    """Where scratch environments, logs and the journal of a project are: in the cache, named by the project's place."""
    from steadypin import codec

    name = codec.digest(str(settings.root.resolve()))[:16]
    return cache_dir(settings) / "trials" / name
