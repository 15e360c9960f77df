"""Discovery over a generated monorepo, beside `git ls-files`: python -m bench.discovery [FILES] [ROUNDS]

The tree has packages with manifests, locks, sources, tests, data, ignored build output and an environment that must be skipped.
Both run alternately on the same warm tree; what is printed are medians, the ratio, and the files that were found.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from steadypin.sources.discovery import discover

PER_PACKAGE = 200
IGNORED = "build/\n*.log\n*.pyc\n/dist/\n.coverage\n!keep.log\n**/generated/*.json\n"


def make_tree(root: Path, files: int) -> None:
    """A git repository of about `files` files."""
    (root / ".gitignore").write_text(IGNORED)
    (root / "pyproject.toml").write_text('[project]\nname = "root"\n[tool.uv.workspace]\nmembers = ["libs/*/*"]\n')
    (root / "uv.lock").write_text("version = 1\n")
    for number in range(files // PER_PACKAGE):
        make_package(root / "libs" / f"area{number % 25}" / f"package{number}")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "."], check=True, stderr=subprocess.DEVNULL)


def make_package(folder: Path) -> None:
    """One package of PER_PACKAGE files in about 20 folders."""
    fixed = ("pyproject.toml", "requirements-dev.txt", ".gitignore", "README.md")
    rest = [f"src/module{n % 8}/file{n}.py" for n in range(100)]
    rest += [f"tests/part{n % 4}/test_{n}.py" for n in range(40)]
    rest += [f"data/{n % 5}/{n}.json" for n in range(30)]
    rest += [f"build/lib/{n}.py" for n in range(10)]
    rest += [f".venv/lib/python3.12/site-packages/thing/{n}.py" for n in range(PER_PACKAGE - len(fixed) - len(rest) - 1)]
    for name in (*fixed, *rest, ".venv/pyvenv.cfg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("*.tmp\n" if name == ".gitignore" else "")


def seconds(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_tree(root, files)
        listing = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
        found = discover(root).found
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(seconds(lambda: discover(root)))
            theirs.append(seconds(lambda: subprocess.run(listing, check=True, stdout=subprocess.DEVNULL)))
    mine, git = statistics.median(ours), statistics.median(theirs)
    print(f"{files:,} files, {rounds} rounds: discover {mine:.2f} s, git ls-files {git:.2f} s, ratio {mine / git:.2f}")
    print(f"found {len(found):,} files of {len({file.project for file in found}):,} projects")


if __name__ == "__main__":
    main()
