"""What runs today, into a lock: read, sort by why it is there, ask the indexes for hashes, write the lock's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.errors import NetworkError, SteadypinError, UsageError
from steadypin.model import parse
from steadypin.model.code import CodeUse
from steadypin.model.facts import Facts
from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.model.pins import (
    BUILD_TOOL,
    DEVELOPMENT,
    LEFTOVER,
    OWN,
    PinnedLock,
    PinnedPackage,
    PinProblem,
    Standing,
)
from steadypin.model.released import ReleaseFile
from steadypin.model.target import Target
from steadypin.pipeline import facts as reading
from steadypin.pipeline.release_files import Progress, files_of_releases, fits, label
from steadypin.planning.contradictions import bare, contradictions, doubles
from steadypin.planning.standing import Names, standings
from steadypin.values import dataclass, replace

ELSEWHERE = ("image", "snapshot", "sbom", "zipapp")
"""Kinds of environments whose files are not on this disk where their paths say."""
_HASH = re.compile(r"[a-z0-9_]{3,10}:[0-9a-fA-F]{32,128}").fullmatch
_COMMIT = re.compile(r"[0-9a-f]{40,64}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRequest:
    """What to pin, as the user said it. `targets` are texts; hashes of files that fit none of them are left out."""

    targets: tuple[str, ...] = ()
    include_leftovers: bool = False
    development: bool = True
    hash_by_download: bool = False
    snapshot: Path | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """`blocking` are reasons not to write the lock unless the user says so, `notes` are for people; `packages` in `lock`."""

    facts: Facts
    standings: tuple[Standing, ...]
    lock: PinnedLock
    blocking: tuple[PinProblem, ...] = ()
    notes: tuple[str, ...] = ()


def pin(settings: Settings, request: PinRequest) -> Pinned:
    """The lock of an environment. Raises EnvironmentNotFound, UsageError, SourceError, NetworkError."""
    facts = reading.gather(settings, reading.Request(ledgers=frozenset(), snapshot=request.snapshot, without=""))
    comparison = compare(
        facts, settings.policy, Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    )
    sorted_out = standings(facts, comparison, code_of(settings), names_of(facts))
    taken = {item.name: item for item in sorted_out if _is_taken(item, request)}
    if not taken:
        raise SteadypinError(_nothing(facts, sorted_out), hint="is it the right environment? name it with --python")
    targets = tuple(_targets(request.targets, facts.target))
    problems = [*contradictions(comparison, taken), *doubles(comparison, taken)]
    packages, left_out, notes = _packages(facts, taken, settings, request, targets)
    lock = PinnedLock(
        target=facts.target,
        packages=tuple(sorted(packages, key=lambda package: package.name)),
        header=_header(facts, targets),
        apart=tuple(item for item in sorted_out if item.name not in taken and item.role != OWN),
        left_out=tuple(sorted(left_out)),
    )
    return Pinned(
        facts=facts,
        standings=sorted_out,
        lock=lock,
        blocking=tuple(sorted({*problems, *left_out})),
        notes=(*facts.notes, *notes, *_target_notes(facts, taken, targets)),
    )


def _nothing(facts: Facts, found: tuple[Standing, ...]) -> str:
    place = facts.environment.path if facts.environment else "the environment"
    return f"{place}: nothing to pin" + (f"; {len(found)} packages were sorted out (--include-leftovers)" if found else "")


def code_of(settings: Settings) -> CodeUse:
    """What the project's code imports and names."""
    from steadypin.sources.code_imports import read_code

    return read_code(settings.root) if settings.root.is_dir() else CodeUse()


def names_of(facts: Facts) -> Names:
    """What installed distributions are called by code; from their names alone where their files are not on this disk."""
    from steadypin.sources.import_names import read_contents

    if facts.environment is None or facts.environment.kind in ELSEWHERE:
        return Names(modules={item.name: frozenset({item.name.replace("-", "_")}) for item in facts.installed})
    contents = read_contents(facts.installed)
    return Names(
        modules={name: found.modules for name, found in contents.items()},
        commands={name: found.commands for name, found in contents.items()},
    )


def _is_taken(item: Standing, request: PinRequest) -> bool:
    if item.role in (OWN, BUILD_TOOL):
        return False
    if item.role == LEFTOVER:
        return request.include_leftovers
    return item.role != DEVELOPMENT or request.development


def _targets(texts: Iterable[str], base: Target) -> Iterator[Target]:
    from steadypin.sources.targets import parse_target

    for text in texts:
        yield parse_target(text, base=base)


