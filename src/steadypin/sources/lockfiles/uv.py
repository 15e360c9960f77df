"""uv.lock, and the lock of a PEP 723 script beside it (`script.py.lock`).

`version` is the gate of compatibility, `revision` is not: newer revisions only add keys. Which of several entries of a name
applies is told by the forks (`resolution-markers`) and by the markers of the edges; both are kept. `freshness` holds what the
lock was made from, as ("requires-dist", "member: requirement") and the like, to be held against the manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import tomltext
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, kind_of, shaped
from steadypin.sources.lockfiles.parts import Draft, first_upload, locked_file, marker_text, report_duplicates
from steadypin.text import printable, redact

NEWEST = 1
_KINDS = {
    "registry": "index",
    "git": "vcs",
    "url": "url",
    "path": "path",
    "directory": "path",
    "editable": "editable",
    "virtual": "virtual",
}
_OLD_KINDS = {"direct": "url"}


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or its `version` is unknown."""
    with shaped(path):
        return _read(tomltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="uv")
    format_version = _format_version(root, draft)
    name = "package" if "package" in root or "distribution" not in root else "distribution"
    entries = list(root.tables(name))
    lines = tomltext.places(document.text, name, len(entries))
    for entry, (line, column) in zip(entries, lines, strict=True):
        _package(entry, draft.place(entry.key, line, column), draft)
    report_duplicates(draft, apart=_apart)
    manifest = root.table("manifest")
    roots = _roots(manifest, draft)
    return draft.finish(
        format_version=format_version,
        requires_python=root.text("requires-python"),
        index_urls=_registries(draft),
        environments=tuple(_marker(text) for text in root.texts("supported-markers")),
        roots=roots,
        top_level=tuple(_top_level(manifest)),
        project_name=next((package.name for package in draft.packages if _is_here(package)), None),
        generated_by="uv",
        freshness=tuple(sorted(set(_freshness(root, manifest, entries)))),
    )


def _format_version(root: Table, draft: Draft) -> str | None:
    version = root.content.get("version")
    if version is None:
        draft.problem("the lock has no top-level `version`", draft.place("version"))
        return None
    if isinstance(version, bool) or not isinstance(version, int):
        draft.problem(f"version: expected a number, found {kind_of(version)}", draft.place("version"))
        return None
    if not 1 <= version <= NEWEST:
        raise SourceError(
            f"lock version {printable(str(version), 30)} is not understood; {NEWEST} is the newest that is",
            location=draft.place("version"),
            hint="upgrade steadypin, or lock again with a uv that writes version 1",
        )
    return f"{version}.{root.number('revision') or 0}"


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
        resolution_markers=tuple(_marker(text) for text in _either(entry, "resolution-markers", "environment-markers")),
        files=tuple(map(_file, files)),
        origin=origin,
        dependencies=tuple(_edges(entry)),
        uploaded=first_upload(table.content.get("upload-time") for table in files),
    )
    draft.take(package)


def _either(table: Table, name: str, old: str) -> tuple[str, ...]:
    return table.texts(name) if name in table else table.texts(old)


def _marker(text: str) -> str:
    return marker_text(text) or text


def _source(entry: Table) -> tuple[str, Origin]:
    """Kind and origin. The oldest locks write the source as one text, "registry+URL"."""
    written = entry.content.get("source")
    if isinstance(written, str):
        return _old_source(written, entry)
    source = entry.table("source")
    found = next((key for key in _KINDS if key in source), None)
    if found is None:
        raise WrongShape(source.key, f"none of {', '.join(_KINDS)}")
    return _origin(found, source.needed(found), source.text("subdirectory"))


def _old_source(written: str, entry: Table) -> tuple[str, Origin]:
    key, _, url = written.partition("+")
    key = _OLD_KINDS.get(key, key)
    if key not in _KINDS:
        raise WrongShape(entry.path("source"), f"none of {', '.join(_KINDS)}")
    return _origin(key, url, None)


def _origin(key: str, url: str, subdirectory: str | None) -> tuple[str, Origin]:
    kind = _KINDS[key]
    if kind != "vcs":
        where = "path" if kind in ("editable", "virtual") else kind
        return kind, Origin(kind=where, url=redact(url), subdirectory=subdirectory)
    bare, _, revision = url.partition("#")
    repository, _, query = bare.partition("?")
    asked = dict(part.partition("=")[::2] for part in query.split("&"))
    return kind, Origin(
        kind="vcs",
        url=redact(repository),
        revision=revision or asked.get("rev") or asked.get("tag") or asked.get("branch"),
        subdirectory=subdirectory or asked.get("subdirectory"),
    )


