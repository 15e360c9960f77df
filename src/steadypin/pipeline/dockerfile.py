"""From what was found in a project to a recipe for its image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from steadypin.config import Settings
from steadypin.errors import EnvironmentNotFound, SteadypinError
from steadypin.model.facts import Facts
from steadypin.model.locked import SourceFile
from steadypin.model.readiness import ImageBase, Readiness
from steadypin.model.recipe import Recipe
from steadypin.pipeline import facts as reading
from steadypin.pipeline.readiness import ImageRequest, with_readiness
from steadypin.sources.entry_points import start_command
from steadypin.values import dataclass, replace

_COMPILERS = ("gcc", "libc6-dev")
_ALPINE_COMPILERS = ("gcc", "musl-dev")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRequest:
    """`base` where the user chose one; otherwise a slim image of the Python that runs, or is locked."""

    base: str | None = None
    glibc: str | None = None
    musl: str | None = None


def recipe(settings: Settings, request: RecipeRequest) -> Recipe:
    """The recipe. Raises SteadypinError where the project has no lock to install from."""
    facts = _facts(settings)
    lock = _lock(facts)
    python = ".".join(facts.target.python.split(".")[:2])
    base = request.base or f"python:{python}-slim"
    image = ImageRequest(base=base, glibc=request.glibc, musl=request.musl)
    ready = with_readiness(facts, settings, image).readiness
    assert ready is not None
    command, start = start_command(settings.root, ready.dockerfiles)
    alpine = ready.base is not None and ready.base.libc == "musl"
    builds = tuple(_built(ready, lock))
    unhashed = _beside(settings.root, lock.path)
    return Recipe(
        base=base,
        python=_python(ready.base, python),
        lock=lock.path,
        format=lock.format,
        hashed=_is_hashed(lock),
        unhashed=unhashed,
        command=command,
        start=start,
        alpine=alpine,
        build_packages=_build_packages(_compiled(ready, builds), unhashed, alpine=alpine),
        run_packages=tuple(sorted({library.package for library in ready.libraries if library.package})) if not alpine else (),
        notes=tuple(_notes(lock, builds, ready, python)),
    )


def _facts(settings: Settings) -> Facts:
    request = reading.Request(ledgers=frozenset())
    try:
        return reading.gather(settings, request)
    except EnvironmentNotFound:
        if settings.python is not None:
            raise
        return reading.gather(settings, replace(request, no_environment=True))


def _lock(facts: Facts) -> SourceFile:
    """The lock to install from: uv.lock, pylock.toml, then the main requirements file."""
    locks = [file for file in facts.files if file.role != "manifest" and file.format in ("uv", "pylock", "requirements")]
    order = {"uv": 0, "pylock": 1, "requirements": 2}
    hashed = [file for file in locks if _is_hashed(file)]
    for found in (hashed, locks):
        main = [file for file in found if "/" not in file.path and "dev" not in file.path and "vcs" not in file.path]
        if main:
            return min(main, key=lambda file: (order[file.format], file.path != "requirements.txt", file.path))
    raise SteadypinError(
        "no lock to install from (uv.lock, pylock.toml or a requirements.txt with exact pins)",
        hint="steadypin pin --no-dev -o requirements.txt",
    )


def _is_hashed(lock: SourceFile) -> bool:
    """Whether every pin has a hash; uv.lock and pylock.toml always have."""
    return lock.format != "requirements" or all(package.files for package in lock.packages if package.kind == "index")


def _python(base: ImageBase | None, running: str) -> str:
    return ".".join(base.python.split(".")[:2]) if base is not None and base.python else running


def _beside(root: Path, lock: str) -> str | None:
    """The file that `pin` writes beside a lock for what cannot be hashed."""
    path = Path(lock)
    second = path.with_name(f"{path.stem}-vcs{path.suffix}").as_posix()
    return second if path.suffix == ".txt" and (root / second).is_file() else None


def _built(ready: Readiness, lock: SourceFile) -> Iterator[str]:
    """Names of the lock that have no wheel for some target."""
    locked = {package.name for package in lock.packages}
    for release in ready.releases:
        wheels = [file for file in release.files if file.filename.endswith(".whl")]
        fits = all(any(target.accepts_wheel(file.filename) is not False for file in wheels) for target in ready.targets)
        if release.name in locked and release.files and not fits:
            yield release.name


def _compiled(ready: Readiness, builds: tuple[str, ...]) -> tuple[str, ...]:
    """Those of them that are not known to be Python alone."""
    plain = {item.name for item in ready.contents if not item.compiled}
    return tuple(name for name in builds if name not in plain)


def _build_packages(builds: tuple[str, ...], unhashed: str | None, *, alpine: bool) -> tuple[str, ...]:
    tools = (_ALPINE_COMPILERS if alpine else _COMPILERS) if builds else ()
    return (*tools, *(("git",) if unhashed else ()))


def _notes(lock: SourceFile, builds: tuple[str, ...], ready: Readiness, python: str) -> Iterator[str]:
    if not _is_hashed(lock):
        yield f"{lock.path} has no hashes; steadypin pin --no-dev -o {lock.path} writes one that has"
    if builds:
        yield f"no wheel, so built from source: {', '.join(builds)}; build the wheels once and keep them on your index"
    base = _python(ready.base, python)
    if base != python:
        yield f"what runs today is Python {python}, the base has {base}: run the tests in the image"
    locked = {package.name for package in lock.packages}
    for item in ready.standings:
        if lock.format == "requirements" and item.role == "development" and item.name in locked:
            yield f"{lock.path} holds development tools ({item.name} …); steadypin pin --no-dev leaves them out"
            break


def texts(made: Recipe, *, workflow: bool) -> dict[str, str]:
    """Files by their paths in the project."""
    from steadypin import __version__
    from steadypin.reporters import recipes

    found = {"Dockerfile": recipes.dockerfile(made), ".dockerignore": recipes.dockerignore()}
    if workflow:
        found[".github/workflows/image.yml"] = recipes.workflow(made, version=__version__)
    return found
