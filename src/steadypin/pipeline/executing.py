"""Where trials are carried out, as the request asks: here, here side by side, or on the workers of a Dask scheduler."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from steadypin.pipeline.ahead import Ahead
from steadypin.pipeline.preparing import Scene, installer, interpreter
from steadypin.pipeline.trying import Trials
from steadypin.trials.executors.executor import Executor
from steadypin.trials.executors.local import Here, Room, SideBySide
from steadypin.trials.journal import Journal
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.tree import adopt

PORTS = 100
"""Ports of its own that each trial on this machine is told."""

FIRST_PORT, LAST_PORT = 20000, 29999


@contextmanager
def opened(scene: Scene, lab: Lab, scratch: Path, tell: Callable[[str], None]) -> Iterator[Trials]:
    """The trials of a scene; what is still under way at the end is ended. Raises UsageError, CommandError."""
    journal = Journal.open(scratch / "journal.jsonl")
    if scene.request.forget:
        journal.runs.clear()
    executor, shut_in = _executor(scene, lab, tell)
    trials = Trials(
        lab=lab,
        ahead=Ahead(executor=executor, guessing=scene.request.limits.runs is None),
        journal=journal,
        command=scene.command,
        python=f"{scene.facts.target.python} {scene.facts.target.platform}{', confined' if shut_in else ''}",
        limits=scene.request.limits,
        tell=tell,
    )
    try:
        yield trials
        trials.finish()
    finally:
        executor.close()


def _executor(scene: Scene, lab: Lab, tell: Callable[[str], None]) -> tuple[Executor, bool]:
    """It, and whether tests are shut in."""
    settings = scene.settings
    first = _room(scene, lab, 0, tell)
    if (settings.jobs or 1) == 1:
        return Here(room=first), bool(first.place.confined)

    def make(number: int) -> Room:
        return first if number == 0 else _room(scene, _twin(scene, lab, number), number, lambda _: None)

    side_by_side = SideBySide(settings.jobs or 1, make)
    tell(side_by_side.narrow(0))
    return side_by_side, bool(first.place.confined)


def _room(scene: Scene, lab: Lab, number: int, tell: Callable[[str], None]) -> Room:
    confined, what = confinement(lab.folder, lab.environment.folder) if scene.request.sandbox else ((), "")
    tell(what)
    start = FIRST_PORT + number * PORTS % (LAST_PORT + 1 - FIRST_PORT)
    place = Place(
        folder=lab.copy.folder,
        scripts=lab.environment.scripts,
        scratch=lab.folder,
        root=scene.settings.root.resolve(),
        keep=scene.request.keep_variables,
        confined=confined,
        ports=(start, start + PORTS - 1),
    )
    return Room(lab=lab, place=place)


def _twin(scene: Scene, lab: Lab, number: int) -> Lab:
    """Another lab beside the first one, with the same tree."""
    folder = lab.folder.with_name(f"{lab.folder.name}-{number}")
    shutil.copytree(lab.copy.pristine, folder / "copy" / "pristine", symlinks=True)
    copy = adopt(folder / "copy", lab.copy.digest, named=lab.copy.folder)
    users = scene.settings.root.resolve().as_uri()
    return Lab.around(copy, folder, users=users, base=interpreter(scene), installer=installer(scene))
