"""The installed command, run as a user would, in a HOME of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("steadypin.exe" if os.name == "nt" else "steadypin")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of it."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A clean environment: no settings of the machine's pip, uv or steadypin, and a HOME that is empty."""
    dropped = (
        "PIP_",
        "UV_",
        "STEADYPIN_",
        "PYTEST_",
        "CONDA_",
        "VIRTUAL_ENV",
        "GITHUB_",
        "XDG_",
        "PYTHON",
        "NO_COLOR",
        "FORCE_COLOR",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    home.mkdir(parents=True, exist_ok=True)
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PIP_CONFIG_FILE": os.devnull, "COLUMNS": "100", **variables}


def steadypin(
    *words: str | Path, cwd: Path, home: Path | None = None, stdin: str | None = None, timeout: float = 60, **variables: str
) -> Ran:
    """Run `steadypin WORDS` in `cwd`."""
    done = subprocess.run(
        [str(PROGRAM), *map(str, words)],
        cwd=cwd,
        env=environment(home or cwd / ".home", **variables),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def site_packages(folder: Path, distributions: Mapping[str, tuple[str, ...]]) -> Path:
    """A folder as `pip install --target` leaves it: "name version" -> Requires-Dist lines."""
    for title, requires in distributions.items():
        name, version = title.split()
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [
            "Metadata-Version: 2.1",
            f"Name: {name}",
            f"Version: {version}",
            *(f"Requires-Dist: {line}" for line in requires),
        ]
        (info / "METADATA").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
        (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
    return folder
