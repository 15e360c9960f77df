"""What git leaves alone: .gitignore files of every depth, and .git/info/exclude."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.values import dataclass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SIZE_LIMIT = 1024 * 1024
"""Bytes of a .gitignore that are read."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one file; they hold below `folder` (relative to the top, "" or ending in "/")."""

    folder: str
    spec: GitIgnoreSpec

    def verdict(self, path: str) -> bool | None:
        """True: ignored; False: taken back by a `!` pattern; None: not mentioned. Folders are given with a "/" at the end."""
        return self.spec.check_file(path[len(self.folder) :]).include


Chain = tuple[Rules, ...]
"""From the outermost file to the nearest, which has the last word."""


def ignored(chain: Chain, path: str) -> bool:
    """Whether git would ignore a path, given relative to the top (folders with a "/" at the end)."""
    for rules in reversed(chain):
        verdict = rules.verdict(path)
        if verdict is not None:
            return verdict
    return False


def load_rules(file: Path, folder: str) -> Rules | None:
    """The rules of one file; None where there are none or the file cannot be read."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            data = stream.read(SIZE_LIMIT)
    except OSError:
        return None
    from pathspec import GitIgnoreSpec

    lines = [line for line in data.decode("utf-8", "replace").splitlines() if _means_something(line)]
    return Rules(folder, GitIgnoreSpec.from_lines(lines)) if lines else None


def _means_something(line: str) -> bool:
    """Comments and blank lines are left out, and so are patterns that are invalid or that could cost unbounded time."""
    if not line.strip() or line.startswith("#") or len(line) > 512 or line.count("**") > 4:
        return False
    if any(len(re.findall(r"\*+", segment)) > 3 for segment in line.split("/")):
        return False
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def outer_rules(root: Path) -> tuple[Chain, str]:
    """The rules that reach a folder from above it, and the folder's path in its repository ("" or ending in "/").

    Without a repository around it there are none. If the folder itself is ignored, whoever names it wants it read all the same.
    """
    for top in (root, *root.parents):
        if (top / ".git").exists():
            break
    else:
        return (), ""
    inside = root.relative_to(top).parts
    found = [load_rules(top / ".git" / "info" / "exclude", "")]
    for depth in range(len(inside)):
        folder = "/".join(inside[:depth])
        found.append(load_rules(top / folder / ".gitignore", folder and folder + "/"))
    chain = tuple(rules for rules in found if rules is not None)
    prefix = "".join(f"{part}/" for part in inside)
    above = ["".join(f"{part}/" for part in inside[: depth + 1]) for depth in range(len(inside))]
    return (() if any(ignored(chain, folder) for folder in above) else chain), prefix
