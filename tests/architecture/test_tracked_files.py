"""What no file of ours may say: where a package registry lives, and how one machine is laid out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Spelt so that this file does not match itself.
FORBIDDEN = {
    "the host of a package registry": re.compile(
        rb"\b(?:[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.(?:org|com)|[d]eb\.debian\.org)", re.I
    ),
    "a path of one machine": re.compile(
        rb"(?<![\w.])/(?:[w]ork|[r]oot|[f]arm)/|(?<![\w.])/tmp/[d]ev/|/[U]sers/\w|/[h]ome/(?!user\b|you\b)\w"
    ),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_no_tracked_file_names(what: str) -> None:
    found = []
    for path in tracked():
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if FORBIDDEN[what].search(line):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {line[:160]!r}")
    assert not found, f"{what} is named:\n" + "\n".join(found)
