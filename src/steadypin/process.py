"""Run a command: time limit, captured and bounded output, scrubbed environment, redaction, the whole process group.

Nothing here goes through a shell. On a time limit, an interrupt or an error the process and everything that it started is
ended before this module returns.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import IO

from steadypin.errors import CommandNotFound, CommandTimeout
from steadypin.text import redact
from steadypin.values import dataclass

OUTPUT_LIMIT = 4 * 1024 * 1024
"""How many bytes of each stream are kept: the first and the last half of it."""

NO_ROOM = 16 * 1024
"""Free bytes below which a disk is full."""

_SECRET_PARTS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY")
_LEAKING = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PYTHONEXECUTABLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A process that has ended. `exit_code` is negative for a signal (POSIX); texts are redacted and bounded."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.exit_code == 0


def scrubbed_environment(*, keep: Sequence[str] = (), extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without secrets and without what would lead another Python astray; `keep` names exceptions."""
    kept = {name: value for name, value in os.environ.items() if name in keep or not _is_unwanted(name)}
    return {**kept, **(extra or {})}


def _is_unwanted(name: str) -> bool:
    upper = name.upper()
    return upper in _LEAKING or any(part in upper for part in _SECRET_PARTS)


def run(
    command: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Finished:
    """Run `command` to its end; a non-zero exit is an answer, not an error.

    `timeout` is in seconds. Raises CommandNotFound, CommandTimeout with what was printed until then, and OSError where the
    folder for temporary files is full, which fails every command. KeyboardInterrupt ends the process group and goes on.
    """
    started = monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = _start(command, cwd, environment, given, out, err)
        try:
            code = process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            end_group(process)
            output = _text(out) + _text(err)
            raise CommandTimeout(
                f"{command[0]}: no end after {timeout:g} s", output=output, hint="raise the time limit"
            ) from None
        except BaseException:
            end_group(process)
            raise
        if code and free_room(folder := Path(tempfile.gettempdir())) < NO_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        return Finished(
            command=tuple(command), exit_code=code, stdout=_text(out), stderr=_text(err), seconds=monotonic() - started
        )


def free_room(folder: Path) -> int:
    """Bytes that may still be written on the disk of a folder; 0 also where no file may be made there any more.

    Raises OSError.
    """
    if os.name == "nt":
        return shutil.disk_usage(folder).free
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize if found.f_favail or not found.f_files else 0


def _start(
    command: Sequence[str],
    cwd: Path | None,
    environment: Mapping[str, str] | None,
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=None if environment is None else dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandNotFound(f"{command[0]}: cannot be started: {reason}", hint="is it installed and executable?") from None


def end_group(process: subprocess.Popen[bytes], *, grace: float = 2.0) -> None:
    """End a process and its whole group: politely, and after `grace` seconds for good."""
    if os.name == "nt":
        process.kill()
        process.wait()
        return
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _text(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size <= OUTPUT_LIMIT:
        return redact(stream.read().decode("utf-8", "replace"))
    head = stream.read(OUTPUT_LIMIT // 2)
    stream.seek(size - OUTPUT_LIMIT // 2)
    cut = f"\n… {size - OUTPUT_LIMIT} bytes left out …\n"
    return redact(head.decode("utf-8", "replace") + cut + stream.read().decode("utf-8", "replace"))
