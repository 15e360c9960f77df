"""What runs, sorted by why it is there, and what a new lock says of it."""

from __future__ import annotations

from steadypin.model.installed import DirectUrl
from steadypin.model.released import ReleaseFile
from steadypin.model.target import Target
from steadypin.values import dataclass

DIRECT, TRANSITIVE, DEVELOPMENT = "direct", "transitive", "development"
BUILD_TOOL, LEFTOVER, OWN = "build-tool", "leftover", "own"
ROLES = (DIRECT, TRANSITIVE, DEVELOPMENT, BUILD_TOOL, LEFTOVER, OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Why an installed distribution is there. `role` is one of `ROLES`; `because` says it in a few words, and `guess` that
    no file of the project says so. `via` are the installed packages that require it, and the places that declare it.
    """

    name: str
    version: str | None
    role: str
    because: str
    via: tuple[str, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPackage:
    """One entry of a new lock. `origin` is set where it does not come from an index; `files` are what an index offers."""

    name: str
    version: str
    role: str
    via: tuple[str, ...] = ()
    files: tuple[ReleaseFile, ...] = ()
    index: str | None = None
    origin: DirectUrl | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PinProblem:
    """Why a lock would not hold what runs, or what runs contradicts itself.

    `kind`: "violated" (a requirement that what is installed does not satisfy), "missing" (required and not installed),
    "unknown" (no index has the release), "no-hashes" (an index gives none), "local" (no other machine can get it),
    "no-file" (nothing of the release fits a target), "double" (two versions of one name), "unreadable".
    """

    name: str
    kind: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedLock:
    """What a writer of locks is given. `header` are sentences for the top of the file; packages ascend by name."""

    target: Target
    packages: tuple[PinnedPackage, ...]
    header: tuple[str, ...] = ()
    apart: tuple[Standing, ...] = ()
    left_out: tuple[PinProblem, ...] = ()
