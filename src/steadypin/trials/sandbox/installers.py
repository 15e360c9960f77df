"""Who puts distributions into a scratch environment: uv, else the environment's own pip.

Files are copied from uv's cache, never linked: a suite that edits installed files would edit the cache of every other project.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from steadypin import process
from steadypin.errors import CommandError
from steadypin.trials.sandbox.pythons import locate
from steadypin.trials.sandbox.virtualenvs import OLDEST_WITH_VENV, RELEASE, virtualenv
from steadypin.values import dataclass, field

TIMEOUT = 1800.0
"""Seconds for one installation; source distributions may have to be built."""

_LEAVE_OUT = "a pin that only a server needs can be left out of the trials with --without NAME"
_NONE: Mapping[str, str] = {}
_VERSIONS = ("SETUPTOOLS_SCM_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION", "PBR_VERSION", "UV_DYNAMIC_VERSIONING_BYPASS")


class Installer(Protocol):
    """Makes an environment and changes what it holds. Every method raises CommandError."""

    def create(self, folder: Path, python: str) -> None:
        """A new empty environment for the interpreter `python`."""

    def install(self, python: Path, lines: Sequence[str]) -> None:
        """Exactly these requirement lines, without what they require."""

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        """Take these away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uv:
    """`command` starts uv; `options` and `variables` say which indexes, as the resolver was told. `links` are more options, for
    wheels that were built here; `mend` builds one of what an installation says it could not build, and says whether it did.
    """

    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    offline: bool = False
    links: Callable[[], tuple[str, ...]] = tuple
    mend: Callable[[str], bool] = lambda _: False

    def create(self, folder: Path, python: str) -> None:
        words = ["venv", "--quiet", "--no-project", "--no-python-downloads", "--python", python, str(folder)]
        self._run(words, hint="install that Python, or name one with --python")

    def install(self, python: Path, lines: Sequence[str]) -> None:
        with listed(lines) as file:
            words = ["pip", "install", "--quiet", "--no-deps", "--link-mode", "copy", "--python", str(python)]
            while True:
                try:
                    self._run([*words, *self.options, *self.links(), "-r", str(file)], extra=of_the_tree(lines))
                    return
                except CommandError as error:
                    if not self.mend(error.output):
                        raise

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        self._run(["pip", "uninstall", "--quiet", "--python", str(python), *names])

    def _run(self, words: Sequence[str], hint: str = _LEAVE_OUT, extra: Mapping[str, str] = _NONE) -> None:
        offline = ["--offline"] if self.offline else []
        keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
        environment = process.scrubbed_environment(keep=keep, extra={**dict(self.variables), **extra, "NO_COLOR": "1"})
        _checked([*self.command, *words, *offline], environment, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """An environment's own pip: for Pythons that uv has dropped, and where uv is not there. `cache` keeps the virtualenv that
    makes environments of old Pythons.
    """

    cache: Path
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def create(self, folder: Path, python: str) -> None:
        program, version = locate(python)
        refused = []
        for way in self._ways(program, version):
            try:
                self._run([*way(), str(folder)])
                return
            except CommandError as error:
                refused.append((error.output or error.message).strip().rpartition("\n")[2][:200])
                shutil.rmtree(folder, ignore_errors=True)
        raise CommandError(
            f"{program} cannot make an environment: {'; '.join(dict.fromkeys(refused))}",
            output="\n".join(refused),
            hint=f"install uv, its module venv, or a virtualenv that knows it ({RELEASE} is the last for Python 2.7 and 3.6)",
        )

    def _ways(self, program: str, version: tuple[int, ...]) -> tuple[Callable[[], list[str]], ...]:
        def own() -> list[str]:
            return [program, "-m", "venv"]

        def ours() -> list[str]:
            return [str(virtualenv(self.cache, self._run, self.options)), "-m", "virtualenv", "--python", program]

        others = (lambda: [program, "-m", "virtualenv"], lambda: ["virtualenv", "--python", program])
        return (own, *others) if version >= OLDEST_WITH_VENV else (*others, ours, own)

    def install(self, python: Path, lines: Sequence[str]) -> None:
        with listed(lines) as file:
            words = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
            self._run([*words, *self.options, "-r", str(file)], extra=of_the_tree(lines))

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        self._run([str(python), "-m", "pip", "uninstall", "-q", "-y", *names])

    def _run(self, words: Sequence[str], extra: Mapping[str, str] = _NONE) -> None:
        keep = [name for name in os.environ if name.startswith(("PIP_", "NETRC"))]
        _checked(words, process.scrubbed_environment(keep=keep, extra={**dict(self.variables), **extra}))


def of_the_tree(lines: Sequence[str]) -> dict[str, str]:
    """Variables for the build of a working copy: it has no history, and whoever asks git for its version gets one even so."""
    if not any(line.startswith("-e ") for line in lines):
        return {}
    return {name: os.environ.get(name, "0.0.0") for name in _VERSIONS}


@contextmanager
def listed(lines: Sequence[str]) -> Iterator[Path]:
    """A requirements file with these lines, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="steadypin-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        yield file


def _checked(words: Sequence[str], environment: dict[str, str], hint: str = _LEAVE_OUT) -> None:
    done = process.run(words, timeout=TIMEOUT, environment=environment)
    if done.ok:
        return
    said = done.stderr.strip() or done.stdout.strip()
    raise CommandError(
        f"the scratch environment cannot be made: {Path(words[0]).name} ended with {done.exit_code}: {said[-1500:]}",
        output=said,
        hint=hint,
    )
