"""Everything that one trial needs, in one scratch folder: a working copy, an environment, a HOME and logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steadypin import toml
from steadypin.errors import CommandError, OutputError
from steadypin.trials.sandbox.claims import release
from steadypin.trials.sandbox.copy import WorkingCopy
from steadypin.trials.sandbox.environment import Environment
from steadypin.trials.sandbox.installers import Installer
from steadypin.trials.sandbox.pins import Pins
from steadypin.trials.sandbox.room import is_full, no_room, remove, says_full, vacate
from steadypin.trials.sandbox.tree import take
from steadypin.values import dataclass, field


@dataclass(slots=True, kw_only=True)
class Lab:
    """`folder` is this process's own. `notes` are sentences about what could not be done and does not stop the work."""

    folder: Path
    copy: WorkingCopy
    environment: Environment
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path, folder: Path, *, base: str, installer: Installer, also: Iterable[str] = ()) -> Lab:
        """A lab for the project at `root`; `base` is the interpreter that environments are made with, `also` are files that git
        ignores and the tests shall have.

        Raises UsageError, OutputError where the tree cannot be copied.
        """
        users = root.resolve().as_uri()
        try:
            with _told(folder):
                copy = take(root, folder / "copy", also=also)
        except BaseException:
            remove(folder)
            release(folder)
            raise
        return cls.around(copy, folder, users=users, base=base, installer=installer)

    @classmethod
    def around(cls, copy: WorkingCopy, folder: Path, *, users: str, base: str, installer: Installer) -> Lab:
        """A lab with a copy that is there already; requirement lines that name `users`, the tree's own URI, get the copy's."""
        lab = cls(
            folder=folder,
            copy=copy,
            environment=Environment(folder=folder / "environment", base=base, installer=installer),
        )
        copied = lab.copy.folder.resolve().as_uri()
        lab.environment.relocate = lambda line: line.replace(f"{users}/", f"{copied}/")
        if is_installable(lab.copy.pristine):
            lab.environment.finish = lab._install_project
        return lab

    def prepare(self, pins: Pins) -> None:
        """Put the working copy back, make HOME and TMPDIR anew and the environment exactly `pins`. Raises CommandError where
        the pins cannot be installed, OutputError where the disk does not let us.
        """
        with _told(self.folder):
            for name in ("home", "tmp"):
                vacate(self.folder / name)
            if not self.copy.restore():
                self.environment.spoil()
            try:
                self.environment.move(pins)
            except CommandError as error:
                if says_full(error.output) or is_full(self.folder):
                    raise no_room(self.folder, said=error.output) from None
                raise

    def close(self) -> None:
        """Remove everything."""
        remove(self.folder)
        release(self.folder)

    def _install_project(self, python: Path) -> None:
        try:
            self.copy.fill()
            self.environment.installer.install(python, [f"-e {self.copy.folder}"])
            self.copy.accept()
        except CommandError as error:
            if says_full(error.output) or is_full(self.folder):
                raise
            self.notes.append(f"the project itself cannot be installed, its tests run beside its files: {error.message[-300:]}")


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the disk refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        if is_full(folder):
            raise no_room(folder) from None
        raise OutputError(
            f"{error.filename or folder}: {error.strerror or error}", hint="is the place that --cache-dir names in order?"
        ) from None


def is_installable(root: Path) -> bool:
    """Whether a project is meant to be installed: it says how it is built, and does not say that it is none."""
    if (root / "setup.py").is_file():
        return True
    document = _pyproject(root)
    tool: dict[str, Any] = document["tool"] if isinstance(document.get("tool"), dict) else {}
    if _says(tool, "uv", "package") is False or _says(tool, "poetry", "package-mode") is False:
        return False
    named = "project" in document or "poetry" in tool or (root / "setup.cfg").is_file()
    return "build-system" in document and named


def _says(tool: dict[str, Any], name: str, key: str) -> object:
    table = tool.get(name)
    return table.get(key) if isinstance(table, dict) else None


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return dict(toml.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, toml.TOMLDecodeError, RecursionError):
        return {}
