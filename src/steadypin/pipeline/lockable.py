"""Whether uv would write the end of a plan into the project's uv.lock, asked without writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from steadypin import codec, toml
from steadypin.config import Settings
from steadypin.errors import CommandError
from steadypin.locking.uv import UvLock, python_needs
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.locked import SourceFile
from steadypin.model.plan import Plan
from steadypin.pipeline.environment import cache_dir
from steadypin.resolution.uv import find_uv
from steadypin.text import printable
from steadypin.trials.sandbox.pythons import program_of

_OWN = ("editable", "virtual", "path")
"""Kinds of packages that are folders of the project: planning runs none of their code."""

_UNKNOWN = "not known whether uv can write the last stage into it"


def lock_gaps(
    made: Plan, facts: Facts, settings: Settings, *, variables: Mapping[str, str], interpreters: tuple[tuple[str, str], ...]
) -> Iterator[Gap]:
    """One for each uv.lock that uv would not bring to the last stage, or that it could not be asked about.

    `variables` are logins of indexes, `interpreters` (minor version, path) pairs that are preferred.
    """
    locks = [file for file in facts.files if file.format == "uv" and file.role == "lock"] if made.stages else []
    uv = find_uv(folder=settings.root) if locks else None
    minor = ".".join(facts.target.python.split(".")[:2])
    wanted = {pin.name: pin.version for pin in made.stages[-1].lock} if locks else {}
    needs = python_needs(facts.projects, wanted)
    for file in locks:
        if uv is None or settings.offline:
            yield _gap(file, "not-asked", f"{_UNKNOWN}: {'there is no uv' if uv is None else 'offline'}")
            continue
        folder = (settings.root / file.path).parent
        if any(p.kind in _OWN and not _is_static(folder / (p.origin.url or "" if p.origin else "")) for p in file.packages):
            yield _gap(file, "not-asked", f"{_UNKNOWN}: it would build the project's own packages, whose metadata is dynamic")
            continue
        lock = UvLock(
            command=uv.command,
            folder=folder,
            target=facts.target,
            python=dict(interpreters).get(minor) or program_of(minor),
            variables=variables,
            packages=file.packages,
            requires_python=file.requires_python,
            needs=needs,
        )
        yield from _refused(made, file, lock, cache_dir(settings) / "resolutions")


def _refused(made: Plan, file: SourceFile, lock: UvLock, kept: Path) -> Iterator[Gap]:
    before = dict(made.base)
    pins = {pin.name: pin.version for pin in made.stages[-1].lock if before.get(pin.name) != pin.version}
    try:
        refusal = _asked_once(lock, pins, kept / f"{codec.digest((made.resolver, made.facts_digest, file.path, pins))}.txt")
    except CommandError as error:
        yield _gap(file, "not-asked", f"{_UNKNOWN}: {_words(error.message)}")
        return
    if refusal:
        yield _gap(file, "refused", f"uv lock does not take the last stage: {_words(refusal)}")


def _asked_once(lock: UvLock, pins: Mapping[str, str], kept: Path) -> str:
    """An answer takes as long as a resolution, so it is kept like one; a cache that cannot be written is no error."""
    try:
        return kept.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        refusal = lock.refusal(pins)
    with suppress(OSError):
        kept.write_text(refusal, "utf-8")
    return refusal


def _gap(file: SourceFile, reason: str, detail: str) -> Gap:
    return Gap(subject=file.path, stage="resolution", reason=reason, detail=detail)


def _words(said: str) -> str:
    return printable(" ".join(said.split()), 400)


def _is_static(folder: Path) -> bool:
    """Whether uv can read what a folder's package is without its build backend."""
    try:
        project = toml.loads((folder / "pyproject.toml").read_text("utf-8")).get("project")
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(project, dict) and not project.get("dynamic")
