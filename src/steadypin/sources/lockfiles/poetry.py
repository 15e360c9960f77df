"""poetry.lock in its layouts from 2018 on.

Hashes stand in `[metadata.hashes]` (no lock-version), in `[metadata.files]` (1.0, 1.1) or beside each package (2.0, 2.1).
Groups are `category` in 1.x, unknown in 2.0, `groups` in 2.1, where also `markers` tell when a package applies.
`python-versions` is Poetry's own language and kept as written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import tomltext
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, kind_of, quoted, shaped
from steadypin.sources.lockfiles.parts import Draft, by_marker, file_name, locked_file, marker_text, report_duplicates
from steadypin.text import redact

NEWEST = (2, 1)
_EXTRAS = 20
"""With how many extras one edge is told apart at most; real packages have a handful."""
_VCS = ("git", "hg", "svn", "bzr")
_WRITER = re.compile(r"#[^\n]*by Poetry (\d[\w.+-]{0,40})")
_PYTHON = re.compile(r"(>=|<=|==|!=|>|<)\s*(\d[\d.]*)(?:\.\*)?")


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or of an unknown major version."""
    with shaped(path):
        return _read(tomltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="poetry")
    metadata = root.table("metadata")
    format_version = _format_version(metadata, draft)
    if "metadata" not in root:
        draft.problem("the lock has no [metadata]: Poetry refuses it and would lock anew", draft.place("metadata"))
    hashes = _Hashes(metadata)
    entries = list(root.tables("package"))
    lines = tomltext.places(document.text, "package", len(entries))
    for entry, (line, column) in zip(entries, lines, strict=True):
        _package(entry, draft.place(entry.key, line, column), hashes, draft)
    _report_duplicates(draft, old=format_version is None or format_version < "2.1")
    found = _WRITER.search(document.text[:500])
    return draft.finish(
        format_version=format_version,
        requires_python=metadata.text("python-versions"),
        index_urls=tuple(sorted({p.origin.url for p in draft.packages if p.kind == "index" and p.origin and p.origin.url})),
        generated_by=f"poetry {found[1]}" if found else "poetry",
        freshness=tuple(_freshness(metadata)),
        extras=tuple(sorted(root.table("extras").content)),
    )


def _format_version(metadata: Table, draft: Draft) -> str | None:
    text = metadata.text("lock-version")
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,9}))?", text)
    if found is None:
        raise WrongShape(metadata.path("lock-version"), f"{quoted(text, 40)} is not a version such as 2.1")
    version = (int(found[1]), int(found[2] or 0))
    newest = ".".join(map(str, NEWEST))
    if version[0] > NEWEST[0]:
        raise SourceError(
            f"lock-version {text} is not understood; {newest} is the newest that is",
            location=draft.place("metadata.lock-version"),
            hint="upgrade steadypin, or lock again with a Poetry that writes 2.1",
        )
    if version > NEWEST:
        message = f"lock-version {text} is newer than {newest}: compatible by Poetry's promise, but new keys may be missed"
        draft.problem(message, draft.place("metadata.lock-version"))
    return text


class _Hashes:
    """The tables of older layouts, by normalised name; several versions of a name share a list."""

    def __init__(self, metadata: Table) -> None:
        self._files = self._by_name(metadata, "files")
        self._plain = self._by_name(metadata, "hashes")

    @staticmethod
    def _by_name(metadata: Table, name: str) -> dict[str, tuple[Table, str]]:
        table = metadata.table(name)
        return {normalise(key): (table, key) for key in table.content}

    def of(self, name: str) -> Iterator[LockedFile]:
        if name in self._files:
            table, key = self._files[name]
            for row in table.tables(key):
                yield _file(row)
        elif name in self._plain:
            table, key = self._plain[name]
            for digest in table.texts(key):
                yield locked_file(hashes=(digest if ":" in digest else f"sha256:{digest}",))


def _file(row: Table) -> LockedFile:
    found = row.text("hash")
    return locked_file(url=row.text("url"), filename=row.text("file"), hashes=(found,) if found else ())


def _package(entry: Table, place: Location, hashes: _Hashes, draft: Draft) -> None:
    raw = entry.needed("name")
    name = draft.name(raw, place)
    version = entry.needed("version")
    if name is None:
        return
    draft.version(version, name, place)
    kind, origin = _source(entry, place, draft)
    marker, by_group = _markers(entry, place, draft)
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=raw if raw != name else None,
        marker=marker,
        markers_by_group=by_group,
        groups=_groups(entry),
        files=tuple(_files(entry, name, kind, origin, hashes)),
        origin=origin,
        requires_python=entry.text("python-versions"),
        dependencies=tuple(_edges(entry)),
        optional=entry.flag("optional"),
    )
    draft.take(package)


