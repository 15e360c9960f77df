"""An upgrade on disks that are too small: an error that names the place, and the same lock once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def _can_mount() -> bool:
    if sys.platform != "linux" or os.getuid() or not shutil.which("unshare"):
        return False
    words = ["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_mount(), reason="no mounts here")
@pytest.mark.parametrize(("place", "size"), [("trials", "192")])
def test_a_full_disk_is_told_and_gone_on_from(place: str, size: str) -> None:
    words = [sys.executable, "-m", "bench.full_disk", "--place", place, "--sizes", size]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0 and "exit 2, then 1" in done.stdout, done.stdout + done.stderr
