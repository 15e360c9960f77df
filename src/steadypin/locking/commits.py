"""Locks as commits: each on top of the one before, on a branch of its own, without touching the working tree or the index."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadypin.errors import CommandError
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit: its branch, its message, and new contents by path below the project's folder."""

    branch: str
    message: str
    contents: Mapping[str, bytes]


def commit(root: Path, steps: Sequence[Step]) -> tuple[str, ...]:
    """Make the commits, the first on top of HEAD, and point the branches at them. Raises CommandError."""
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    parent = _git(root, "rev-parse", "--verify", "HEAD").strip()
    with tempfile.TemporaryDirectory(prefix="steadypin-") as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        _git(root, "read-tree", parent, variables=index)
        for step in steps:
            for path, data in sorted(step.contents.items()):
                blob = _git(root, "hash-object", "-w", "--stdin", stdin=data).strip()
                mode = _git(root, "ls-files", "--stage", "--", path, variables=index).split(" ")[0] or "100644"
                _git(root, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{prefix}{path}", variables=index)
            tree = _git(root, "write-tree", variables=index).strip()
            parent = _git(root, "commit-tree", tree, "-p", parent, "-F", "-", stdin=step.message.encode()).strip()
            _git(root, "update-ref", f"refs/heads/{step.branch}", parent)
    return tuple(step.branch for step in steps)


def _git(root: Path, *words: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> str:
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, timeout=120, check=False, env={**os.environ, **(variables or {})}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"git {words[0]}: {error}", hint="--branch-per-stage needs git and a repository") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise CommandError(
            f"git {words[0]}: {said[-500:]}", output=said, hint="--branch-per-stage needs a repository with a commit"
        )
    return done.stdout.decode("utf-8", "surrogateescape")
