"""Where trials are carried out, as the request asks: here, here side by side, or on the workers of a Dask scheduler."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin import __version__
from steadypin.pipeline.ahead import Ahead
from steadypin.pipeline.preparing import Scene, installer, interpreter
from steadypin.pipeline.progress import Tell
from steadypin.pipeline.trying import Trials
from steadypin.text import redact
from steadypin.trials.executors.executor import Executor
from steadypin.trials.executors.local import Here, Room, SideBySide
from steadypin.trials.journal import Journal
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.tree import adopt

if TYPE_CHECKING:
    from steadypin.trials.executors.remote import Site

PORTS = 100
"""Ports of its own that each trial on this machine is told."""

FIRST_PORT, LAST_PORT = 20000, 29999

_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
_LOGIN = re.compile(r"//[^/\s@]+@")


@contextmanager
def opened(scene: Scene, lab: Lab, scratch: Path, tell: Tell) -> Iterator[Trials]:
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
    finally:
        try:
            trials.finish()
        finally:
            executor.close()


def _executor(scene: Scene, lab: Lab, tell: Callable[[str], None]) -> tuple[Executor, bool]:
    """It, and whether tests are shut in."""
    settings = scene.settings
    if settings.executor == "dask":
        return _on_workers(scene, lab, tell), scene.request.sandbox
    first = _room(scene, lab, 0, tell)
    if (settings.jobs or 1) == 1:
        return Here(room=first), bool(first.place.confined)

    def make(number: int) -> Room:
        return first if number == 0 else _room(scene, _twin(scene, lab, number), number, lambda _: None)

    side_by_side = SideBySide(settings.jobs or 1, make)
    tell(side_by_side.narrow(0))
    return side_by_side, bool(first.place.confined)


def _on_workers(scene: Scene, lab: Lab, tell: Callable[[str], None]) -> Executor:
    """Raises UsageError, NetworkError."""
    from steadypin.pipeline.working import TOPIC, work
    from steadypin.trials.executors.dask import OnWorkers
    from steadypin.trials.executors.remote import pack

    settings = scene.settings
    packed, digest = pack(lab.copy.pristine)
    executor = OnWorkers(
        settings.scheduler or "", _site(scene, lab, digest), packed, work=work, topic=TOPIC, most=settings.jobs, tell=tell
    )
    places = executor.places
    tell(f"{places} trial{'s' * (places > 1)} at once on the workers of {redact(settings.scheduler or '')}")
    return executor


def _site(scene: Scene, lab: Lab, archive: str) -> Site:
    """What a worker has to know. Logins stay here: a worker that needs them has its own."""
    from steadypin.trials.executors.remote import Site

    local = installer(scene)
    return Site(
        version=__version__,
        archive=archive,
        tree=lab.copy.digest,
        named=str(lab.copy.folder),
        root=str(scene.settings.root.resolve()),
        users=scene.settings.root.resolve().as_uri(),
        python=".".join(scene.facts.target.python.split(".")[:2]),
        options=local.options,
        variables=tuple((name, _LOGIN.sub("//", text)) for name, text in local.variables if name in _INDEXES),
        offline=scene.settings.offline,
        keep=scene.request.keep_variables,
        extra=tuple(_for_tests(scene.settings.root.resolve())),
        sandbox=scene.request.sandbox,
    )


def _for_tests(root: Path) -> Iterator[tuple[str, str]]:
    """Of this process's variables only what says how the project's own tests are run."""
    own = [
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and (root / entry).is_relative_to(root)
    ]
    if own:
        yield "PYTHONPATH", os.pathsep.join(own)
    for name in ("PYTEST_ADDOPTS", "PYTHONHASHSEED"):
        if os.environ.get(name):
            yield name, os.environ[name]


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
