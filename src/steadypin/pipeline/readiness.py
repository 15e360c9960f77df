"""Everything that an image asks for, read into the facts: base, targets, files of each release, code, Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.errors import ConfigError, NetworkError, SourceError, UsageError
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.readiness import (
    Dockerfile,
    ImageBase,
    Installed,
    NeededLibrary,
    Readiness,
    ReleaseOnIndex,
)
from steadypin.model.target import Target
from steadypin.pipeline.pinning import ELSEWHERE, code_of
from steadypin.pipeline.release_files import Progress, files_of_releases
from steadypin.planning.standing import Names, standings
from steadypin.sources.bases import as_of, describe_base, python_ends, removed_modules, with_library
from steadypin.sources.dockerfile_text import exposed, find_dockerfiles, read_dockerfile, read_ignored
from steadypin.sources.targets import parse_target
from steadypin.text import shown
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """The image as the user described it: base, targets, and the base's C library where no table knows it."""

    base: str | None = None
    targets: tuple[str, ...] = ()
    glibc: str | None = None
    musl: str | None = None
    progress: Progress | None = None


def with_readiness(facts: Facts, settings: Settings, request: ImageRequest) -> Facts:
    """The facts with what an image asks for; what cannot be had is a gap. Raises UsageError for a base or target."""
    dockerfiles, gaps = _dockerfiles(settings.root)
    base = _base(request, dockerfiles)
    targets = image_targets(request.targets, base, facts.target)
    comparison = compare(
        facts, settings.policy, Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    )
    code = code_of(settings)
    contents, libraries = _contents(facts)
    names = _names(facts, contents)
    releases, missing = _releases(facts, settings, request.progress)
    ignored = read_ignored(settings.root)
    ready = Readiness(
        targets=targets,
        base=base,
        releases=releases,
        standings=standings(facts, comparison, code, names),
        contents=contents,
        code=code,
        libraries=libraries if base is None or base.slim or base.libc is None else (),
        dockerfiles=dockerfiles,
        ignored=ignored,
        exposed=exposed(settings.root, ignored) if settings.root.is_dir() else (),
        ends=python_ends(targets[0].python),
        removed=removed_modules(targets[0].python),
        tables_as_of=as_of(),
    )
    return replace(facts, readiness=ready, gaps=(*facts.gaps, *gaps, *missing, *_base_gaps(base)))


def _dockerfiles(root: Path) -> tuple[tuple[Dockerfile, ...], tuple[Gap, ...]]:
    """Each Dockerfile of the project; one that cannot be read is a gap."""
    read: list[Dockerfile] = []
    gaps: list[Gap] = []
    for path in find_dockerfiles(root):
        shown_path = path.relative_to(root).as_posix()
        try:
            read.append(read_dockerfile(path, shown_path))
        except SourceError as error:
            detail = f"{error.location}: {error.message}"
            gaps.append(Gap(subject=shown_path, stage="sources", reason="unreadable", detail=detail))
    return tuple(read), tuple(gaps)


def _base(request: ImageRequest, dockerfiles: Sequence[Dockerfile]) -> ImageBase | None:
    name = request.base or next(_final_bases(dockerfiles), None)
    if name is None:
        if request.glibc or request.musl:
            return with_library(ImageBase(name="the base image"), glibc=request.glibc, musl=request.musl)
        return None
    base = with_library(describe_base(name), glibc=request.glibc, musl=request.musl)
    if request.base is not None and base.libc is None:
        raise UsageError(
            f"{shown(request.base, 100)}: nothing is known of this base image's C library",
            hint="say it: --glibc 2.36 or --musl 1.2 (docker run IMAGE ldd --version)",
        )
    return base


def _final_bases(dockerfiles: Iterable[Dockerfile]) -> Iterator[str]:
    """The image that the last stage of each Dockerfile stands on, through the stages between."""
    for file in dockerfiles:
        stages = {alias.lower(): image for _, image, alias in file.bases if alias}
        image = file.bases[-1][1] if file.bases else ""
        for _ in file.bases:
            image = stages.get(image.lower(), image)
        if image and "$" not in image and image.lower() != "scratch":
            yield image


def _base_gaps(base: ImageBase | None) -> Iterator[Gap]:
    if base is not None and (base.libc is None or base.python is None):
        lacks = " and ".join(
            word for word, value in (("C library", base.libc), ("Python version", base.python)) if value is None
        )
        detail = f"the base image's name does not tell its {lacks}; give --base with a full tag, or --target and --glibc"
        yield Gap(subject=base.name, stage="sources", reason="unknown-base", detail=detail)


