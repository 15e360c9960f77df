"""What git says of a folder that something was installed from. Only git runs, with the folder's hooks and monitors off."""

from __future__ import annotations

from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError
from steadypin.text import redact
from steadypin.values import dataclass

_CALM = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "protocol.allow=never", "--no-optional-locks")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """`remote` is the URL of the branch's remote (credentials hidden), `pushed` whether a remote branch has the commit and
    nothing was changed since.
    """

    commit: str
    remote: str | None
    changed: bool
    pushed: bool


def describe_copy(folder: Path) -> WorkingCopy | None:
    """The state of the copy that `folder` is in; None where it is in none, or git is not there."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    remote = _git(folder, "config", "--get", "remote.origin.url")
    changed = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    known = bool(_git(folder, "branch", "--remotes", "--contains", commit))
    return WorkingCopy(
        commit=commit, remote=redact(remote) if remote else None, changed=changed, pushed=bool(remote) and known and not changed
    )


def _git(folder: Path, *words: str) -> str | None:
    if not folder.is_dir():
        return None
    try:
        done = process.run(["git", *_CALM, "-C", str(folder), *words], timeout=10, environment=process.scrubbed_environment())
    except CommandError:
        return None
    return done.stdout.strip() if done.ok else None