def _file_tables(entry: Table) -> Iterator[Table]:
    if "sdist" in entry:
        yield entry.table("sdist")
    yield from entry.tables("wheels")


def _file(table: Table) -> LockedFile:
    found = table.text("hash")
    url = table.text("url") or table.text("path")
    return locked_file(url=url, filename=table.text("filename"), size=table.number("size"), hashes=(found,) if found else ())


def _edges(entry: Table) -> Iterator[LockedDependency]:
    for edge in entry.tables("dependencies"):
        yield _edge(edge, "")
    for name, word in (("optional-dependencies", "extra"), (_groups(entry, "dev-dependencies"), "group")):
        table = entry.table(name)
        for under in table.content:
            for edge in table.tables(under):
                yield _edge(edge, f"{word}:{under}")


def _groups(table: Table, name: str) -> str:
    """The name under which a table keeps its groups: uv also accepts `dependency-groups`."""
    return name if name in table else "dependency-groups"


def _edge(edge: Table, under: str) -> LockedDependency:
    """An edge names a version only where the name alone is ambiguous."""
    version = edge.text("version")
    marker = edge.text("marker")
    return LockedDependency(
        name=normalise(edge.needed("name")),
        specifier=None if version is None else f"=={version}",
        marker=None if marker is None else _marker(marker),
        extras=edge.texts("extra"),
        under=under,
    )


def _apart(first: LockedPackage, second: LockedPackage) -> bool:
    """Name, version and source are the key of an entry; forks may hold several of one name."""
    return (first.version, first.kind, first.origin) != (second.version, second.kind, second.origin)


def _is_here(package: LockedPackage) -> bool:
    return package.kind in ("editable", "virtual", "path") and package.origin is not None and package.origin.url == "."


def _roots(manifest: Table, draft: Draft) -> tuple[str, ...]:
    """The workspace's members; without a workspace the project itself."""
    members = tuple(sorted(normalise(name) for name in manifest.texts("members")))
    if members:
        return members
    if "requirements" in manifest:
        return ()
    here = {package.name for package in draft.packages if _is_here(package) and package.name}
    if here:
        return tuple(sorted(here))
    asked = {edge.name for package in draft.packages for edge in package.dependencies}
    local = {package.name for package in draft.packages if package.kind in ("editable", "virtual") and package.name}
    return tuple(sorted(local - asked))


def _top_level(manifest: Table) -> Iterator[LockedDependency]:
    """What a script asks for, and the groups of a workspace whose root is no project."""
    for item in manifest.tables("requirements"):
        yield _edge(item, "")
    groups = manifest.table("dependency-groups")
    for name in groups.content:
        for item in groups.tables(name):
            yield _edge(item, f"group:{name}")


def _registries(draft: Draft) -> tuple[str, ...]:
    found = {package.origin.url for package in draft.packages if package.kind == "index" and package.origin}
    return tuple(sorted(url for url in found if url))


def _freshness(root: Table, manifest: Table, entries: Iterable[Table]) -> Iterator[tuple[str, str]]:
    """What uv compares before it takes a lock for fresh: what members and workspace asked for when it was made."""
    for name in ("exclude-newer", "resolution-mode", "prerelease-mode", "fork-strategy"):
        value = root.table("options").content.get(name)
        if isinstance(value, str):
            yield name, value
    for key in ("requirements", "constraints", "overrides", "build-constraints"):
        for item in manifest.tables(key):
            yield key, _requirement(item)
    for group in manifest.table("dependency-groups").content:
        for item in manifest.table("dependency-groups").tables(group):
            yield "dependency-group", f"{group}: {_requirement(item)}"
    for entry in entries:
        metadata = entry.table("metadata")
        owner = normalise(entry.needed("name"))
        for item in metadata.tables("requires-dist"):
            yield "requires-dist", f"{owner}: {_requirement(item)}"
        groups = metadata.table(_groups(metadata, "requires-dev"))
        for group in groups.content:
            for item in groups.tables(group):
                yield "requires-dev", f"{owner}:{group}: {_requirement(item)}"


def _requirement(item: Table) -> str:
    """The PEP 508 text of a requirement of the manifest as the lock repeats it; sources follow an "@"."""
    extras = ",".join(sorted(item.texts("extras")))
    source = next((item.needed(key) for key in ("git", "url", "path", "directory", "editable", "virtual") if key in item), None)
    marker = item.text("marker")
    return "".join(
        (
            item.needed("name"),
            f"[{extras}]" if extras else "",
            f" @ {redact(source)}" if source else item.text("specifier") or "",
            f" ; {_marker(marker)}" if marker else "",
        )
    )
