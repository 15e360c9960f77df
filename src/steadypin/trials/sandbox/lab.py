"""Everything that one trial needs, in one scratch folder: a working copy, an environment, a HOME and logs."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steadypin import toml
from steadypin.errors import CommandError
from steadypin.trials.runner.command import end_processes_with
from steadypin.trials.sandbox.environment import Environment
from steadypin.trials.sandbox.installers import Installer
from steadypin.trials.sandbox.pins import Pins
from steadypin.trials.sandbox.tree import WorkingCopy, take


@dataclass(slots=True, kw_only=True)
class Lab:
    """`folder` is this process's own. `notes` are sentences about what could not be done and does not stop the work."""

    folder: Path
    copy: WorkingCopy
    environment: Environment
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path, folder: Path, *, base: str, installer: Installer) -> Lab:
        """A lab for the project at `root`; `base` is the interpreter that environments are made with."""
        folder.mkdir(parents=True)
        users = root.resolve().as_uri()
        return cls.around(take(root, folder / "copy"), folder, users=users, base=base, installer=installer)

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
        """Put the working copy back and the environment to exactly `pins`. Raises CommandError."""
        self.copy.restore()
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        self.environment.move(pins)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _install_project(self, python: Path) -> None:
        try:
            self.environment.installer.install(python, [f"-e {self.copy.folder}"])
        except CommandError as error:
            self.notes.append(f"the project itself cannot be installed, its tests run beside its files: {error.message[-300:]}")


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


def own_folder(scratch: Path) -> Path:
    """A new folder for this process below `scratch`, after what dead processes left there has been removed: suites that still
    run, known by their HOME, and folders.
    """
    for left in leftovers(scratch):
        end_processes_with("HOME", str(left / "home"))
        shutil.rmtree(left, ignore_errors=True)
    return scratch / f"run-{os.getpid()}"


def leftovers(scratch: Path) -> Iterator[Path]:
    """Folders of processes that are not alive any more; a process may have several (`run-71`, `run-71-2`)."""
    with contextlib.suppress(OSError):
        for folder in sorted(scratch.iterdir()):
            number = folder.name.removeprefix("run-").partition("-")[0]
            if folder.name.startswith("run-") and number.isdigit() and not _is_alive(int(number)):
                yield folder


def _is_alive(process: int) -> bool:
    if process == os.getpid():
        return False
    if os.name == "nt":  # asking with a signal would end it there; a folder in use cannot be removed anyway
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
