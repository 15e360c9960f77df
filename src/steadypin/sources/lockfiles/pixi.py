"""pixi.lock, versions 1 to 7.

Up to 3 it has the layout of conda-lock. In 4 and 5 entries say `kind` and carry names; from 6 on `conda:`, `pypi:` and
`conda_source:` hold the location, and what a conda file's name says is not repeated. `environments` tells which environment
and platform uses which entry.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import yamltext
from steadypin.sources.lockfiles.conda_lock import read_entry
from steadypin.sources.lockfiles.conda_names import is_conda_name, parse_package_file, parse_spec
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, shaped
from steadypin.sources.lockfiles.parts import Draft, edge_of, locked_file
from steadypin.sources.lockfiles.references import is_url, url_kind, url_origin
from steadypin.text import printable, redact
from steadypin.values import dataclass, field

NEWEST = 7
_KINDS = ("conda", "pypi", "conda_source", "source")
_SOURCE_ID = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?:\[[^\]]*\])?\s*@\s*(?P<where>.+)", re.DOTALL)


@dataclass(slots=True)
class _Use:
    """In which environments and on which platforms an entry is used, and with which extras."""

    environments: set[str] = field(default_factory=set)
    platforms: set[str] = field(default_factory=set)
    extras: set[str] = field(default_factory=set)


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or of an unknown version."""
    with shaped(path):
        return _read(yamltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="pixi", problems=document.problems)
    version = _format_version(root, draft)
    if version <= 3:
        for entry in root.tables("package"):
            read_entry(entry, draft)
    uses = _uses(root)
    for entry in root.tables("packages"):
        _package(entry, uses, draft)
    return draft.finish(
        format_version=str(version),
        index_urls=_index_urls(root),
        generated_by="pixi",
        groups=tuple(sorted(root.table("environments").content)),
        default_groups=("default",),
    )


def _format_version(root: Table, draft: Draft) -> int:
    number = root.number("version")
    if number is None:
        raise WrongShape("version", "expected a number")
    if not 1 <= number <= NEWEST:
        raise SourceError(
            f"version {printable(str(number), 30)} is not understood; {NEWEST} is the newest that is",
            location=draft.place("version"),
            hint="upgrade steadypin, or lock again with a pixi that writes version 7",
        )
    return number


def _uses(root: Table) -> dict[tuple[str, str], _Use]:
    """Who uses which entry, by kind of selector and location."""
    found: dict[tuple[str, str], _Use] = defaultdict(_Use)
    environments = root.table("environments")
    for name in environments.content:
        packages = environments.table(name).table("packages")
        for platform in packages.content:
            for selector in packages.tables(platform):
                key = _selected(selector)
                if key is not None:
                    use = found[key]
                    use.environments.add(name)
                    use.platforms.add(platform)
                    use.extras.update(selector.texts("extras"))
    return found


def _selected(selector: Table) -> tuple[str, str] | None:
    kind = next((word for word in _KINDS if word in selector), None)
    return None if kind is None else (kind, selector.needed(kind))


def _package(entry: Table, uses: dict[tuple[str, str], _Use], draft: Draft) -> None:
    line, column = yamltext.place(entry)
    place = draft.place(entry.key, line, column)
    kind, where = _kind(entry)
    use = uses.get((kind, where), _Use())
    if kind == "pypi":
        _pypi(entry, where, use, place, draft)
    else:
        _conda(entry, kind, where, use, place, draft)


def _kind(entry: Table) -> tuple[str, str]:
    """The world of an entry and its location."""
    kind = entry.text("kind")
    if kind in ("conda", "pypi"):
        return kind, entry.text("url") or entry.needed("path")
    key = _selected(entry)
    if key is None:
        raise WrongShape(entry.key, "neither a conda nor a pypi package")
    return key


def _pypi(entry: Table, where: str, use: _Use, place: Location, draft: Draft) -> None:
    identity = draft.identity(entry, place)
    if identity is None:
        return
    name, raw_name, version = identity
    kind, origin = _source(entry, where)
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=raw_name,
        groups=tuple(sorted(use.environments)),
        extras=tuple(sorted(use.extras)) or None,
        files=_files(entry, where),
        origin=origin,
        requires_python=entry.text("requires_python") or None,
        dependencies=tuple(edge for text in entry.texts("requires_dist") if (edge := edge_of(text))),
        platforms=tuple(sorted(use.platforms)),
    )
    draft.take(package)


def _source(entry: Table, where: str) -> tuple[str, Origin | None]:
    if where.startswith("direct+"):
        url = where.removeprefix("direct+")
        kind = url_kind(url)
        return kind, Origin(kind=kind, url=redact(url))
    if is_url(where) and url_kind(where) == "vcs":
        bare, _, commit = where.partition("#")
        repository = url_origin(bare.partition("?")[0])
        return "vcs", Origin(kind="vcs", url=repository.url, revision=commit or repository.revision)
    if is_url(where) and url_kind(where) == "url":
        index = entry.text("index")
        return "index", None if index is None else Origin(kind="index", url=redact(index))
    return "editable" if entry.flag("editable") else "path", Origin(kind="path", url=redact(where))


def _conda(entry: Table, kind: str, where: str, use: _Use, place: Location, draft: Draft) -> None:
    """Conda packages: name and version stand in the entry or in the file's name; sources have an identifier."""
    identifier = _SOURCE_ID.fullmatch(where) if kind in ("conda_source", "source") else None
    told = parse_package_file(where)
    raw = entry.text("name") or (identifier["name"] if identifier else told[0] if told else None)
    if raw is None or not is_conda_name(raw):
        draft.problem(f"no conda package name in {printable(redact(where), 120)}", place)
        return
    version = entry.text("version") or (told[1] if told else None)
    name = normalise(raw)
    package = LockedPackage(
        name=name,
        version=version,
        kind="conda",
        location=place,
        raw_name=raw if raw != name else None,
        groups=tuple(sorted(use.environments)),
        files=_files(entry, where),
        dependencies=tuple(_conda_edges(entry)),
        platforms=tuple(sorted(use.platforms)),
    )
    draft.add(package)


def _conda_edges(entry: Table) -> Iterator[LockedDependency]:
    for text in entry.texts("depends"):
        spec = parse_spec(text)
        if spec is not None:
            yield LockedDependency(name=normalise(spec.name), specifier=spec.specifier or None)


def _files(entry: Table, where: str) -> tuple[LockedFile, ...]:
    hashes = [f"{name}:{value}" for name in ("sha256", "md5") if (value := entry.text(name))]
    return (locked_file(url=where.removeprefix("direct+"), hashes=hashes),) if hashes or is_url(where) else ()


def _index_urls(root: Table) -> tuple[str, ...]:
    environments = root.table("environments")
    urls = (redact(url) for name in environments.content for url in environments.table(name).texts("indexes"))
    return tuple(dict.fromkeys(urls))
