"""Facts made by hand, in a few words each."""

from __future__ import annotations

from steadypin.model import parse
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.installed import InstalledDistribution, PythonEnvironment
from steadypin.model.location import Location
from steadypin.model.locked import LockedFile, LockedPackage, SourceFile
from steadypin.model.released import Project, Release
from steadypin.model.target import Target

TAKEN_AT = "2026-11-24T12:00:00Z"
SITE = ".venv/lib/python3.12/site-packages"

LINUX_312 = Target(
    python="3.12.1",
    platform="linux_x86_64",
    source="test",
    environment=(
        ("implementation_name", "cpython"),
        ("implementation_version", "3.12.1"),
        ("os_name", "posix"),
        ("platform_machine", "x86_64"),
        ("platform_python_implementation", "CPython"),
        ("platform_release", ""),
        ("platform_system", "Linux"),
        ("platform_version", ""),
        ("python_full_version", "3.12.1"),
        ("python_version", "3.12"),
        ("sys_platform", "linux"),
    ),
    tags=("cp312-cp312-manylinux_2_17_x86_64", "cp312-abi3-manylinux_2_17_x86_64", "py3-none-any"),
)


def declared(text: str, *, path: str = "requirements.in", line: int = 1, **more: str) -> DeclaredRequirement:
    requirement = parse.requirement(text)
    assert requirement is not None, text
    return DeclaredRequirement(
        name=parse.normalise(requirement.name), requirement=text, location=Location(path=path, line=line), **more
    )


def pin(name: str, version: str | None, *, path: str = "requirements.txt", line: int = 1, **more: object) -> LockedPackage:
    more.setdefault("kind", "index")
    more.setdefault("files", (LockedFile(hashes=("sha256:" + "0" * 64,)),))
    return LockedPackage(name=name, version=version, location=Location(path=path, line=line), **more)  # type: ignore[arg-type]


def installed(name: str, version: str | None, *requires: str, **more: object) -> InstalledDistribution:
    more.setdefault("location", Location(path=f"{SITE}/{name}-{version}.dist-info"))
    return InstalledDistribution(name=name, version=version, raw_name=name, requires=requires, **more)  # type: ignore[arg-type]


def project(name: str, *versions: str | Release, **more: str) -> Project:
    rows = tuple(v if isinstance(v, Release) else Release(v, "2025-01-01T00:00:00Z", None, None, (), True) for v in versions)
    return Project(name=name, index="https://index.example/simple", releases=rows, **more)


def manifest(*items: DeclaredRequirement, path: str = "requirements.in", **more: object) -> SourceFile:
    return SourceFile(path=path, format="requirements", role="manifest", declared=items, **more)  # type: ignore[arg-type]


def lock(*pins: LockedPackage, path: str = "requirements.txt", **more: object) -> SourceFile:
    more.setdefault("format", "requirements")
    return SourceFile(path=path, role="lock", packages=pins, **more)  # type: ignore[arg-type]


def facts(
    *files: SourceFile,
    installed: tuple[InstalledDistribution, ...] | None = None,
    projects: tuple[Project, ...] = (),
    target: Target = LINUX_312,
    at: str = ".venv",
    **more: object,
) -> Facts:
    environment = None
    if installed is not None:
        environment = PythonEnvironment(path=at, kind="venv", target=target, paths=(SITE,), distributions=installed)
    return Facts(
        target=target,
        taken_at=TAKEN_AT,
        files=files,
        environment=environment,
        projects=projects,
        lookups=bool(projects),
        **more,  # type: ignore[arg-type]
    )
