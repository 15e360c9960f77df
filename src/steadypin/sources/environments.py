"""Which environment is meant, and everything that stands in it.

Without `--python` these are tried, and the first that is an environment is taken:

1. the path itself, where it is an environment, an image, a zipapp, a snapshot or an SBOM;
2. UV_PROJECT_ENVIRONMENT, which names the environment of this very project;
3. VIRTUAL_ENV, because an activated environment is what every other tool acts on;
4. `.venv`, `venv`, `env`, `.env` in the project, then in the folders above it up to the one with `.git`;
5. CONDA_PREFIX, unless it is the base environment.

The environment that steadypin itself runs from counts in 2, 3 and 5 only where it stands inside the project; what was passed
over for that is said in `EnvironmentPath.notes`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadypin.errors import EnvironmentNotFound, InterpreterError
from steadypin.model.installed import PythonEnvironment
from steadypin.sources.interpreter import inspect
from steadypin.sources.live import environment_of
from steadypin.text import printable
from steadypin.values import dataclass, replace

_IN_PROJECT = (".venv", "venv", "env", ".env")
_HINT = "name it with --python (a venv, an interpreter, a site-packages folder)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPath:
    """An environment that was found and not yet read.

    `form` is "prefix" (venv, conda, an installation), "interpreter", "folder" (site-packages or --target), "zipapp", "snapshot"
    (or an SBOM), "root" (a container's root folder) or "image", the last two with `inside` the environment in it where one was
    named. `because` is what led there ("--python", "VIRTUAL_ENV", ".venv in the project", …); `notes` are sentences about what
    was passed over.
    """

    path: str
    form: str
    because: str
    python: str | None = None
    inside: str | None = None
    notes: tuple[str, ...] = ()


def find_environment(
    project: Path, *, python: str | None, environ: Mapping[str, str], own_prefix: str = sys.prefix
) -> EnvironmentPath:
    """The environment that a user means: `python` where given, else the first of the places in this module's head.

    Raises EnvironmentNotFound with the places that were looked at.
    """
    if python:
        return _given(python, project, environ)
    looked: list[str] = []
    notes: list[str] = []
    for place, because, foreign in _places(project, environ):
        looked.append(f"{because}: {place}")
        found = recognise(place, because=because)
        if found is None or found.form == "interpreter":  # a program in such a place is something else
            continue
        if foreign and (reason := _unwanted(place, project, environ, because, own_prefix)):
            notes.append(reason)
            continue
        return EnvironmentPath(
            path=found.path, form=found.form, because=because, python=found.python, notes=(*notes, *_rival(found, project))
        )
    looked += [f"{name}: not set" for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if not environ.get(name)]
    raise EnvironmentNotFound(
        f"{project}: no Python environment found" + "".join(f"; {note}" for note in notes), looked=tuple(looked), hint=_HINT
    )


def recognise(place: Path, *, because: str = "--python") -> EnvironmentPath | None:
    """What an existing path is, by its own files; None where it is no environment."""
    if place.is_file():
        return _recognise_file(place, because)
    if not place.is_dir():
        return None
    if (place / "oci-layout").is_file():
        return EnvironmentPath(path=str(place), form="image", because=because)
    if (place / "pyvenv.cfg").is_file() or (place / "conda-meta").is_dir():
        return EnvironmentPath(path=str(place), form="prefix", because=because, python=_python_in(place))
    if (place / "etc").is_dir() and (place / "usr").is_dir() and ((place / "bin").exists() or (place / "lib").exists()):
        return EnvironmentPath(path=str(place), form="root", because=because)
    if (place / "PEX-INFO").is_file():
        return EnvironmentPath(path=str(place), form="zipapp", because=because)
    if found := _python_in(place):
        return EnvironmentPath(path=str(place), form="prefix", because=because, python=found)
    if place.name in ("site-packages", "dist-packages") or _holds_metadata(place, because):
        return EnvironmentPath(path=str(place), form="folder", because=because)
    return None


def read_environment(found: EnvironmentPath, *, cache_dir: Path | None) -> PythonEnvironment:
    """Everything in an environment, as its own interpreter would find it.

    The interpreter is started at most once, and not at all where `cache_dir` remembers it. One that does not start (broken, or
    for another machine) is replaced by what its folders tell, with a problem that says so. Of several environments in an image
    the one that a container would start is read, unless `found` names another; `PythonEnvironment.others` lists the rest.
    Raises InterpreterError where there are no folders either, SourceError for an unreadable image or zipapp.
    """
    if found.form in ("image", "root"):
        return _read_inside(found)
    if found.form == "snapshot":
        from steadypin.sources.snapshot import read_snapshot

        return read_snapshot(Path(found.path))
    if found.form == "zipapp":
        from steadypin.sources.standalone import read_zipapp

        return read_zipapp(found.path)
    if found.form == "folder":
        from steadypin.sources.standalone import read_folder

        return read_folder(found.path)
    try:
        if found.python is None:
            raise InterpreterError(f"{found.path}: holds no interpreter that runs on this machine")
        return environment_of(inspect(Path(found.python), cache_dir=cache_dir))
    except InterpreterError as error:
        environment = _read_unasked(found, error)
        if environment is None:
            raise
        return environment


def _read_unasked(found: EnvironmentPath, error: InterpreterError) -> PythonEnvironment | None:
    """What the folders around an interpreter tell that could not be asked; any other program has no such folders."""
    from steadypin.sources.standalone import read_prefix

    prefix = Path(found.path) if found.form == "prefix" else Path(found.path).parent.parent
    if found.form == "interpreter" and not (prefix / "pyvenv.cfg").is_file():
        return None
    return read_prefix(str(prefix), because=error.message)


def _read_inside(found: EnvironmentPath) -> PythonEnvironment:
    """One environment of an image or root folder: the named one, else the one that a container would use."""
    from steadypin.sources.image import read_image

    environments = {environment.path: environment for environment in read_image(Path(found.path))}
    if not environments:
        raise EnvironmentNotFound(f"{found.path}: no Python environment in it", looked=(found.path,), hint=_HINT)
    if found.inside is None:
        wanted = next(iter(environments))
    else:
        suffix = ":" + (found.inside.rstrip("/") or "/")
        wanted = next((path for path in environments if path.endswith(suffix)), "")
    if wanted not in environments:
        raise EnvironmentNotFound(
            f"{found.path}: no Python environment at {found.inside}", looked=tuple(environments), hint="name one of these"
        )
    return replace(environments.pop(wanted), others=tuple(environments))


def _given(text: str, project: Path, environ: Mapping[str, str]) -> EnvironmentPath:
    place = Path(text).expanduser()
    found = recognise(place) or recognise(project / place)
    if found is None and not place.exists() and os.sep not in text:
        found = _on_path(text, environ)
    if found is None and ":" in text:
        found = _inside_image(text, project)
    if found is not None:
        return found
    shown = printable(text, 200)
    if place.exists():
        raise EnvironmentNotFound(f"{shown}: no Python environment is there", looked=(shown,), hint=_HINT)
    raise EnvironmentNotFound(f"{shown}: no such file, folder or command", looked=(shown,), hint=_HINT)


def _inside_image(text: str, project: Path) -> EnvironmentPath | None:
    """`image.tar:/app/.venv`."""
    outer, _, inside = text.rpartition(":")
    found = recognise(Path(outer)) or recognise(project / outer) if outer else None
    return replace(found, inside=inside) if found and found.form in ("image", "root") else None


def _on_path(text: str, environ: Mapping[str, str]) -> EnvironmentPath | None:
    """`python3.12`, or 3.12 for short."""
    import re
    import shutil

    name = f"python{text}" if re.fullmatch(r"\d(\.\d+)?t?", text) else text
    command = shutil.which(name, path=environ.get("PATH"))
    return EnvironmentPath(path=command, form="interpreter", because="--python", python=command) if command else None


def _places(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str, bool]]:
    """(place, why, whether it comes from the surrounding shell and so may be steadypin's own)."""
    yield project, "the path itself", False
    for name in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"):
        if value := environ.get(name):
            yield project / value, name, True
    for folder in _upwards(project):
        where = "in the project" if folder == project else f"in {folder}"
        for name in _IN_PROJECT:
            yield folder / name, f"{name} {where}", False
    if value := environ.get("CONDA_PREFIX"):
        yield Path(value), "CONDA_PREFIX", True


def _upwards(project: Path) -> Iterator[Path]:
    """The project, and the folders above it as far as they belong to the same repository."""
    yield project
    above = project.absolute()
    chain = []
    while not (above / ".git").exists():
        if above == above.parent:
            return  # in no repository: what stands above is somebody else's
        above = above.parent
        chain.append(above)
    yield from chain


def _unwanted(place: Path, project: Path, environ: Mapping[str, str], because: str, own_prefix: str) -> str | None:
    """Why an environment that the shell names is not taken; None where it is fine."""
    here, own = os.path.realpath(place), os.path.realpath(own_prefix)
    if here == own and not here.startswith(os.path.realpath(project) + os.sep):
        return f"{because} ({place}) is steadypin's own environment and was passed over; to mean it, give --python {place}"
    if because == "CONDA_PREFIX" and environ.get("CONDA_DEFAULT_ENV") in ("base", "root"):
        return f"CONDA_PREFIX ({place}) is conda's base environment and was passed over; to mean it, give --python {place}"
    return None


def _rival(found: EnvironmentPath, project: Path) -> tuple[str, ...]:
    if found.because != "VIRTUAL_ENV":
        return ()
    rival = project / ".venv"
    if not (rival / "pyvenv.cfg").is_file() or os.path.realpath(rival) == os.path.realpath(found.path):
        return ()
    return (f"the active environment {found.path} was read, not {rival}; to mean that one, give --python {rival}",)


def _recognise_file(place: Path, because: str) -> EnvironmentPath | None:
    import zipfile

    try:
        with place.open("rb") as stream:
            head = stream.read(512)
    except OSError:
        head = b""
    if head[257:262] == b"ustar" or place.name.endswith((".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")):
        return EnvironmentPath(path=str(place), form="image", because=because)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or b"<<<steadypin" in head:
        return EnvironmentPath(path=str(place), form="snapshot", because=because) if _is_snapshot(place) else None
    if place.suffix not in (".exe", "") and zipfile.is_zipfile(place):
        return EnvironmentPath(path=str(place), form="zipapp", because=because)
    if os.access(place, os.X_OK) or place.suffix == ".exe":
        if not head.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa", b"\xca\xfe")) and zipfile.is_zipfile(place):
            return EnvironmentPath(path=str(place), form="zipapp", because=because)
        runs = os.name == "nt" or place.suffix != ".exe"
        return EnvironmentPath(path=str(place), form="interpreter", because=because, python=str(place) if runs else None)
    if len(head) < 4096 and because != "--python":
        return _pointer(place, head, because)
    return None


def _is_snapshot(place: Path) -> bool:
    from steadypin.sources.sbom import looks_like_sbom

    with place.open("rb") as stream:
        head = stream.read(65536)
    return b"<<<steadypin" in head or b'"snapshot"' in head or looks_like_sbom(head)


def _pointer(place: Path, head: bytes, because: str) -> EnvironmentPath | None:
    """A file named `.venv` that holds the path of the environment."""
    target = head.decode("utf-8", "replace").strip()
    if not target or "\n" in target or "\0" in target or not (place.parent / target).is_dir():
        return None
    return recognise(place.parent / target, because=because)


def _python_in(prefix: Path) -> str | None:
    """The interpreter of a prefix that can run on this machine."""
    names = ("Scripts/python.exe", "python.exe") if os.name == "nt" else ("bin/python", "bin/python3", "bin/python2")
    return next((str(prefix / name) for name in names if (prefix / name).exists()), None)


def _holds_metadata(folder: Path, because: str) -> bool:
    """Whether packages were installed right into a folder. A project's own egg-info does not make it an environment."""
    suffixes = (".dist-info", ".egg-info") if because == "--python" else (".dist-info",)
    try:
        return any(name.endswith(suffixes) for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return False