# What an index, a repository or nobody can give again ---------------------------------------------------------------------


def _packages(
    facts: Facts, taken: dict[str, Standing], settings: Settings, request: PinRequest, targets: tuple[Target, ...]
) -> tuple[list[PinnedPackage], list[PinProblem], list[str]]:
    firsts: dict[str, InstalledDistribution] = {}
    for item in facts.installed:
        firsts.setdefault(item.name, item)
    packages: list[PinnedPackage] = []
    left_out: list[PinProblem] = []
    asked: list[InstalledDistribution] = []
    for name in sorted(taken):
        item = firsts[name]
        if item.version is None:
            left_out.append(
                PinProblem(
                    name=name,
                    kind="unreadable",
                    message=f"{name}: its metadata does not say which version it is",
                    remedy=f"pip install --force-reinstall {name}",
                )
            )
        elif item.direct_url is None and not item.editable:
            asked.append(item)
        elif problem := _irreproducible(item := _hashed_archive(item, settings, request), settings.root):
            left_out.append(problem)
        else:
            packages.append(_direct(item, taken[name]))
    found, problems, notes = _from_indexes(asked, taken, facts, settings, request, targets)
    near = [package for package in packages if package.origin and package.origin.url.startswith("file:")]
    notes += [f"{item.name} comes from {item.origin.url}, which no other machine can reach" for item in near if item.origin]
    return [*packages, *found], [*left_out, *problems], notes


def _hashed_archive(item: InstalledDistribution, settings: Settings, request: PinRequest) -> InstalledDistribution:
    """An archive from a URL whose hash its installer did not record, hashed now where the user asked for that."""
    origin = item.direct_url
    if origin is None or origin.kind != "url" or origin.hashes or not request.hash_by_download or settings.offline:
        return item
    from steadypin.index.hashing import hash_by_download
    from steadypin.index.routing import route

    (file,) = hash_by_download([ReleaseFile(filename=item.name, url=origin.url)], route())
    return replace(item, direct_url=replace(origin, hashes=file.hashes))


def _direct(item: InstalledDistribution, standing: Standing) -> PinnedPackage:
    origin = item.direct_url
    if origin is not None:
        origin = replace(origin, hashes=tuple(value for value in origin.hashes if _HASH(value)))
    return PinnedPackage(name=item.name, version=item.version or "", role=standing.role, via=standing.via, origin=origin)


def _irreproducible(item: InstalledDistribution, root: Path) -> PinProblem | None:
    """Why another machine cannot get it; None where it can."""
    origin = item.direct_url
    if origin is not None and not item.editable:
        if origin.kind == "vcs" and _COMMIT(origin.revision or ""):
            return None
        if origin.kind == "url" and any(_HASH(value) for value in origin.hashes):
            return None
        if origin.kind == "url":
            return _local(
                item, f"was installed from {origin.url}, whose hash was not recorded", "steadypin pin --hash-by-download"
            )
    return _local(item, *_where_it_lies(item, origin, root))


def _local(item: InstalledDistribution, what: str, remedy: str) -> PinProblem:
    return PinProblem(name=item.name, kind="local", message=f"{item.name} {item.version} {what}", remedy=remedy)


def _where_it_lies(item: InstalledDistribution, origin: DirectUrl | None, root: Path) -> tuple[str, str]:
    from steadypin.sources.working_copy import describe_copy

    place = url2pathname(urlsplit(origin.url).path) if origin and origin.url.startswith("file:") else "a folder"
    how = "is an editable install of" if item.editable else "was built from"
    if _is_below(place, root):
        relative = Path(place).resolve().relative_to(root.resolve()).as_posix()
        return f"{how} {relative}, a part of this project", f"COPY it into the image and pip install --no-deps ./{relative}"
    copy = describe_copy(Path(place))
    if copy is not None and copy.pushed:
        return (
            f"{how} {place}, a clean copy of {copy.remote} at {copy.commit}",
            f"pip install '{item.name} @ git+{copy.remote}@{copy.commit}', then pin again",
        )
    known = f" (commit {copy.commit}{', with changes' if copy.changed else ', not pushed'})" if copy else ""
    return (
        f"{how} {place}, which only this machine has{known}",
        "commit and push it, and install it by its commit; or publish it",
    )


def _is_below(place: str, root: Path) -> bool:
    try:
        Path(place).resolve().relative_to(root.resolve())
    except (ValueError, OSError):
        return False
    return True


