"""pylock.toml and pylock.NAME.toml (PEP 751, "pylock.toml Specification"), by `packaging.pylock`.

Tools' own output fails the standard's reader now and then. A lock that it refuses is reported with its reason, and the
packages are listed all the same. An unknown major version is refused, an unknown minor one read with a warning, as the
standard says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import tomltext
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, quoted, shaped
from steadypin.sources.lockfiles.parts import Draft, by_marker, first_upload, locked_file, marker_text, report_duplicates
from steadypin.text import printable, redact

MAJOR, MINOR = 1, 0


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or of an unknown major version."""
    with shaped(path):
        return _read(tomltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="pylock")
    format_version = _format_version(root, draft)
    known = len(draft.problems)
    entries = list(root.tables("packages"))
    lines = tomltext.places(document.text, "packages", len(entries))
    places = [draft.place(entry.key, line, column) for entry, (line, column) in zip(entries, lines, strict=True)]
    for entry, place in zip(entries, places, strict=True):
        try:
            _package(entry, place, draft)
        except WrongShape as error:
            draft.problem(printable(str(error), 200), place)
    if len(draft.problems) == known:
        _validate(root, places, draft)
    report_duplicates(draft, apart=by_marker)
    return draft.finish(
        format_version=format_version,
        requires_python=root.text("requires-python"),
        index_urls=tuple(sorted({p.origin.url for p in draft.packages if p.kind == "index" and p.origin and p.origin.url})),
        environments=tuple(draft.marker(text, draft.place("environments")) or text for text in root.texts("environments")),
        generated_by=root.text("created-by"),
        extras=root.texts("extras"),
        groups=root.texts("dependency-groups"),
        default_groups=root.texts("default-groups"),
    )


def _format_version(root: Table, draft: Draft) -> str | None:
    text = root.text("lock-version")
    if text is None:
        return None
    numbers = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", text)
    if numbers is None:
        raise WrongShape("lock-version", f"{quoted(text, 40)} is not a version such as 1.0")
    major, minor = int(numbers[1]), int(numbers[2])
    if major != MAJOR:
        raise SourceError(
            f"lock-version {text} is not understood; {MAJOR}.{MINOR} is the newest that is",
            location=draft.place("lock-version"),
            hint="upgrade steadypin, or lock again with a tool that writes 1.0",
        )
    if minor > MINOR:
        draft.problem(
            f"lock-version {text} is newer than {MAJOR}.{MINOR}: read as the standard says, but new keys may be missed",
            draft.place("lock-version"),
        )
    return text


def _validate(root: Table, places: list[Location], draft: Draft) -> None:
    """Ask the standard's reader, whose reason becomes a problem. Of an unknown minor version it would log; that is reported."""
    from packaging.pylock import Pylock, PylockValidationError

    known = f"{MAJOR}.{MINOR}" if "lock-version" in root else None
    try:
        Pylock.from_dict({**root.content, "lock-version": known} if known else dict(root.content))
    except PylockValidationError as error:
        message = printable(str(error), 300)
        found = re.search(r"packages\[(\d{1,9})\]", message)
        index = int(found[1]) if found else len(places)
        place = places[index] if index < len(places) else draft.place()
        draft.problem(f"not valid by the standard: {message}", place)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        draft.problem(f"not valid by the standard: {printable(str(error), 200)}", draft.place())


def _package(entry: Table, place: Location, draft: Draft) -> None:
    identity = draft.identity(entry, place)
    if identity is None:
        return
    name, raw_name, version = identity
    kind, origin = _source(entry)
    files = tuple(_file_tables(entry))
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=raw_name,
        marker=draft.marker(entry.text("marker"), place),
        files=tuple(map(_file, files)),
        origin=origin,
        requires_python=entry.text("requires-python"),
        dependencies=tuple(_edge(edge) for edge in entry.tables("dependencies")),
        uploaded=first_upload(table.content.get("upload-time") for table in files),
    )
    draft.hashes(package.files, name, place)
    draft.add(package)


def _source(entry: Table) -> tuple[str, Origin | None]:
    if "vcs" in entry:
        vcs = entry.table("vcs")
        url = vcs.text("url") or vcs.text("path")
        revision = vcs.text("commit-id") or vcs.text("requested-revision")
        return "vcs", Origin(kind="vcs", url=_shown(url), revision=revision, subdirectory=vcs.text("subdirectory"))
    if "directory" in entry:
        folder = entry.table("directory")
        kind = "editable" if folder.flag("editable") else "path"
        return kind, Origin(kind="path", url=_shown(folder.text("path")), subdirectory=folder.text("subdirectory"))
    if "archive" in entry:
        archive = entry.table("archive")
        kind = "url" if "url" in archive else "path"
        url = archive.text("url") or archive.text("path")
        return kind, Origin(kind=kind, url=_shown(url), subdirectory=archive.text("subdirectory"))
    index = entry.text("index")
    return "index", None if index is None else Origin(kind="index", url=redact(index))


def _shown(url: str | None) -> str | None:
    return None if url is None else redact(url)


def _file_tables(entry: Table) -> Iterator[Table]:
    for name in ("archive", "sdist"):
        if name in entry:
            yield entry.table(name)
    yield from entry.tables("wheels")


def _file(table: Table) -> LockedFile:
    digests = table.table("hashes")
    hashes = tuple(f"{algorithm}:{digests.needed(algorithm)}" for algorithm in sorted(digests.content))
    url = table.text("url") or table.text("path")
    return locked_file(url=url, filename=table.text("name"), size=table.number("size"), hashes=hashes)


def _edge(edge: Table) -> LockedDependency:
    """PEP 751 lets an edge repeat any keys of the entry that it points at; name and version are what matters."""
    version = edge.text("version")
    marker = edge.text("marker")
    return LockedDependency(
        name=normalise(edge.needed("name")),
        specifier=None if version is None else f"=={version}",
        marker=None if marker is None else marker_text(marker) or marker,
    )
