"""Locks as commits: each on top of the one before, on a branch of its own, without touching the working tree or the index.

All branches are moved in one transaction of git. One that is checked out, or that holds somebody's own work, is refused; one
that an earlier upgrade has made is made anew, and stays the same commit where it would say the same.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadypin.errors import CommandError
from steadypin.values import dataclass

ROOM = "steadypin"
"""The folder of our branches."""

SIGN = "Tested as a whole with: "
"""A line that every message of ours has."""

_STALE = 5.0
"""Seconds that a lock of a branch of ours is waited for; one that stays is what a killed git has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit: its branch, its message (with SIGN), and new contents by path below the project's folder."""

    branch: str
    message: str
    contents: Mapping[str, bytes]


def refuse(root: Path) -> None:
    """Raises CommandError where no commit or none of our branches could be made: no repository, no commit, nobody's name, or
    a branch of ours that is checked out or holds other work.
    """
    _git(root, "rev-parse", "--verify", "HEAD", hint="--branch-per-stage needs a repository with a commit")
    _git(root, "var", "GIT_COMMITTER_IDENT", hint="tell git your user.name and user.email")
    for branch in _git(root, "for-each-ref", "--format=%(refname)", f"refs/heads/{ROOM}").split():
        _refuse_branch(root, branch)


def _refuse_branch(root: Path, ref: str) -> None:
    hint = f"rename it (git branch -m {ref.removeprefix('refs/heads/')} NAME) or delete it"
    if f"branch {ref}" in _git(root, "worktree", "list", "--porcelain").splitlines():
        raise CommandError(f"{ref} is checked out, and would be moved", hint="check out another branch")
    if not any(line.startswith(SIGN) for line in _git(root, "log", "-1", "--format=%B", ref, "--").splitlines()):
        raise CommandError(f"{ref} holds a commit that is not ours, and would be moved", hint=hint)


def commit(root: Path, steps: Sequence[Step]) -> tuple[str, ...]:
    """Make the commits, the first on top of HEAD, and point the branches at them. Raises CommandError."""
    refuse(root)
    prefix = _git(root, "rev-parse", "--show-prefix").rstrip("\n")
    parent = _git(root, "rev-parse", "--verify", "HEAD").strip()
    moves = []
    with tempfile.TemporaryDirectory(prefix="steadypin-") as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        _git(root, "read-tree", parent, variables=index)
        for step in steps:
            for path, data in sorted(step.contents.items()):
                blob = _git(root, "hash-object", "-w", "--stdin", "--path", path, stdin=data).strip()
                mode = _git(root, "ls-files", "--stage", "--", path, variables=index).split(" ")[0] or "100644"
                _git(root, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{prefix}{path}", variables=index)
            tree = _git(root, "write-tree", variables=index).strip()
            parent = _made(root, step, tree, parent)
            moves.append(f"update refs/heads/{step.branch} {parent}\n")
    _remove_stale(root, steps)
    _git(root, "update-ref", "--stdin", stdin="".join(moves).encode())
    return tuple(step.branch for step in steps)


def _made(root: Path, step: Step, tree: str, parent: str) -> str:
    """The commit of a step: the one that its branch has, where that says the same."""
    said = _git(root, "for-each-ref", "--format=%(tree) %(parent) %(objectname)%0a%(contents)", f"refs/heads/{step.branch}")
    known, _, message = said.partition("\n")
    if known.split()[:2] == [tree, parent] and message.strip() == step.message.strip():
        return known.split()[2]
    return _git(root, "commit-tree", tree, "-p", parent, "-F", "-", stdin=step.message.encode()).strip()


def _remove_stale(root: Path, steps: Sequence[Step]) -> None:
    """Locks of our branches that a killed git has left; without this no branch could be written ever again."""
    folder = root / _git(root, "rev-parse", "--git-common-dir").rstrip("\n")
    patience = time.monotonic() + _STALE
    for lock in [folder / "refs" / "heads" / f"{step.branch}.lock" for step in steps]:
        while lock.exists() and time.monotonic() < patience:
            time.sleep(0.1)
        lock.unlink(missing_ok=True)


def _git(
    root: Path,
    *words: str,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    hint: str = "is the repository whole?",
) -> str:
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, timeout=120, check=False, env={**os.environ, **(variables or {})}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"git {words[0]}: {error}", hint="--branch-per-stage needs git") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise CommandError(f"git {words[0]}: {said[-500:]}", output=said, hint=hint)
    return done.stdout.decode("utf-8", "surrogateescape")
