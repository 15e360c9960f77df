"""One process for one run: time limit, bounded log, and nothing that it started outlives it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import IO

from steadypin.errors import CommandNotFound
from steadypin.process import end_group
from steadypin.values import dataclass

HEAD, TAIL = 512 * 1024, 1024 * 1024
"""Bytes of output that are kept from the start and from the end."""

_DRAIN = 3.0
_ROUNDS = 5
_LOOK = 0.25
"""Seconds between two looks at whether a run is still wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process that is over. `exit_code` None: ended by us after the time limit; negative: by a signal."""

    exit_code: int | None
    output: str
    seconds: float


class Stopped(Exception):
    """Whoever asked for the run does not want it any more. Never leaves the executors."""


def execute(
    command: Sequence[str],
    *,
    cwd: Path,
    scratch: Path,
    environment: Mapping[str, str],
    timeout: float,
    stop: Callable[[], bool] | None = None,
) -> Ended:
    """Run a command to its end; whatever still works in the folder `scratch` is ended then.

    Raises CommandNotFound, and Stopped once `stop` says so; that and KeyboardInterrupt end everything that was started.
    """
    started = monotonic()
    process = _start(command, cwd, environment)
    output = _Output(process.stdout)
    try:
        code: int | None = process.wait(timeout=timeout) if stop is None else _wait(process, timeout, stop)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        end_group(process)
        end_processes_in(scratch)
        printed = output.text()
    return Ended(exit_code=code, output=printed, seconds=monotonic() - started)


def _wait(process: subprocess.Popen[bytes], timeout: float, stop: Callable[[], bool]) -> int:
    """The exit code. Raises TimeoutExpired, Stopped."""
    end = monotonic() + timeout
    while not stop():
        try:
            return process.wait(timeout=min(_LOOK, max(0.0, end - monotonic())))
        except subprocess.TimeoutExpired:
            if monotonic() >= end:
                raise
    raise Stopped


def _start(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandNotFound(f"{command[0]}: cannot be started: {reason}", hint="is it among the pins?") from None


class _Output:
    """What a process prints, read as it comes; only the first and the last part are kept."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = self._dropped = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while self._stream is not None and (chunk := os.read(self._stream.fileno(), 65536)):
                self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        room = HEAD - len(self._head)
        self._head += chunk[:room] if room > 0 else b""
        rest = chunk[max(0, room) :]
        if rest:
            self._tail.append(rest)
            self._tail_size += len(rest)
        while self._tail_size > TAIL and self._tail:
            gone = self._tail.popleft()
            self._tail_size -= len(gone)
            self._dropped += len(gone)

    def text(self) -> str:
        """All that is kept; does not wait for a stranger who still holds the pipe."""
        self._thread.join(_DRAIN)
        if self._stream is not None and not self._thread.is_alive():
            self._stream.close()
        head, tail = bytes(self._head).decode("utf-8", "replace"), b"".join(tuple(self._tail)).decode("utf-8", "replace")
        return f"{head}\n… {self._dropped} bytes left out …\n{tail}" if self._dropped else head + tail


def end_processes_in(folder: Path) -> None:
    """End every process that lives below this folder: daemons that left their group, and installers of one that was killed.

    They are known by where they stand and by what they were started with, on Linux only; elsewhere nothing tells.
    """
    place = os.fsencode(folder)
    named = re.compile(re.escape(place) + rb"(?=[/\0:]|$)")
    for _ in range(_ROUNDS):
        found = [process for process in _processes() if _is_in(process, place, named)]
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(int(process.name), signal.SIGKILL)
        if not found:
            return


def _is_in(process: Path, folder: bytes, named: re.Pattern[bytes]) -> bool:
    try:
        here = os.fsencode(os.readlink(process / "cwd"))  # noqa: PTH115 - with what is behind it, as the kernel says it
        said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    except OSError:  # gone, or somebody else's
        return False
    return (here + b"/").startswith(folder + b"/") or named.search(said) is not None


def _processes() -> list[Path]:
    try:
        return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()]
    except OSError:
        return []
