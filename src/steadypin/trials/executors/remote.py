"""What goes to a worker on another machine and comes back, and what the worker does with it.

An order says everything that a trial needs: the worker shares nothing with whoever sends it but the archive of the tree, which
it keeps by its digest. Environments are kept as well, and moved from one lock to the next by delta.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from steadypin import codec
from steadypin.errors import CommandError, SteadypinError, UsageError
from steadypin.model.trial import TestRun
from steadypin.text import redact
from steadypin.trials.executors.executor import Trial
from steadypin.trials.executors.local import Room, carry_out
from steadypin.trials.runner.command import HEAD, TAIL
from steadypin.trials.runner.confine import confinement
from steadypin.trials.runner.run import Place
from steadypin.trials.sandbox.claims import own_folder
from steadypin.trials.sandbox.installers import Installer
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.pins import Pins
from steadypin.trials.sandbox.tree import adopt
from steadypin.values import dataclass, replace

LARGEST = 512 * 1024**2
"""Bytes that a packed tree may have: it goes to every worker and is held in memory there."""

KEPT = 4
"""Labs that a worker process keeps beside those that are in use."""

PORTS = 100
FIRST_PORT, PORT_RANGES = 20000, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is the same for all trials of an upgrade.

    `archive` is the digest of the packed tree, `tree` that of its content, `named` the folder that links in it name. `root` is
    the user's own tree. `options` and `variables` say which indexes. `extra` are variables for the tests.
    """

    version: str
    archive: str
    tree: str
    named: str
    root: str
    users: str
    python: str
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    offline: bool = False
    keep: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One trial on a site."""

    site: Site
    pins: Pins
    command: str
    timeout: float
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an order: a run and what it printed, or why there is none.

    `kind`: "run"; "refused", the pins cannot be installed; "trouble", this worker could not do it (another may); "wrong", no
    worker like this one can.
    """

    kind: str
    run: TestRun | None = None
    log: str = ""
    message: str = ""
    hint: str = ""


def pack(folder: Path) -> tuple[bytes, str]:
    """A tree as one archive, and its digest: the same for the same files. Raises UsageError where it is too large."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False, filter=_nobody)
    packed = gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)
    if len(packed) > LARGEST:
        raise UsageError(
            f"the tree is too large to send: {len(packed) // 1024**2} MiB packed, {LARGEST // 1024**2} are allowed",
            hint="ignore data in .gitignore",
        )
    return packed, hashlib.sha256(packed).hexdigest()


def _nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without who owned it, which is nobody's business."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def unpack(packed: bytes, into: Path) -> None:
    """What `pack` made, into a new folder. Raises OSError, tarfile.TarError."""
    into.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        if hasattr(tarfile, "fully_trusted_filter"):
            archive.extractall(into, filter="fully_trusted")  # noqa: S202 - whoever gives orders may run anything here anyway
        else:
            archive.extractall(into)  # noqa: S202


class Workshop:
    """The labs of one worker process below `scratch`, by site. Each is used by one trial at a time."""

    def __init__(self, scratch: Path) -> None:
        self._folder = own_folder(scratch)
        self._lock = Lock()
        self._idle: list[tuple[str, Room]] = []
        self._made = 0
        atexit.register(self.close)

    def answer(
        self, order: Order, packed: bytes, *, base: str, installer: Installer, number: int, stop: Callable[[], bool]
    ) -> Answer:
        """Carry an order out. Raises Stopped; every other failure is an answer."""
        try:
            key, room = self._room(order.site, packed, base, installer, number)
        except SteadypinError as error:
            return Answer(kind="wrong" if isinstance(error, UsageError) else "trouble", message=error.message, hint=error.hint)
        except (OSError, tarfile.TarError, EOFError) as error:
            return Answer(kind="trouble", message=f"the tree cannot be unpacked: {error}")
        try:
            return _answer(order, room, stop)
        finally:
            self._give_back(key, room)

    def _room(self, site: Site, packed: bytes, base: str, installer: Installer, number: int) -> tuple[str, Room]:
        key = codec.digest(site)
        with self._lock:
            for place, (known, room) in enumerate(self._idle):
                if known == key:
                    del self._idle[place]
                    return key, room
            self._made += 1
            folder = self._folder.with_name(f"{self._folder.name}-{self._made}")
        if hashlib.sha256(packed).hexdigest() != site.archive:
            raise CommandError("the archive of the tree is not what was sent")
        unpack(packed, folder / "copy" / "pristine")
        copy = adopt(folder / "copy", site.tree, named=Path(site.named))
        lab = Lab.around(copy, folder, users=site.users, base=base, installer=installer)
        return key, Room(lab=lab, place=_place(site, lab, (number + self._made) % PORT_RANGES))

    def _give_back(self, key: str, room: Room) -> None:
        with self._lock:
            self._idle.insert(0, (key, room))
            gone, self._idle = self._idle[KEPT:], self._idle[:KEPT]
        for _, old in gone:
            old.lab.close()

    def close(self) -> None:
        """Remove what is not in use."""
        with self._lock:
            gone, self._idle = self._idle, []
        for _, room in gone:
            room.lab.close()


def _place(site: Site, lab: Lab, number: int) -> Place:
    confined = confinement(lab.folder, lab.environment.folder)[0] if site.sandbox else ()
    start = FIRST_PORT + number * PORTS
    return Place(
        folder=lab.copy.folder,
        scripts=lab.environment.scripts,
        scratch=lab.folder,
        root=Path(site.root),
        keep=site.keep,
        confined=confined,
        extra=site.extra,
        ports=(start, start + PORTS - 1),
    )


def _answer(order: Order, room: Room, stop: Callable[[], bool]) -> Answer:
    log = room.lab.folder / "log.txt"
    log.unlink(missing_ok=True)
    trial = Trial(pins=order.pins, command=order.command, timeout=order.timeout, tests=order.tests, log=log)
    try:
        run = carry_out(room, trial, stop)
    except CommandError as error:
        return Answer(kind="refused", message=error.message, hint=error.hint)
    except SteadypinError as error:
        return Answer(kind="trouble", message=error.message, hint=error.hint)
    except OSError as error:
        return Answer(kind="trouble", message=str(error))
    return Answer(kind="run", run=replace(run, log=""), log=_log(log))


def _log(log: Path) -> str:
    try:
        return redact(log.read_bytes()[: HEAD + TAIL + 1024].decode("utf-8", "replace"))
    except OSError:
        return ""
