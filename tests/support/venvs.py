"""Real virtual environments and real metadata on disk, without an installer."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.wheels import build_wheel, escaped, metadata


def make_venv(path: Path, *, python: Path | None = None, system_site_packages: bool = False) -> Path:
    """A venv without pip, of this Python or of another; returns it."""
    if python is None:
        venv.create(path, symlinks=os.name != "nt", with_pip=False, system_site_packages=system_site_packages)
        return path
    options = ["--without-pip", *(["--system-site-packages"] if system_site_packages else [])]
    subprocess.run([str(python), "-m", "venv", *options, str(path)], check=True, capture_output=True)
    return path


def site_of(environment: Path) -> Path:
    """The site-packages folder of a venv."""
    found = [*environment.glob("lib/python*/site-packages"), *environment.glob("Lib/site-packages")]
    return found[0]


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(site: Path, name: str, version: str, *, installer: str = "pip", requested: bool = False, **wheel: object) -> Path:
    """Unpack a real wheel as an installer would; returns the dist-info folder."""
    _, content = build_wheel(name, version, **wheel)  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(site)
    info = site / f"{escaped(name)}-{version}.dist-info"
    (info / "INSTALLER").write_text(f"{installer}\n", encoding="utf-8")
    if requested:
        (info / "REQUESTED").touch()
    return info


def dist_info(
    name: str, version: str, *, at: str = "", extra: Mapping[str, bytes] | None = None, requires: Iterable[str] = ()
) -> dict[str, bytes]:
    """The files of a dist-info folder by path, for trees that are not on a disk."""
    folder = f"{at}{escaped(name)}-{version}.dist-info"
    files = {
        "METADATA": metadata(name, version, requires=requires) + b"\nlong description\n",
        "INSTALLER": b"pip\n",
        **(extra or {}),
    }
    return {f"{folder}/{path}": content for path, content in files.items()}


def other_pythons() -> list[Path]:
    """Interpreters of other versions that pyenv has on this machine."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted((root / "versions").glob("*/bin/python"))
    return [python for python in found if python.resolve() != Path(sys.executable).resolve()]
