"""pdm.lock in its layouts from the first to 4.5.

Hashes stand right under `[metadata]` (the oldest, marked by `[root] meta_version`), in `[metadata.files]` (2 to 4.2, keyed
"name version") or beside each package (since 4.3). A name with extras is an entry of its own. Markers and groups per package
exist since `inherit_metadata`, and as `sections` in the oldest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import tomltext
from steadypin.sources.lockfiles.document import Document, Table, WrongShape, quoted, shaped
from steadypin.sources.lockfiles.parts import Draft, by_marker, edge_of, locked_file, marker_text, report_duplicates
from steadypin.text import redact

NEWEST = (4, 5)
_VCS = ("git", "hg", "svn", "bzr")
_PLATFORMS = (
    ("manylinux", "linux"),
    ("musllinux", "linux"),
    ("linux", "linux"),
    ("windows", "win32"),
    ("win", "win32"),
    ("macos", "darwin"),
)
_MACHINES = (("x86_64", "x86_64"), ("amd64", "AMD64"), ("aarch64", "aarch64"), ("arm64", "arm64"), ("i686", "i686"))


def read(data: bytes, path: str) -> SourceFile:
    """The lock. Raises SourceError where it is damaged or newer than what is understood."""
    with shaped(path):
        return _read(tomltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="pdm")
    metadata, oldest = root.table("metadata"), root.table("root")
    format_version = _format_version(metadata, draft)
    if "metadata" not in root and "root" not in root:
        draft.problem("the lock has no [metadata]: pdm would lock anew", draft.place("metadata"))
    files = _files_by_pin(metadata, oldest)
    entries = list(root.tables("package"))
    lines = tomltext.places(document.text, "package", len(entries))
    for entry, (line, column) in zip(entries, lines, strict=True):
        _package(entry, draft.place(entry.key, line, column), files, draft)
    report_duplicates(draft, apart=_apart)
    return draft.finish(
        format_version=format_version,
        generated_by="pdm",
        freshness=tuple(_freshness(metadata, oldest)),
        environments=tuple(text for target in metadata.tables("targets") if (text := _environment(target))),
        groups=metadata.texts("groups"),
        default_groups=("default",),
    )


def _format_version(metadata: Table, draft: Draft) -> str | None:
    text = metadata.text("lock_version")
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,9}))?(?:\.\d{1,9})?", text)
    if found is None:
        raise WrongShape(metadata.path("lock_version"), f"{quoted(text, 40)} is not a version such as 4.5.0")
    if (int(found[1]), int(found[2] or 0)) > NEWEST:
        raise SourceError(
            f"lock_version {text} is not understood; {'.'.join(map(str, NEWEST))} is the newest that is",
            location=draft.place("metadata.lock_version"),
            hint="upgrade steadypin, or lock again with a pdm that writes 4.5",
        )
    return text


def _files_by_pin(metadata: Table, oldest: Table) -> dict[str, tuple[Table, str]]:
    """The tables of older layouts, by "normalised-name version"."""
    table = metadata if "meta_version" in oldest else metadata.table("files")
    found = {}
    for key in table.content:
        name, _, version = key.partition(" ")
        if version and isinstance(table.content[key], list):
            found[f"{normalise(name)} {version}"] = (table, key)
    return found


def _package(entry: Table, place: Location, files: Mapping[str, tuple[Table, str]], draft: Draft) -> None:
    identity = draft.identity(entry, place)
    if identity is None:
        return
    name, raw_name, version = identity
    kind, origin = _source(entry)
    package = LockedPackage(
        name=name,
        version=version,
        kind=kind,
        location=place,
        raw_name=raw_name,
        marker=draft.marker(entry.text("marker"), place),
        groups=_groups(entry),
        extras=tuple(sorted(entry.texts("extras"))) or None,
        files=tuple(_files(entry, f"{name} {version}", files)),
        origin=origin,
        requires_python=entry.text("requires_python") or None,
        dependencies=tuple(_edges(entry)),
    )
    draft.take(package)


def _groups(entry: Table) -> tuple[str, ...] | None:
    for name in ("groups", "sections"):
        if name in entry:
            return entry.texts(name)
    return None


def _source(entry: Table) -> tuple[str, Origin | None]:
    vcs = next((word for word in _VCS if word in entry), None)
    subdirectory = entry.text("subdirectory")
    if vcs is not None:
        revision = entry.text("revision") or entry.text("ref")
        return "vcs", Origin(kind="vcs", url=redact(entry.needed(vcs)), revision=revision, subdirectory=subdirectory)
    path = entry.text("path")
    if path is not None:
        kind = "editable" if entry.flag("editable") else "path"
        return kind, Origin(kind="path", url=redact(path), subdirectory=subdirectory)
    url = entry.text("url")
    if url is None:
        return "index", None
    local = url.startswith("file:")
    kind = "editable" if entry.flag("editable") else "path" if local else "url"
    return kind, Origin(kind="path" if local else "url", url=redact(url), subdirectory=subdirectory)


def _files(entry: Table, pin: str, files: Mapping[str, tuple[Table, str]]) -> Iterable[LockedFile]:
    if "files" in entry:
        return [_file(row) for row in entry.tables("files")]
    if pin not in files:
        return ()
    table, key = files[pin]
    return [_file(row) for row in table.tables(key)]


def _file(row: Table) -> LockedFile:
    found = row.text("hash")
    return locked_file(url=row.text("url"), filename=row.text("file"), hashes=(found,) if found else ())


def _edges(entry: Table) -> Iterator[LockedDependency]:
    """A list of PEP 508 lines; in the oldest locks a table of specifiers, or of tables with `version` and `marker`."""
    written = entry.content.get("dependencies")
    if not isinstance(written, Mapping):
        for text in entry.texts("dependencies"):
            edge = edge_of(text)
            if edge is not None:
                yield edge
        return
    table = entry.table("dependencies")
    for name, value in table.content.items():
        if isinstance(value, str):
            yield LockedDependency(name=normalise(name), specifier=_specifier(value))
            continue
        row = table.table(name)
        marker = row.text("marker")
        yield LockedDependency(
            name=normalise(name),
            specifier=_specifier(row.text("version")),
            marker=None if marker is None else marker_text(marker) or marker,
            extras=row.texts("extras"),
        )


def _specifier(text: str | None) -> str | None:
    return None if text in (None, "", "*") else text


def _apart(first: LockedPackage, second: LockedPackage) -> bool:
    """Extras and source make another entry; markers tell versions apart."""
    if (first.extras, first.kind, first.origin) != (second.extras, second.kind, second.origin):
        return True
    return by_marker(first, second)


def _freshness(metadata: Table, oldest: Table) -> Iterator[tuple[str, str]]:
    for table in (metadata, oldest):
        value = table.text("content_hash")
        if value is not None:
            yield "content_hash", value
    strategy = {*metadata.texts("strategy"), *(flag for flag in ("cross_platform", "static_urls") if metadata.flag(flag))}
    if strategy:
        yield "strategy", ",".join(sorted(strategy))
    if "lock_inputs" in metadata:
        yield "lock_inputs", json.dumps(metadata.content["lock_inputs"], sort_keys=True, default=str)


def _environment(target: Table) -> str | None:
    """A `[[metadata.targets]]` table as a marker: its Python, its platform and its implementation."""
    parts = [
        f'python_full_version {found[1]} "{found[2]}"'
        for piece in (target.text("requires_python") or "").split(",")
        if (found := re.fullmatch(r"\s*(>=|<=|==|!=|~=|>|<)\s*([\w.*]+)\s*", piece))
    ]
    platform = (target.text("platform") or "").lower()
    system = next((name for word, name in _PLATFORMS if platform.startswith(word)), None)
    if system is not None:
        parts.append(f'sys_platform == "{system}"')
        parts.extend(f'platform_machine == "{name}"' for word, name in _MACHINES if platform.endswith(word))
    implementation = (target.text("implementation") or "").lower()
    if re.fullmatch(r"[a-z]+", implementation):
        parts.append(f'implementation_name == "{implementation}"')
    return marker_text(" and ".join(parts)) if parts else None