def _from_indexes(
    asked: list[InstalledDistribution],
    taken: dict[str, Standing],
    facts: Facts,
    settings: Settings,
    request: PinRequest,
    targets: tuple[Target, ...],
) -> tuple[list[PinnedPackage], list[PinProblem], list[str]]:
    answers = files_of_releases(facts, [(item.name, item.version or "") for item in asked], settings, request.progress)
    if answers.errors:
        raise _unanswered(answers.errors)
    packages, problems, notes = [], [], []
    for item in asked:
        version = item.version or ""
        files = answers.files[item.name, version]
        if not files:
            problems.append(_unknown(item))
            continue
        if not all(file.hashes for file in files) and request.hash_by_download:
            files = answers.hashed(files)
        hashed = tuple(file for file in files if file.hashes)
        if not hashed:
            problems.append(_unhashed(item))
            continue
        fitting = tuple(file for file in hashed if not targets or any(fits(file, target) for target in targets))
        for target in targets:
            if not any(fits(file, target) for file in hashed):
                notes.append(f"{item.name} {version} has no file for {label(target)}: nothing can be installed there")
        packages.append(
            PinnedPackage(
                name=item.name,
                version=version,
                role=taken[item.name].role,
                via=taken[item.name].via,
                files=fitting or hashed,
                index=answers.index,
            )
        )
    return packages, problems, notes


def _unanswered(errors: dict[tuple[str, str], NetworkError]) -> NetworkError:
    (name, version), first = min(errors.items(), key=lambda pair: pair[0])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return NetworkError(
        f"no answer about {name} {version}{more}: {first.message}",
        reason=first.reason,
        hint=first.hint or "a lock needs every hash: run it again when the index answers",
    )


def _unknown(item: InstalledDistribution) -> PinProblem:
    local = parse.version(item.version or "")
    if local is not None and local.local:
        remedy = f"name the index of {local.local} builds with --extra-index-url"
    else:
        remedy = (
            "name its index with --extra-index-url; if it was removed, build a wheel of it while this environment still runs"
        )
    return PinProblem(
        name=item.name,
        kind="unknown",
        message=f"{item.name} {item.version}: no index that was asked has this release",
        remedy=remedy,
    )


def _unhashed(item: InstalledDistribution) -> PinProblem:
    return PinProblem(
        name=item.name,
        kind="no-hashes",
        message=f"{item.name} {item.version}: the index gives no hashes",
        remedy="steadypin pin --hash-by-download",
    )


# What is said -------------------------------------------------------------------------------------------------------------


def _header(facts: Facts, targets: tuple[Target, ...]) -> tuple[str, ...]:
    built = " and ".join(label(target) for target in targets)
    return (
        f"This file was generated by steadypin pin: what ran on {label(facts.target)}, exactly.",
        *((f"Only files for {built}.",) if targets else ()),
    )


def _target_notes(facts: Facts, taken: dict[str, Standing], targets: tuple[Target, ...]) -> Iterator[str]:
    """Packages that a target needs and this environment does not, by the markers of what is pinned."""
    installed = {item.name for item in facts.installed}
    for target in targets:
        seen: set[str] = set()
        for item in facts.installed:
            for text in item.requires if item.name in taken else ():
                requirement = parse.requirement(text)
                if requirement is None or requirement.marker is None or parse.normalise(requirement.name) in installed | seen:
                    continue
                if target.applies(str(requirement.marker)) and not facts.target.applies(str(requirement.marker)):
                    seen.add(parse.normalise(requirement.name))
                    yield f"{label(target)} also needs {bare(text)} (for {item.name}); it is not installed here, so not pinned"


def lock_format(path: Path | None) -> str:
    """Which kind of lock a file name asks for. Raises UsageError."""
    if path is None or path.name.endswith((".txt", ".in")):
        return "requirements"
    if re.fullmatch(r"pylock(?:\.[^.]+)?\.toml", path.name):
        return "pylock"
    if path.name == "uv.lock":
        raise UsageError(
            f"{path}: only uv can write its lock",
            hint="steadypin pin -o constraints.txt, give them to uv as [tool.uv] constraint-dependencies, then: uv lock",
        )
    raise UsageError(f"{path}: the name tells no kind of lock", hint="requirements.txt, pylock.toml or pylock.NAME.toml")


def render(lock: PinnedLock, format: str) -> tuple[str, str]:
    """The lock's text, and that of the file beside it for what cannot be hashed ("" where there is none)."""
    if format == "pylock":
        from steadypin.locking.fresh_pylock import render_pylock

        return render_pylock(lock), ""
    from steadypin.locking.fresh_requirements import render_requirements, render_unhashed

    return render_requirements(lock), render_unhashed(lock)
