"""Pipfile: pipenv's manifest. Every table of packages is a category of its own; `packages` is what the project needs to run."""

from __future__ import annotations

from typing import Any

from steadypin.model import parse
from steadypin.model.locked import Origin, SourceFile
from steadypin.sources.lockfiles.parts import MARKER_VARIABLES, marker_text
from steadypin.sources.manifests.draft import RUNTIME, Where
from steadypin.sources.manifests.loading import load_sheet
from steadypin.sources.manifests.markers import both, pep508
from steadypin.sources.manifests.shapes import Sheet
from steadypin.text import redact

_NOT_PACKAGES = frozenset({"source", "requires", "scripts", "pipfile", "pipenv"})


def read_pipfile(data: bytes, path: str) -> SourceFile:
    """One Pipfile. Raises SourceError where it is not TOML."""
    sheet = load_sheet(data, path)
    for index in range(len(sheet.items("source"))):
        sheet.draft.index(sheet.table("source", index).get("url"))
    for category in sheet.document:
        if category not in _NOT_PACKAGES:
            where = _where(category)
            for name, entry in sheet.table(category).items():
                _add(sheet, category, name, entry, where)
    return sheet.draft.finish("pipfile-manifest", requires_python=_requires_python(sheet))


def _where(category: str) -> Where:
    """pipenv's lock calls `dev-packages` "develop"; the other categories keep their names."""
    return {"packages": RUNTIME, "dev-packages": Where(group="develop")}.get(category) or Where(group=category)


def _requires_python(sheet: Sheet) -> str | None:
    requires = sheet.table("requires")
    for key, suffix in (("python_full_version", ""), ("python_version", ".*")):
        value = requires.get(key)
        if isinstance(value, str) and parse.specifiers(f"=={value}{suffix}") is not None:
            return f"=={value}{suffix}"
    return None


def _add(sheet: Sheet, category: str, name: str, entry: object, where: Where) -> None:
    if isinstance(entry, str):
        entry = {"version": entry}
    if not isinstance(entry, dict):
        sheet.problem("expected a version or a table", category, name)
        return
    marker = _marker(entry)
    if marker is None:
        sheet.problem("the markers are not those of PEP 508", category, name)
        return
    extras = entry.get("extras")
    origin, url = _origin(entry)
    sheet.draft.add(
        pep508(
            name,
            extras=tuple(sorted(e for e in extras if isinstance(e, str))) if isinstance(extras, list) else (),
            specifier=_specifier(entry.get("version")),
            url=url,
            marker=marker,
        ),
        sheet.at(category, name),
        where,
        written=f"{name} = {entry['version']}" if list(entry) == ["version"] else f"{name} = {entry}",
        origin=origin,
        editable=entry.get("editable") is True,
    )


def _specifier(version: object) -> str:
    """`*` is any version, and a bare version is a pin."""
    text = version.strip() if isinstance(version, str) else ""
    if text in ("", "*"):
        return ""
    return f"=={text}" if text[0].isdigit() else text


def _marker(entry: dict[str, Any]) -> str | None:
    """The entry's `markers`, and the keys that are marker variables (`sys_platform = "== 'win32'"`); None if they are wrong."""
    marker = ""
    for text in (entry.get("markers", ""), *(f"{key} {entry[key]}" for key in MARKER_VARIABLES if key in entry)):
        if not isinstance(text, str) or (text and marker_text(text) is None):
            return None
        marker = both(marker, text)
    return marker


def _origin(entry: dict[str, Any]) -> tuple[Origin | None, str | None]:
    texts: dict[str, str] = {key: value for key, value in entry.items() if isinstance(value, str)}
    subdirectory = texts.get("subdirectory")
    tail = f"#subdirectory={subdirectory}" if subdirectory else ""
    for system in ("git", "hg", "svn", "bzr"):
        if system in texts:
            revision = texts.get("ref")
            url = f"{system}+{texts[system]}{'@' + revision if revision else ''}{tail}"
            return Origin(kind="vcs", url=redact(texts[system]), revision=revision, subdirectory=subdirectory), url
    if "path" in texts:
        return Origin(kind="path", url=texts["path"], subdirectory=subdirectory), None
    if "file" in texts:
        remote = "://" in texts["file"]
        return Origin(kind="url" if remote else "path", url=redact(texts["file"])), texts["file"] if remote else None
    return None, None
