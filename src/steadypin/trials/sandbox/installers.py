"""Who puts distributions into a scratch environment: uv, else the environment's own pip.

Files are copied from uv's cache, never linked: a suite that edits installed files would edit the cache of every other project.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from steadypin import process
from steadypin.errors import CommandError
from steadypin.values import dataclass, field

TIMEOUT = 1800.0
"""Seconds for one installation; source distributions may have to be built."""


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
    """`command` starts uv; `options` and `variables` say which indexes, as the resolver was told."""

    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    offline: bool = False

    def create(self, folder: Path, python: str) -> None:
        words = ["venv", "--quiet", "--no-project", "--no-python-downloads", "--python", python, str(folder)]
        self._run(words)

    def install(self, python: Path, lines: Sequence[str]) -> None:
        with listed(lines) as file:
            words = ["pip", "install", "--quiet", "--no-deps", "--link-mode", "copy", "--python", str(python)]
            self._run([*words, *self.options, "-r", str(file)])

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        self._run(["pip", "uninstall", "--quiet", "--python", str(python), *names])

    def _run(self, words: Sequence[str]) -> None:
        offline = ["--offline"] if self.offline else []
        keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
        environment = process.scrubbed_environment(keep=keep, extra={**dict(self.variables), "NO_COLOR": "1"})
        _checked([*self.command, *words, *offline], environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """pip in an environment that the interpreter itself makes, or virtualenv for it: for Pythons that uv has dropped, and where
    uv is not there.
    """

    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def create(self, folder: Path, python: str) -> None:
        program = python if len(Path(python).parts) > 1 else shutil.which(f"python{python}")
        if program is None:
            raise CommandError(f"Python {python} is not on PATH", hint=f"install Python {python}, or name one with --python")
        refused = []
        for words in ([program, "-m", "venv"], [program, "-m", "virtualenv"], ["virtualenv", "--python", program]):
            try:
                self._run([*words, str(folder)])
                return
            except CommandError as error:
                refused.append((error.output or error.message).strip().rpartition("\n")[2][:200])
                shutil.rmtree(folder, ignore_errors=True)
        raise CommandError(
            f"{program} cannot make an environment: {'; '.join(dict.fromkeys(refused))}",
            output="\n".join(refused),
            hint="install uv, or a virtualenv that knows this Python (20.21.1 is the last for 2.7 and 3.6)",
        )

    def install(self, python: Path, lines: Sequence[str]) -> None:
        with listed(lines) as file:
            words = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
            self._run([*words, *self.options, "-r", str(file)])

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        self._run([str(python), "-m", "pip", "uninstall", "-q", "-y", *names])

    def _run(self, words: Sequence[str]) -> None:
        keep = [name for name in os.environ if name.startswith(("PIP_", "NETRC"))]
        _checked(words, process.scrubbed_environment(keep=keep, extra=dict(self.variables)))


@contextmanager
def listed(lines: Sequence[str]) -> Iterator[Path]:
    """A requirements file with these lines, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="steadypin-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        yield file


def _checked(words: Sequence[str], environment: dict[str, str]) -> None:
    done = process.run(words, timeout=TIMEOUT, environment=environment)
    if done.ok:
        return
    said = (done.stderr.strip() or done.stdout.strip())[-1500:]
    raise CommandError(
        f"the scratch environment cannot be made: {Path(words[0]).name} ended with {done.exit_code}: {said}",
        output=said,
        hint="a pin that only a server needs can be left out of the trials with --without NAME",
    )
