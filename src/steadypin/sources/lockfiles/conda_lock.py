"""conda-lock.yml: one entry per package and platform, conda packages and pip packages side by side."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import Include, LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import yamltext
from steadypin.sources.lockfiles.conda_names import is_conda_name
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, quoted, shaped
from steadypin.sources.lockfiles.parts import Draft, locked_file
from steadypin.text import printable, redact

NEWEST = 2


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or of an unknown version."""
    with shaped(path):
        return _read(yamltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="conda-lock", problems=document.problems)
    format_version = _format_version(root, draft)
    for entry in root.tables("package"):
        read_entry(entry, draft)
    metadata = root.table("metadata")
    return draft.finish(
        format_version=format_version,
        includes=tuple(_sources(metadata, draft)),
        generated_by="conda-lock",
        freshness=tuple(_freshness(metadata)),
    )


def _format_version(root: Table, draft: Draft) -> str | None:
    if "version" not in root:
        draft.problem("the lock has no `version`", draft.place("version"))
        return None
    number = root.number("version")
    if number is None:
        raise WrongShape("version", "expected a number")
    if number > NEWEST:
        raise SourceError(
            f"version {printable(str(number), 30)} is not understood; {NEWEST} is the newest that is",
            location=draft.place("version"),
            hint="upgrade steadypin, or lock again with a conda-lock that writes version 1",
        )
    return str(number)


def read_entry(entry: Table, draft: Draft) -> None:
    """One entry of the list. Also the first layouts of pixi.lock, up to version 3, look like this. Raises WrongShape."""
    line, column = yamltext.place(entry)
    place = draft.place(entry.key, line, column)
    raw = entry.needed("name")
    manager = entry.text("manager") or "conda"
    name = _name(raw, manager, place, draft)
    if name is None:
        return
    version = entry.text("version")
    kind, origin = _source(entry, manager)
    if version is None:
        draft.problem(f"{name}: has no version", place)
    elif kind != "conda":
        draft.version(version, name, place)
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=raw if raw != name else None,
        groups=entry.texts("categories") or entry.texts("category") or None,
        files=tuple(_files(entry, kind)),
        origin=origin,
        dependencies=tuple(_edges(entry)),
        optional=entry.flag("optional"),
        platforms=entry.texts("platform") or None,
    )
    if kind != "conda":
        draft.hashes(package.files, name, place)
    draft.add(package)


def _name(raw: str, manager: str, place: Location, draft: Draft) -> str | None:
    if manager != "conda":
        return draft.name(raw, place)
    if is_conda_name(raw):
        return normalise(raw)
    draft.problem(f"{quoted(raw)} is not a conda package name", place)
    return None


def _source(entry: Table, manager: str) -> tuple[str, Origin | None]:
    url = entry.text("url")
    if manager == "conda":
        return "conda", None
    direct = _direct(entry)
    if direct is not None:
        return "url", Origin(kind="url", url=redact(direct))
    if url is not None and url.startswith("git+"):
        return "vcs", Origin(kind="vcs", url=redact(url))
    return "index", None


def _direct(entry: Table) -> str | None:
    """The URL that was asked for; early locks write the index there as a plain text, which says nothing."""
    if not isinstance(entry.content.get("source"), dict):
        return None
    return entry.table("source").text("url")


def _files(entry: Table, kind: str) -> Iterator[LockedFile]:
    url = entry.text("url")
    digests = entry.table("hash")
    hashes = [f"{name}:{value}" for name in ("sha256", "md5") if (value := digests.text(name))]
    if url is not None or hashes:
        strongest = hashes if kind == "conda" else hashes[:1]
        yield locked_file(url=url, hashes=strongest)


def _edges(entry: Table) -> Iterator[LockedDependency]:
    """A table of specifiers; a list of specifications in the first layouts of pixi.lock."""
    written = entry.content.get("dependencies")
    if isinstance(written, list):
        for text in entry.texts("dependencies"):
            name, _, specifier = text.partition(" ")
            yield LockedDependency(name=normalise(name), specifier=specifier or None)
        return
    table = entry.table("dependencies")
    for name in table.content:
        bound = table.text(name)
        yield LockedDependency(name=normalise(name), specifier=None if bound in (None, "", "*") else bound)


def _sources(metadata: Table, draft: Draft) -> Iterator[Include]:
    for item, line, column in yamltext.items(metadata, "sources"):
        if isinstance(item, str):
            yield Include(kind="source", path=item, location=draft.place("metadata.sources", line, column))


def _freshness(metadata: Table) -> Iterator[tuple[str, str]]:
    table = metadata.table("content_hash")
    for platform in sorted(table.content):
        value = table.text(platform)
        if value is not None:
            yield f"content-hash:{platform}", value
