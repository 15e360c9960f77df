"""Real small wheels and sdists from a few words; equal words give equal bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping

_EPOCH = (2020, 1, 1, 0, 0, 0)


def escaped(name: str) -> str:
    """A project name as file names have it (Binary distribution format)."""
    return name.replace("-", "_").replace(".", "_").lower()


def metadata(
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    extras: Iterable[str] = (),
    summary: str = "",
) -> bytes:
    """The METADATA of a distribution."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {summary}"] if summary else []
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return ("\n".join(lines) + "\n").encode()


def build_wheel(
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    extras: Iterable[str] = (),
    files: Mapping[str, str | bytes] | None = None,
    tag: str = "py3-none-any",
    entry_points: str = "",
) -> tuple[str, bytes]:
    """(file name, bytes) of a wheel that installers accept. `files` defaults to one module with `__version__`."""
    stem = f"{escaped(name)}-{version}"
    info = f"{stem}.dist-info"
    contents = files if files is not None else {f"{escaped(name)}.py": f'__version__ = "{version}"\n'}
    members = {path: text.encode() if isinstance(text, str) else text for path, text in contents.items()}
    members[f"{info}/METADATA"] = metadata(name, version, requires=requires, requires_python=requires_python, extras=extras)
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points.encode()
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), data)
    return f"{stem}-{tag}.whl", stream.getvalue()


def build_sdist(
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
) -> tuple[str, bytes]:
    """(file name, bytes) of an sdist with PKG-INFO and a pyproject.toml for setuptools."""
    stem = f"{escaped(name)}-{version}"
    dependencies = ", ".join(f'"{requirement}"' for requirement in requires)
    python = f'requires-python = "{requires_python}"\n' if requires_python else ""
    project = (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n{python}dependencies = [{dependencies}]\n'
    )
    contents = files if files is not None else {f"{escaped(name)}.py": f'__version__ = "{version}"\n'}
    members = {path: text.encode() if isinstance(text, str) else text for path, text in contents.items()}
    members["pyproject.toml"] = project.encode()
    members["PKG-INFO"] = metadata(name, version, requires=requires, requires_python=requires_python)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in members.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return f"{stem}.tar.gz", gzip.compress(stream.getvalue(), mtime=0)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
