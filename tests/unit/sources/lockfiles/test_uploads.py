"""When locked files were uploaded, by the lock's own word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles import pylock, uv

UV = """
version = 1
[options]
exclude-newer = "2026-01-01T00:00:00Z"

[[package]]
name = "Alpha_x"
version = "1.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/a.tar.gz", hash = "sha256:00", upload-time = "2026-02-02T03:04:05.678Z" }
wheels = [
    { url = "https://files.example/a.whl", hash = "sha256:00", upload-time = "2026-02-01T00:00:00Z" },
]

[[package]]
name = "demo"
source = { virtual = "." }
dependencies = [{ name = "alpha-x" }]
"""
PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "beta"
version = "2"
[packages.sdist]
url = "https://files.example/b.tar.gz"
upload-time = 2026-03-03T00:00:00+01:00
hashes = {sha256 = "00"}
"""


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (uv.read, UV, "2026-02-01T00:00:00"),
        (pylock.read, PYLOCK, "2026-03-02T23:00:00"),
        (uv.read, UV.replace("upload-time", "uploaded"), None),
        (uv.read, UV.replace("2026", "the year 2026"), None),
        (uv.read, UV.replace('upload-time = "2026-02-01T00:00:00Z"', "upload-time = 7"), "2026-02-02T03:04:05"),
    ],
    ids=["uv", "pylock", "an older uv", "no time", "a number"],
)
def test_the_earliest_file_tells_the_age_of_a_release(
    read: Callable[[bytes, str], SourceFile], text: str, told: str | None
) -> None:
    assert read(text.encode(), "lock").packages[0].uploaded == told
