"""Install a new lock into a fresh environment, read its ledger, and compare it with what was pinned."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from steadypin import process
from steadypin.config import Settings
from steadypin.errors import CommandError, ResolverError, UsageError
from steadypin.model import parse
from steadypin.model.installed import PythonEnvironment
from steadypin.model.pins import PinnedLock
from steadypin.model.proof import Proof
from steadypin.pipeline import planning
from steadypin.pipeline.pinning import Pinned, render
from steadypin.planning.standing import BUILD_TOOLS
from steadypin.resolution.uv import Uv, find_uv
from steadypin.sources.environments import read_environment, recognise

TIMEOUT = 1800.0
"""Seconds for one installation; source distributions may have to be built."""
_OLDEST_OF_UV = (3, 8)


def prove(made: Pinned, format: str, settings: Settings) -> Proof:
    """Install exactly what the lock says, with hashes required, and read what is there then.

    Raises UsageError where the environment's interpreter is not on this machine, CommandError where the lock does not install.
    """
    python = _interpreter(made)
    contradicted = any(problem.kind in ("violated", "missing") for problem in made.blocking)
    with tempfile.TemporaryDirectory(prefix="steadypin-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        installer = _Installer(made, settings, python, deps=not contradicted)
        text, beside = render(made.lock, format if installer.uv else "requirements")
        lock = folder / ("pylock.toml" if format == "pylock" and installer.uv else "requirements.txt")
        lock.write_text(text, encoding="utf-8")
        installer.create(folder / "env")
        installer.install(folder / "env", lock, hashes=True)
        if beside:
            (folder / "vcs.txt").write_text(beside, encoding="utf-8")
            installer.install(folder / "env", folder / "vcs.txt", hashes=False)
        fresh = _read(folder / "env")
        return Proof(
            installer=installer.name,
            installed=len(fresh.distributions),
            differences=tuple(_differences(made.lock, fresh)),
        )


def _interpreter(made: Pinned) -> str:
    environment = made.facts.environment
    found = recognise(Path(environment.path)) if environment is not None else None
    if found is not None and found.python is not None:
        return found.python
    minor = ".".join(made.facts.target.python.split(".")[:2])
    other = shutil.which(f"python{minor}") or (sys.executable if minor == "{}.{}".format(*sys.version_info) else None)
    if other is None:
        raise UsageError(
            f"--verify needs Python {minor}, the environment's, and it is not on this machine",
            hint="run steadypin pin --verify where that Python is installed",
        )
    return other


class _Installer:
    """uv where it is there and knows the Python, else the interpreter's own venv and pip."""

    def __init__(self, made: Pinned, settings: Settings, python: str, *, deps: bool) -> None:
        pip = planning.pip_of(made.facts, settings)
        self._python = python
        self._options = pip.options
        self._variables = dict(pip.variables)
        self._offline = ["--offline"] if settings.offline else []
        self._no_deps = [] if deps else ["--no-deps"]
        minor = tuple(int(part) for part in made.facts.target.python.split(".")[:2])
        self.uv = _uv() if minor >= _OLDEST_OF_UV else None
        self.name = self.uv.name if self.uv else "pip"

    def create(self, folder: Path) -> None:
        if self.uv is not None:
            words = ["venv", "--quiet", "--no-project", "--no-python-downloads", "--python", self._python, str(folder)]
            self._run([*self.uv.command, *words])
        else:
            self._run([self._python, "-m", "venv", str(folder)])

    def install(self, folder: Path, lock: Path, *, hashes: bool) -> None:
        python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        deps = self._no_deps if hashes else ["--no-deps"]
        required = ["--require-hashes"] if hashes and lock.suffix != ".toml" else []
        if self.uv is not None:
            strategy = ["--index-strategy", "unsafe-best-match"] if "--extra-index-url" in self._options else []
            options = [word if word != "--trusted-host" else "--allow-insecure-host" for word in self._options]
            words = [*self.uv.command, "pip", "install", "--quiet", "--python", python, *required, *deps, *options, *strategy]
            self._run([*words, *self._offline, "-r", str(lock)])
        else:
            words = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *required, *deps, *self._options]
            self._run([*words, "-r", str(lock)])

    def _run(self, words: Sequence[str]) -> None:
        keep = [name for name in os.environ if name.startswith(("UV_", "PIP_", "NETRC"))]
        done = process.run(words, timeout=TIMEOUT, environment=process.scrubbed_environment(keep=keep, extra=self._variables))
        if not done.ok:
            said = (done.stderr.strip() or done.stdout.strip())[-2000:]
            raise CommandError(
                f"the lock does not install: {Path(words[0]).name} ended with {done.exit_code}: {said}",
                output=said,
                hint="the lock was not written; what is said above names the package",
            )


def _uv() -> Uv | None:
    try:
        return find_uv()
    except ResolverError:
        return None


def _read(folder: Path) -> PythonEnvironment:
    found = recognise(folder)
    if found is None:
        raise CommandError(f"{folder}: the installer left no environment")
    return read_environment(found, cache_dir=None)


def _differences(lock: PinnedLock, fresh: PythonEnvironment) -> Iterator[str]:
    pinned = {package.name: package.version for package in lock.packages}
    there = {item.name: item.version or "?" for item in fresh.distributions}
    for name in sorted(pinned.keys() - there.keys()):
        yield f"{name} {pinned[name]} runs here and did not come from the lock"
    for name in sorted(there.keys() - pinned.keys() - BUILD_TOOLS):
        yield f"{name} {there[name]} came and does not run here"
    for name in sorted(pinned.keys() & there.keys()):
        if not parse.satisfies_pin(there[name], pinned[name]):
            yield f"{name} is {there[name]} there and {pinned[name]} here"