# Targets --------------------------------------------------------------------------------------------------------------------


def image_targets(texts: Iterable[str], base: ImageBase | None, running: Target) -> tuple[Target, ...]:
    """The targets that the options and the base describe, each a Python on a platform at the base's C library.

    A text may name several platforms: `python=3.12,linux_x86_64,linux_aarch64`. Raises UsageError.
    """
    found: dict[tuple[str, str], Target] = {}
    for text in tuple(texts) or ("",):
        python, platforms = _split(text)
        python = python or (base.python if base and base.python else ".".join(running.python.split(".")[:2]))
        for platform in platforms or [_own_platform(running, base)]:
            target = parse_target(f"python={python},platform={at_level(platform, base)}", base=running)
            found.setdefault((target.python, target.platform), target)
    return tuple(found.values())


def _split(text: str) -> tuple[str | None, list[str]]:
    python, platforms = None, []
    for word in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = word.partition("=")
        if not equals:
            platforms.append(key)
        elif key == "platform":
            platforms.append(value)
        elif key == "python":
            python = value
        else:
            raise UsageError(
                f"cannot understand {shown(word, 60)!r} in a target", hint="give it as python=3.12,linux_x86_64,linux_aarch64"
            )
    return python, platforms


def _own_platform(running: Target, base: ImageBase | None) -> str:
    machine = "aarch64" if re.search("aarch64|arm64", running.platform) else "x86_64"
    return f"{'musllinux' if base and base.libc == 'musl' else 'linux'}_{machine}"


def at_level(platform: str, base: ImageBase | None) -> str:
    """A short platform name as the wheel tag of the base's C library; everything else as it is."""
    word = platform.strip().lower().replace("-", "_")
    word = {"musllinux": "musllinux_x86_64", "linux": "linux_x86_64", "linux_arm64": "linux_aarch64"}.get(word, word)
    if base is None or base.level is None:
        return word
    level = base.level.replace(".", "_")
    machine = re.fullmatch(r"(?:linux|musllinux)_(x86_64|aarch64)", word)
    if machine is None:
        return word
    if base.libc == "musl" or word.startswith("musllinux"):
        return f"musllinux_{level if base.libc == 'musl' else '1_2'}_{machine[1]}"
    return f"manylinux_{level}_{machine[1]}"


# What is installed --------------------------------------------------------------------------------------------------------


def _contents(facts: Facts) -> tuple[tuple[Installed, ...], tuple[NeededLibrary, ...]]:
    from steadypin.sources.elf import missing_libraries
    from steadypin.sources.import_names import read_contents

    if facts.environment is None or facts.environment.kind in ELSEWHERE:
        return (), ()
    found = read_contents(facts.installed)
    contents = tuple(
        Installed(name=name, modules=tuple(sorted(item.modules)), size=item.size, compiled=bool(item.libraries))
        for name, item in sorted(found.items())
    )
    libraries = tuple(library for name, item in sorted(found.items()) for library in missing_libraries(name, item.libraries))
    return contents, libraries


def _names(facts: Facts, contents: Sequence[Installed]) -> Names:
    if not contents:
        return Names(modules={item.name: frozenset({item.name.replace("-", "_")}) for item in facts.installed})
    return Names(modules={item.name: frozenset(item.modules) for item in contents})


def _releases(
    facts: Facts, settings: Settings, progress: Progress | None
) -> tuple[tuple[ReleaseOnIndex, ...], tuple[Gap, ...]]:
    """The files of what runs, or of what is locked where no environment was read."""
    installed = {(d.name, d.version) for d in facts.installed if d.version and d.direct_url is None and not d.editable}
    locked = {(p.name, p.version) for p in facts.locked if p.name and p.version and p.kind == "index"}
    wanted = sorted(installed if facts.environment is not None else locked)
    try:
        answers = files_of_releases(facts, wanted, settings, progress)
    except (ConfigError, NetworkError) as error:
        return (), (Gap(subject="files of releases", stage="index", reason="unreadable", detail=error.message),)
    gaps = tuple(
        Gap(subject=name, stage="index", reason=error.reason, detail=f"files of {name} {version}: {error.message}")
        for (name, version), error in sorted(answers.errors.items())
    )
    releases = tuple(
        ReleaseOnIndex(name=name, version=version, files=files) for (name, version), files in sorted(answers.files.items())
    )
    return releases, gaps
