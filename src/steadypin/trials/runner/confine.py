"""Run tests without network, and where bubblewrap is there with nothing to write on but the scratch folder.

Tests are the user's own code and run with the user's rights; this is for upgrades that bring code nobody has looked at.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError, UsageError

_LOOPBACK = 'ip link set lo up 2>/dev/null; exec "$@"'


def confinement(scratch: Path, environment: Path) -> tuple[tuple[str, ...], str]:
    """(words to put before a command, what they do). Tried once before it is believed.

    Raises UsageError where neither bubblewrap nor unprivileged namespaces are there.
    """
    for words, what in _ways(scratch, environment):
        if _works(words):
            return words, what
    raise UsageError("--sandbox: neither bwrap nor unshare can be used here", hint="install bubblewrap, or run in a container")


def _ways(scratch: Path, environment: Path) -> list[tuple[tuple[str, ...], str]]:
    found: list[tuple[tuple[str, ...], str]] = []
    if bwrap := shutil.which("bwrap"):
        binds = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(scratch), str(scratch))
        rest = ("--ro-bind-try", str(environment), str(environment), "--unshare-net", "--die-with-parent", "--")
        found.append(((bwrap, *binds, *rest), "no network, and only the scratch folder can be written"))
    if unshare := shutil.which("unshare"):
        words = (unshare, "--map-root-user", "--net", "--", "sh", "-c", _LOOPBACK, "sh")
        found.append((words, "no network; bubblewrap is not there, so files outside the copy can be written"))
    return found


def _works(words: tuple[str, ...]) -> bool:
    try:
        return process.run([*words, "true"], timeout=20, environment=process.scrubbed_environment()).ok
    except CommandError:
        return False
