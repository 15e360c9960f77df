"""Any two of environments, snapshots, images, locks, project folders and git revisions of a lock, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from steadypin.checks.installers import INSTALLERS
from steadypin.comparison.applicable import Selection, applicable
from steadypin.config import Settings
from steadypin.errors import EnvironmentNotFound, SourceError
from steadypin.model import parse
from steadypin.model.difference import Change, Difference, NamedVersion
from steadypin.model.installed import InstalledDistribution, PythonEnvironment
from steadypin.model.location import Location
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.pipeline.environment import cache_dir
from steadypin.planning.moves import Size, is_calendar, size
from steadypin.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of a package on one side: where it is from, and the hashes of its files as far as they are known."""

    version: str
    source: str = ""
    hashes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side holds, by name."""

    label: str
    packages: Mapping[str, frozenset[Entry]]
    environment: PythonEnvironment | None = None
    files: tuple[SourceFile, ...] = ()
    notes: tuple[str, ...] = ()


def diff(a: str, b: str, settings: Settings) -> Difference:
    """The difference between two sides as they are named on the command line. Raises SteadypinError for what cannot be read."""
    sides = [read_side(text, cache_dir(settings)) for text in (a, b)]
    return compare(_for_the_other(sides[0], sides[1]), _for_the_other(sides[1], sides[0]))


def compare(a: Side, b: Side) -> Difference:
    """Pure: installers count only where both sides are of the same kind, for no lock is meant to hold them."""
    ignored = INSTALLERS if (a.environment is None) != (b.environment is None) else frozenset()
    before = {name: entries for name, entries in a.packages.items() if name not in ignored or name in b.packages}
    after = {name: entries for name, entries in b.packages.items() if name not in ignored or name in a.packages}
    both = sorted(before.keys() & after.keys())
    changed = [change for name in both if (change := _change(name, before[name], after[name]))]
    return Difference(
        a=a.label,
        b=b.label,
        added=tuple(NamedVersion(name=name, version=_versions(after[name])) for name in sorted(after.keys() - before.keys())),
        removed=tuple(
            NamedVersion(name=name, version=_versions(before[name])) for name in sorted(before.keys() - after.keys())
        ),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        notes=(*a.notes, *b.notes),
    )


def _for_the_other(side: Side, other: Side) -> Side:
    """Beside an environment a lock counts as far as it applies there: what a plain install brings, and what is there of the
    rest; an environment beside a lock counts without the project itself.
    """
    if side.environment is not None and other.files:
        own = {parse.normalise(name) for file in other.files for name in file.roots}
        return replace(side, packages={name: entries for name, entries in side.packages.items() if name not in own})
    if not side.files or other.environment is None:
        return side
    kept = []
    for file in side.files:
        found = applicable(file, other.environment.target, Selection())
        plain = {id(package) for package in found.expected}
        there = [package for package in found.every if id(package) in plain or package.name in other.packages]
        kept.append(replace(file, packages=tuple(there)))
    return _locks(side.label, kept)


def _change(name: str, before: frozenset[Entry], after: frozenset[Entry]) -> Change | None:
    old, new = _versions(before), _versions(after)
    if not _same_versions(before, after):
        direction, moved = _direction(before, after)
        return Change(name=name, before=old, after=new, direction=direction, size=moved.name.lower())
    if (there := _sources(before)) != (here := _sources(after)):
        return Change(name=name, before=_from(old, there), after=_from(new, here), direction="source", size="none")
    hashes = [frozenset[str]().union(*(entry.hashes for entry in side)) for side in (before, after)]
    if all(hashes) and not hashes[0] & hashes[1]:
        return Change(name=name, before=old, after=new, direction="files", size="none")
    return None


def _same_versions(before: frozenset[Entry], after: frozenset[Entry]) -> bool:
    """As PEP 440 compares; texts that are none are compared as they are."""
    sides = ({parse.version(entry.version) or entry.version for entry in side} for side in (before, after))
    return next(sides) == next(sides)


def _direction(before: frozenset[Entry], after: frozenset[Entry]) -> tuple[str, Size]:
    """Of the highest version on each side."""
    old, new = (max((entry.version for entry in side), key=_rank) for side in (before, after))
    have, want = parse.version(old), parse.version(new)
    if have is None or want is None or have == want:
        return "other", Size.NONE
    return "upgrade" if want > have else "downgrade", size(old, new, calendar=is_calendar(old, None))


def _rank(text: str) -> tuple[bool, object]:
    version = parse.version(text)
    return (version is not None, version or text)


def _versions(entries: Iterable[Entry]) -> str:
    return ", ".join(sorted({entry.version for entry in entries}, key=_rank))


def _sources(entries: Iterable[Entry]) -> str:
    return ", ".join(sorted({entry.source for entry in entries}))


def _from(version: str, source: str) -> str:
    return f"{version} ({source or 'an index'})"


def read_side(text: str, cache: Path) -> Side:
    """One side: an existing path first, then `image.tar:/app/.venv`, then `REVISION:FILE`."""
    from steadypin.sources.environments import find_environment, read_environment, recognise

    path = Path(text)
    if path.is_dir() and recognise(path, because="") is None:
        return _project(text, path)
    if path.is_file() and recognise(path, because="") is None:
        from steadypin.sources.reading import read_file

        return _locks(text, [read_file(path, shown=text)])
    revision, colon, inside = text.partition(":")
    if not path.exists() and colon and not Path(text.rpartition(":")[0]).exists():
        return _locks(text, [_of_revision(revision, inside)])
    try:
        found = find_environment(Path(), python=text, environ={})
    except EnvironmentNotFound as error:
        hint = "give an environment, a snapshot, an image, a lock, a folder, or REVISION:FILE"
        raise EnvironmentNotFound(error.message, hint=hint) from None
    return _environment(text, read_environment(found, cache_dir=cache))


def _of_revision(revision: str, inside: str) -> SourceFile:
    from steadypin.sources.reading import reader_of, sniff
    from steadypin.sources.revisions import read_revision

    data = read_revision(revision, inside, folder=Path())
    shown = f"{revision}:{inside}"
    reader = reader_of(inside) or sniff(Path(inside).name, data)
    if reader is None:
        raise SourceError("not a lock that is known by its name", location=Location(path=shown), hint="name a lock file")
    return reader.read(data, shown)


def _project(label: str, folder: Path) -> Side:
    from steadypin.sources.project import read_project

    found = read_project(folder)
    if found.errors:
        raise found.errors[0]
    locks = [file for file in found.files if file.role != "manifest" and file.packages]
    if not locks:
        raise SourceError("no lock in it, and it is no environment", location=Location(path=label), hint="name a lock file")
    return _locks(label, locks)


def _locks(label: str, files: Sequence[SourceFile]) -> Side:
    packages: dict[str, set[Entry]] = {}
    notes = []
    for file in files:
        own = {parse.normalise(name) for name in file.roots}
        for package in file.packages:
            if package.name and package.kind != "virtual" and package.name not in own:
                packages.setdefault(package.name, set()).add(_locked(package))
        notes += [f"{file.path} names {include.path}, which was not followed" for include in file.includes[:3]]
    frozen = {name: frozenset(entries) for name, entries in packages.items()}
    return Side(label=label, packages=frozen, files=tuple(files), notes=tuple(notes))


def _locked(package: LockedPackage) -> Entry:
    origin = package.origin
    elsewhere = origin is not None and package.kind != "index"
    revision = f"@{origin.revision}" if origin and origin.revision else ""
    return Entry(
        version=package.version or _range(package.requirement) or "unpinned",
        source=f"{package.kind} {origin.url or ''}{revision}".strip() if elsewhere and origin else "",
        hashes=frozenset(known for file in package.files for known in file.hashes),
    )


def _range(text: str | None) -> str:
    requirement = parse.requirement(text) if text else None
    return str(requirement.specifier) if requirement else ""


def _environment(label: str, environment: PythonEnvironment) -> Side:
    packages: dict[str, frozenset[Entry]] = {}
    for distribution in environment.distributions:
        packages.setdefault(distribution.name, frozenset({_installed(distribution)}))
    return Side(label=label, packages=packages, environment=environment)


def _installed(distribution: InstalledDistribution) -> Entry:
    direct = distribution.direct_url
    if direct is None:
        return Entry(version=distribution.version or "?")
    kind = "editable" if direct.editable else direct.kind
    revision = f"@{direct.revision}" if direct.revision else ""
    return Entry(version=distribution.version or "?", source=f"{kind} {direct.url}{revision}")
