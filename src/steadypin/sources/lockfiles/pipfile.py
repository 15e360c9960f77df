"""Pipfile.lock, from 2017 on.

Every section but `_meta` is a category of packages. An entry is a table, in 2017 a plain version text. The key of a path or
repository may be an invented id instead of a name. Entries that are alike in several sections become one with several groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedFile, LockedPackage, Origin, SourceFile
from steadypin.sources.lockfiles import jsontext
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, kind_of, shaped
from steadypin.sources.lockfiles.parts import MARKER_VARIABLES, Draft, by_marker, report_duplicates
from steadypin.sources.lockfiles.references import is_url, url_kind
from steadypin.text import printable, redact
from steadypin.values import replace

NEWEST = 6
_VCS = ("git", "hg", "svn", "bzr")


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is not a JSON object or of a newer `pipfile-spec`."""
    with shaped(path):
        return _read(jsontext.load(data, path))


def _read(document: Document) -> SourceFile:
    draft = Draft(path=document.path, format="pipfile", problems=document.problems)
    meta = _meta(document.root, draft)
    format_version = _format_version(meta, draft)
    places = dict(jsontext.places(document.text))
    sections = [name for name in document.root.content if name != "_meta"]
    if not sections:
        draft.problem("the lock has no section of packages, neither `default` nor `develop`", draft.place())
    for section in sections:
        _section(document.root, section, places, draft)
    _merge(draft)
    report_duplicates(draft, apart=_apart)
    requires = _tolerant(meta, "requires", draft)
    return draft.finish(
        format_version=format_version,
        requires_python=requires.text("python_full_version") or requires.text("python_version"),
        index_urls=tuple(_index_urls(meta, draft)),
        generated_by="pipenv",
        freshness=tuple(("pipfile-hash", f"{name}:{value}") for name, value in _hash(meta, draft)),
        groups=tuple(sections),
        default_groups=("default",) if "default" in sections else (),
    )


def _meta(root: Table, draft: Draft) -> Table:
    return _tolerant(root, "_meta", draft)


def _tolerant(table: Table, name: str, draft: Draft) -> Table:
    """A nested table; anything else is a problem and counts as empty."""
    try:
        return table.table(name)
    except WrongShape as error:
        draft.problem(printable(str(error), 200), draft.place(error.key))
        return Table({}, table.path(name))


def _format_version(meta: Table, draft: Draft) -> str | None:
    number = meta.number("pipfile-spec")
    if number is None:
        return None
    if number > NEWEST:
        raise SourceError(
            f"pipfile-spec {printable(str(number), 30)} is not understood; {NEWEST} is the newest that is",
            location=draft.place("_meta.pipfile-spec"),
            hint="upgrade steadypin, or lock again with a pipenv that writes 6",
        )
    return str(number)


def _index_urls(meta: Table, draft: Draft) -> Iterator[str]:
    try:
        for source in meta.tables("sources"):
            url = source.text("url")
            if url is not None:
                yield redact(url)
    except WrongShape as error:
        draft.problem(printable(str(error), 200), draft.place(error.key))


def _hash(meta: Table, draft: Draft) -> Iterator[tuple[str, str]]:
    for name, value in sorted(_tolerant(meta, "hash", draft).content.items()):
        if isinstance(value, str):
            yield name, value


def _section(root: Table, section: str, places: Mapping[tuple[str, ...], tuple[int, int]], draft: Draft) -> None:
    entries = _tolerant(root, section, draft)
    for key, written in entries.content.items():
        line, column = places.get((section, key), (None, None))
        place = draft.place(entries.path(key), line, column)
        try:
            _entry(key, written, section, place, draft)
        except WrongShape as error:
            draft.problem(printable(str(error), 200), replace(place, key=printable(error.key)))


def _entry(key: str, written: Any, section: str, place: Location, draft: Draft) -> None:
    name = draft.name(key, place)
    if name is None:
        return
    if isinstance(written, str):
        written = {"version": written}
    if not isinstance(written, Mapping):
        raise WrongShape(place.key, f"expected a table or a version, found {kind_of(written)}")
    entry = Table(written, place.key)
    kind, origin = _source(entry)
    version = _version(entry, name, place, draft)
    hashes = entry.texts("hashes")
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=key if key != name else None,
        marker=draft.marker(_marker(entry), place),
        groups=(section,),
        extras=tuple(sorted(entry.texts("extras"))) or None,
        files=tuple(LockedFile(hashes=(text,)) for text in hashes),
        origin=origin,
    )
    draft.hashes(package.files, name, place)
    draft.add(package)


def _source(entry: Table) -> tuple[str, Origin | None]:
    vcs = next((word for word in _VCS if word in entry), None)
    subdirectory = entry.text("subdirectory")
    if vcs is not None:
        return "vcs", Origin(kind="vcs", url=redact(entry.needed(vcs)), revision=entry.text("ref"), subdirectory=subdirectory)
    where = entry.text("path") or entry.text("file") or entry.text("uri")
    if where is None:
        index = entry.text("index")
        return "index", None if index is None else Origin(kind="index", url=redact(index))
    kind = "url" if is_url(where) and url_kind(where) == "url" else "path"
    return "editable" if entry.flag("editable") else kind, Origin(kind=kind, url=redact(where), subdirectory=subdirectory)


def _version(entry: Table, name: str, place: Location, draft: Draft) -> str | None:
    """The text after `==` or `===`; anything else (`*`, a range) is not a pin."""
    written = (entry.text("version") or "").strip()
    bare = written.removeprefix("==").removeprefix("=").strip()
    if not written.startswith("==") or not bare or bare.endswith(".*") or "," in bare:
        return None
    if not written.startswith("==="):
        draft.version(bare, name, place)
    return bare


def _marker(entry: Table) -> str | None:
    """`markers`, and the single marker variables that a Pipfile may use as keys (`os_name = "== 'nt'"`)."""
    parts = [entry.text("markers"), *(f"{name} {entry.text(name)}" for name in MARKER_VARIABLES if name in entry)]
    written = [part for part in parts if part]
    return written[0] if len(written) == 1 else " and ".join(f"({part})" for part in written) or None


def _merge(draft: Draft) -> None:
    """Entries that are alike but for their section become one, at the place of the first."""
    found: dict[LockedPackage, LockedPackage] = {}
    nowhere = Location(path=draft.path)
    for package in draft.packages:
        alike = replace(package, location=nowhere, groups=None, raw_name=None)
        known = found.get(alike)
        if known is None:
            found[alike] = package
        elif package.groups != known.groups:
            groups = tuple(dict.fromkeys((*(known.groups or ()), *(package.groups or ()))))
            found[alike] = replace(known, groups=groups)
    draft.packages = list(found.values())


def _apart(first: LockedPackage, second: LockedPackage) -> bool:
    """Sections are locked one by one, and what is in both may differ."""
    if first.version == second.version or not set(first.groups or ()) & set(second.groups or ()):
        return True
    return by_marker(first, second)