def _source(entry: Table, place: Location, draft: Draft) -> tuple[str, Origin | None]:
    source = entry.table("source")
    if not source:
        return "index", None
    word = source.text("type") or "legacy"
    url = source.text("url")
    shown = None if url is None else redact(url)
    if word in _VCS:
        revision = source.text("resolved_reference") or source.text("reference")
        return "vcs", Origin(kind="vcs", url=shown, revision=revision, subdirectory=source.text("subdirectory"))
    if word == "directory":
        return ("editable" if entry.flag("develop") else "path"), Origin(kind="path", url=shown)
    if word in ("file", "url"):
        kind = "path" if word == "file" else "url"
        return kind, Origin(kind=kind, url=shown, subdirectory=source.text("subdirectory"))
    if word not in ("legacy", "pypi"):
        draft.problem(f"{entry.needed('name')}: unknown source type {quoted(word, 40)}", place)
    return "index", Origin(kind="index", url=shown)


def _markers(entry: Table, place: Location, draft: Draft) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """One marker, or one per group. The oldest locks spell the key `marker`."""
    name = "markers" if "markers" in entry else "marker"
    written = entry.content.get(name)
    if not isinstance(written, Mapping):
        return draft.marker(entry.text(name), place), ()
    table = entry.table(name)
    return None, tuple((group, draft.marker(table.needed(group), place) or "") for group in sorted(table.content))


def _groups(entry: Table) -> tuple[str, ...] | None:
    if "groups" in entry:
        return entry.texts("groups")
    category = entry.text("category")
    return None if category is None else (category,)


def _files(entry: Table, name: str, kind: str, origin: Origin | None, hashes: _Hashes) -> Iterable[LockedFile]:
    if "files" in entry:
        return [_file(row) for row in entry.tables("files")]
    if kind not in ("index", "path"):
        return ()
    found = list(hashes.of(name))
    if kind == "path" and origin is not None and origin.url is not None:
        return [file for file in found if file.filename in (None, file_name(origin.url))]
    return found


def _edges(entry: Table) -> Iterator[LockedDependency]:
    extras = _extras_by_dependency(entry)
    table = entry.table("dependencies")
    for name, written in table.content.items():
        for index, constraint in enumerate(written if isinstance(written, list) else [written]):
            yield from _edge(name, constraint, f"{table.path(name)}[{index}]", extras.get(normalise(name), ()))


def _extras_by_dependency(entry: Table) -> dict[str, list[str]]:
    """Which extras of the package bring an optional dependency: `extras = {socks = ["PySocks (>=1.5.6)"]}`."""
    found: dict[str, list[str]] = defaultdict(list)
    table = entry.table("extras")
    for extra in table.content:
        for text in table.texts(extra):
            name = normalise(re.split(r"[\s(\[<>=!~;@]", text, maxsplit=1)[0])
            if len(found[name]) < _EXTRAS:
                found[name].append(extra)
    return found


def _edge(name: str, written: Any, key: str, extras: Iterable[str]) -> Iterator[LockedDependency]:
    if isinstance(written, str):
        yield LockedDependency(name=normalise(name), specifier=_specifier(written))
        return
    if not isinstance(written, Mapping):
        raise WrongShape(key, f"expected a string or a table, found {kind_of(written)}")
    table = Table(written, key)
    marker = table.text("markers") or _python_marker(table.text("python"))
    under = tuple(f"extra:{extra}" for extra in extras) if table.flag("optional") else ("",)
    for where in under or ("",):
        yield LockedDependency(
            name=normalise(name),
            specifier=_specifier(table.text("version")),
            marker=None if marker is None else marker_text(marker) or marker,
            extras=table.texts("extras"),
            under=where,
        )


def _specifier(text: str | None) -> str | None:
    return None if text in (None, "*") else text


def _python_marker(text: str | None) -> str | None:
    """`python = ">=3.6,<3.8"` of old locks as a marker; Poetry's carets have none that is exactly the same."""
    if not text:
        return None
    parts = [_PYTHON.fullmatch(part.strip()) for part in text.split(",")]
    if not all(parts):
        return None
    return " and ".join(f'python_version {part[1]} "{part[2]}"' for part in parts if part)


def _report_duplicates(draft: Draft, *, old: bool) -> None:
    """In older locks the markers of the edges may tell two entries of a name apart."""
    if not old:
        report_duplicates(draft, apart=_apart)
        return
    split = {edge.name for package in draft.packages for edge in package.dependencies if edge.marker}
    report_duplicates(draft, apart=_apart_before_2_1, skip=lambda package: package.name in split)


def _apart(first: LockedPackage, second: LockedPackage) -> bool:
    """Markers tell two entries apart."""
    if first.markers_by_group and second.markers_by_group:
        return first.markers_by_group != second.markers_by_group
    return by_marker(first, second)


def _apart_before_2_1(first: LockedPackage, second: LockedPackage) -> bool:
    """Older locks hold no markers of their own. Two versions are meant where the Pythons differ that they are for."""
    return first.requires_python != second.requires_python or _apart(first, second)


def _freshness(metadata: Table) -> Iterator[tuple[str, str]]:
    for name in ("content-hash", "python-versions"):
        value = metadata.text(name)
        if value is not None:
            yield name, value
