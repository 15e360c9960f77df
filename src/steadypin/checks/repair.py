"""The one command that repairs drift, with the tool that made the lock."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.locked import SourceFile
from steadypin.values import dataclass

_LOCK_RULES = frozenset(
    {"lock-stale", "lock-violates-declared", "lock-other-python", "unpinned", "missing-hashes", "locks-disagree"}
)
_INSTALL_RULES = frozenset(
    {
        "installed-not-locked",
        "locked-not-installed",
        "version-differs",
        "source-differs",
        "installed-not-chosen",
        "broken-requirement",
        "duplicate-distribution",
        "broken-metadata",
    }
)
_PLAIN = re.compile(r"[\w ./=:,+@~-]{1,400}")
"""Anybody may have written the head of a lock: only words that a shell takes as they are get shown as a command."""
_FILE_RULES = frozenset({"file-changed", "file-missing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an install was meant to bring."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    no_dev: bool = False


def command(facts: Facts, findings: Iterable[Finding], chosen: Chosen) -> str:
    """A shell command; "" where nothing can be repaired by one. It is shown and never run."""
    findings = list(findings)
    rules = {finding.rule for finding in findings}
    lock = _main_lock(facts)
    if lock is None:
        return ""
    steps = []
    if rules & _LOCK_RULES:
        steps.append(_lock_again(lock))
    if rules & (_INSTALL_RULES | {"lock-stale"}) and facts.environment is not None:
        steps.append(_install(lock, facts, chosen))
    if lock.format == "uv" and len(steps) == 2:
        steps = steps[1:]  # uv sync locks again by itself
    broken = sorted({f.package for f in findings if f.rule in _FILE_RULES and f.package})
    if broken and facts.environment is not None:
        steps.append(_reinstall(lock, facts, broken))
    return " && ".join(steps)


def _main_lock(facts: Facts) -> SourceFile | None:
    """The lock of a tool before a requirements file; of several the one with the most pins."""
    locks = [file for file in facts.files if file.role != "manifest" and file.packages]
    return max(locks, key=lambda file: (file.format != "requirements", file.role == "lock", len(file.packages)), default=None)


def _lock_again(lock: SourceFile) -> str:
    """The tool's own command; a compiled file says in its head which it was."""
    if lock.format != "requirements":
        return {"uv": "uv lock", "poetry": "poetry lock", "pdm": "pdm lock", "pipfile": "pipenv lock"}.get(
            lock.format, f"steadypin pin -o {shlex.quote(lock.path)}"
        )
    made_by = lock.generated_by or ""
    if " " in made_by and made_by.startswith(("pip-compile ", "uv pip compile ")) and _PLAIN.fullmatch(made_by):
        return made_by
    source = shlex.quote(lock.path.removesuffix(".txt") + ".in")
    if made_by.startswith("uv"):
        return f"uv pip compile --generate-hashes {source} -o {shlex.quote(lock.path)}"
    if lock.role == "lock":
        return f"pip-compile --generate-hashes {source}"
    return f"steadypin pin -o {shlex.quote(lock.path)}"


def _install(lock: SourceFile, facts: Facts, chosen: Chosen) -> str:
    names = [f"--group {shlex.quote(name)}" for name in chosen.groups]
    names += [f"--extra {shlex.quote(name)}" for name in chosen.extras]
    if lock.format == "uv":
        return " ".join(["uv sync", *(["--no-dev"] if chosen.no_dev else []), *names])
    if lock.format == "poetry":
        only = ["--only main"] if chosen.no_dev and not chosen.groups else []
        extras = [f"--extras {shlex.quote(name)}" for name in chosen.extras]
        return " ".join(["poetry sync", *only, *(f"--with {shlex.quote(name)}" for name in chosen.groups), *extras])
    if lock.format == "pdm":
        named = [f"-G {shlex.quote(name)}" for name in (*chosen.groups, *chosen.extras)]
        return " ".join(["pdm sync --clean", *(["--prod"] if chosen.no_dev else []), *named])
    if lock.format == "pipfile":
        return f"pipenv sync{' --dev' if chosen.groups else ''} && pipenv clean"
    return _install_files(lock, facts, chosen.groups)


def _install_files(lock: SourceFile, facts: Facts, groups: Sequence[str]) -> str:
    files = [shlex.quote(file.path) for file in _lock_files(lock, facts, groups)]
    made_by, python = lock.generated_by or "", _python(facts)
    if lock.format != "requirements" or made_by.startswith("uv"):
        return f"uv pip sync --python {python} {' '.join(files)}"
    if made_by.startswith("pip-compile"):
        return f"pip-sync --python-executable {python} {' '.join(files)}"
    return f"{python} -m pip install {' '.join(f'-r {file}' for file in files)}"


def _lock_files(lock: SourceFile, facts: Facts, groups: Sequence[str]) -> list[SourceFile]:
    """The lock, and beside a main requirements file those of the chosen groups."""
    same = [file for file in facts.files if file.format == lock.format and file.role == lock.role and file.packages]
    chosen = [file for file in same if any(group in file.path for group in groups)]
    return [lock, *(file for file in chosen if file is not lock)]


def _reinstall(lock: SourceFile, facts: Facts, names: Sequence[str]) -> str:
    if lock.format == "uv":
        return " ".join(["uv sync --inexact", *(f"--reinstall-package {name}" for name in names)])
    versions = {d.name: d.version for d in facts.installed}
    pins = " ".join(shlex.quote(f"{name}=={versions[name]}" if versions.get(name) else name) for name in names)
    return f"{_python(facts)} -m pip install --force-reinstall --no-deps {pins}"


def _python(facts: Facts) -> str:
    environment = facts.environment
    if environment is None or environment.kind in ("image", "snapshot", "sbom"):
        return "python"
    inside = "Scripts\\python.exe" if facts.target.platform.startswith("windows") else "bin/python"
    separator = "\\" if "\\" in environment.path else "/"
    return shlex.quote(f"{environment.path}{separator}{inside}")
