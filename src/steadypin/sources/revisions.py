"""One file as it stood in a revision of a git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

from steadypin.errors import CommandNotFound, SourceError
from steadypin.model.location import Location
from steadypin.process import scrubbed_environment
from steadypin.sources.reading import SIZE_LIMIT
from steadypin.text import shown

_TIMEOUT = 60
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def read_revision(revision: str, path: str, *, folder: Path) -> bytes:
    """The bytes of `revision:path`. The path counts from `folder`, else from the repository's root, as people write both.

    Only objects are read: no filter, no hook, no network. Raises SourceError, CommandNotFound where there is no git.
    """
    place = Location(path=f"{revision}:{path}")
    if revision.startswith("-") or "\0" in revision + path:
        raise SourceError("not a revision", location=place, hint="write it as git does: main:uv.lock")
    said = ""
    for name in dict.fromkeys((f"{revision}:./{path}", f"{revision}:{path}")):
        size = _git("cat-file", "-s", name, folder=folder)
        if size.returncode == 0:
            if int(size.stdout) > SIZE_LIMIT:
                raise SourceError(f"more than {SIZE_LIMIT >> 20} MiB", location=place, hint="is it the right file?")
            found = _git("cat-file", "blob", name, folder=folder)
            if found.returncode == 0:
                return found.stdout
            size = found
        said = size.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
    raise SourceError(f"not in this repository: {shown(said, 200)}", location=place, hint=_hint(revision, path, folder))


def _hint(revision: str, path: str, folder: Path) -> str:
    """What there is instead: a clone of a CI has one commit, and of its branches only the one that was checked out."""
    name = shown(revision, 80)
    if _is_known(revision, folder):
        return f"git ls-tree -r --name-only {name} lists the files of that revision"
    if _is_known(f"origin/{revision}", folder):
        return f"there is no branch {name} here, but origin/{name}:{shown(path, 80)}"
    if _git("rev-parse", "--is-shallow-repository", folder=folder).stdout.strip() == b"true":
        return f"this clone is shallow: git fetch --depth=1 origin {name}, then FETCH_HEAD:{shown(path, 80)}"
    return "git branch --all lists branches, git log --oneline -- FILE the revisions of a file"


def _is_known(revision: str, folder: Path) -> bool:
    return _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", folder=folder).returncode == 0


def _git(*words: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), *words]
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=scrubbed_environment(extra=_QUIET),
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise CommandNotFound("git: no such command", hint="install git, or name two files") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git took more than {_TIMEOUT} s", location=Location(path=words[-1])) from None
