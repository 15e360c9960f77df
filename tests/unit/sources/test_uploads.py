"""When locked files were uploaded, by the lock's own word."""

from __future__ import annotations

import pytest

from steadypin.sources.uploads import uploads

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
upload-time = 2026-03-03T00:00:00Z
hashes = {sha256 = "00"}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (UV, [("alpha-x", "1.0", "2026-02-01T00:00:00")]),
        (PYLOCK, [("beta", "2", "2026-03-03T00:00:00")]),
        (UV.replace("upload-time", "uploaded"), []),
        ('[[package]]\nname = "x"\nversion = "1"\nupload-time = "yesterday"\n', []),
    ],
    ids=["uv", "pylock", "an older uv", "no time"],
)
def test_the_earliest_file_tells_the_age_of_a_release(text: str, told: list[tuple[str, str, str]]) -> None:
    assert list(uploads(text)) == told
