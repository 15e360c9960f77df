"""What has to be known before a project goes into a container image."""

from __future__ import annotations

from steadypin.model.code import CodeUse
from steadypin.model.pins import Standing
from steadypin.model.released import ReleaseFile
from steadypin.model.target import Target
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBase:
    """A base image, as far as its name tells. `libc` is "glibc" or "musl", `level` its version ("2.36"), `python` the minor or
    full version, `family` the system ("Debian 13 (trixie)"). `known_by` says where that is from. `slim`: without compilers
    and headers. None and "" are what is not known.
    """

    name: str
    python: str | None = None
    libc: str | None = None
    level: str | None = None
    family: str = ""
    slim: bool = False
    known_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOnIndex:
    """What the indexes offer of one release that runs here; `files` () where no index has it."""

    name: str
    version: str
    files: tuple[ReleaseFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The size (bytes) and import names of an installed distribution; `compiled`: it has modules for one platform only."""

    name: str
    modules: tuple[str, ...] = ()
    size: int | None = None
    compiled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededLibrary:
    """A system library (`soname`) that compiled modules of a distribution link to and do not bring; `package` is Debian's."""

    name: str
    soname: str
    module: str
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile; `text` has its continuations joined, `stage` counts FROMs from 0 (-1 before)."""

    name: str
    text: str
    line: int
    stage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """One Dockerfile, in order. `bases` are (stage, image as written with its ARGs filled in, name given by AS)."""

    path: str
    instructions: tuple[Instruction, ...] = ()
    bases: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`targets` are the image's, one for each platform. `ignored` are the lines of .dockerignore, None where there is none;
    `exposed` what lies in the project and should not go into an image (".git", ".venv", ".env"). `ends` is the day on which the
    target's Python gets no more fixes (ISO), `removed` the modules of the standard library that it no longer has.
    """

    targets: tuple[Target, ...]
    base: ImageBase | None = None
    releases: tuple[ReleaseOnIndex, ...] = ()
    standings: tuple[Standing, ...] = ()
    contents: tuple[Installed, ...] = ()
    code: CodeUse | None = None
    libraries: tuple[NeededLibrary, ...] = ()
    dockerfiles: tuple[Dockerfile, ...] = ()
    ignored: tuple[str, ...] | None = None
    exposed: tuple[str, ...] = ()
    ends: str | None = None
    removed: tuple[str, ...] = ()
    tables_as_of: str = ""
