"""A finished image against a lock: read the image, read the lock, compare for the image's own Python and platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from steadypin.checks import image_ledger
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.errors import EnvironmentNotFound, SourceError, UsageError
from steadypin.model import parse
from steadypin.model.facts import Facts
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Location
from steadypin.model.locked import SourceFile
from steadypin.model.verdict import ImageVerdict
from steadypin.sources.image import read_image
from steadypin.sources.project import read_project
from steadypin.text import printable
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """`project` is the folder whose manifests explain the locks (default: the first lock's); `inside` the environment's place
    in the image (default: the one that a container would start); `allowed` names that may be there beside the lock.
    """

    image: Path
    locks: tuple[Path, ...]
    project: Path | None = None
    inside: str | None = None
    allowed: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    exact: bool = False


def verify(request: VerifyRequest) -> tuple[ImageVerdict, ...]:
    """One verdict for each image in the file (several for several platforms).

    Raises SourceError for an image or lock that cannot be read, EnvironmentNotFound where there is no Python in it.
    """
    files = _locks(request)
    image, inside = _split(request)
    verdicts = [_verdict(environment, others, files, request) for environment, others in _chosen(read_image(image), inside)]
    if not verdicts:
        raise EnvironmentNotFound(
            f"{image}: no Python environment {f'at {printable(inside)} ' if inside else ''}in it",
            looked=(str(image),),
            hint="name its place in the image with --in (/app/.venv, /usr/local)",
        )
    return tuple(verdicts)


def _split(request: VerifyRequest) -> tuple[Path, str | None]:
    """`image.tar:/app/.venv` is understood too."""
    if request.image.exists():
        return request.image, request.inside
    outer, _, inside = str(request.image).rpartition(":")
    if outer and inside.startswith("/") and Path(outer).exists():
        return Path(outer), request.inside or inside
    raise UsageError(f"{printable(str(request.image), 200)}: no such image", hint="docker save IMAGE -o image.tar")


def _locks(request: VerifyRequest) -> tuple[SourceFile, ...]:
    if not request.locks:
        raise UsageError("no lock to verify against", hint="name it with --lock")
    for lock in request.locks:
        if not lock.is_file():
            raise UsageError(f"{lock}: no such file", hint="name the lock that the image was built from")
    found = read_project(request.project or request.locks[0].absolute().parent, locks=request.locks)
    chosen = {str(lock) for lock in request.locks} | {lock.name for lock in request.locks}
    for error in found.errors:
        if error.location.path in chosen or error.location.path.rpartition("/")[2] in chosen:
            raise error
    locks = [file for file in found.files if file.role != "manifest"]
    if not any(file.packages for file in locks):
        raise SourceError("it pins nothing, so that any image would do", location=Location(path=str(request.locks[0])))
    return found.files


def _chosen(
    environments: Sequence[PythonEnvironment], inside: str | None
) -> Iterator[tuple[PythonEnvironment, tuple[str, ...]]]:
    """The environment of each image in the file, with the names of the others."""
    by_image: dict[str, list[PythonEnvironment]] = {}
    for environment in environments:
        by_image.setdefault(environment.path.rpartition(":")[0], []).append(environment)
    for found in by_image.values():
        wanted = [e for e in found if inside is None or e.path.rpartition(":")[2].rstrip("/") == inside.rstrip("/")]
        if wanted:
            yield wanted[0], tuple(e.path.rpartition(":")[2] or "/" for e in found if e is not wanted[0])


def _verdict(
    environment: PythonEnvironment, others: tuple[str, ...], files: tuple[SourceFile, ...], request: VerifyRequest
) -> ImageVerdict:
    facts = Facts(
        target=environment.target,
        taken_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        files=files,
        environment=environment,
    )
    selection = Selection(extras=frozenset(request.extras), groups=frozenset(request.groups))
    compared = compare(facts, selection=selection)
    allowed = frozenset(map(parse.normalise, request.allowed))
    compared = replace(compared, own=compared.own | allowed)
    image, _, place = environment.path.rpartition(":")
    return ImageVerdict(
        image=image,
        environment=place or "/",
        python=environment.target.python,
        platform=environment.target.platform,
        locks=tuple(file.path for file in files if file.role != "manifest"),
        equal=image_ledger.equal(compared),
        differences=image_ledger.differences(compared, exact=request.exact),
        installers=image_ledger.installers(compared),
        base=image_ledger.base(compared),
        optional=image_ledger.optional(compared),
        others=others,
    )
