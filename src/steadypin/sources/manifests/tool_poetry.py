"""[tool.poetry]: Poetry's own declarations, from 2018 to the ones that stand beside [project]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steadypin.model import parse
from steadypin.model.locked import Origin
from steadypin.sources.lockfiles.parts import marker_text
from steadypin.sources.manifests.draft import RUNTIME, Where
from steadypin.sources.manifests.markers import both, pep508
from steadypin.sources.manifests.places import Key
from steadypin.sources.manifests.poetry_constraints import python_marker, translate
from steadypin.sources.manifests.shapes import Sheet
from steadypin.text import redact
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True)
class PoetryProject:
    """What `[tool.poetry]` says of the project itself."""

    project_name: str | None = None
    requires_python: str | None = None


def read_poetry(sheet: Sheet) -> PoetryProject:
    """Add what Poetry's tables declare."""
    table = sheet.table("tool", "poetry")
    if not table:
        return PoetryProject()
    _read_main(sheet)
    _read_table(sheet, ("tool", "poetry", "dev-dependencies"), Where(group="dev"))
    for group in sheet.table("tool", "poetry", "group"):
        _read_table(sheet, ("tool", "poetry", "group", group, "dependencies"), Where(group=parse.normalise(group)))
    for index in range(len(sheet.items("tool", "poetry", "source"))):
        sheet.draft.index(sheet.table("tool", "poetry", "source", index).get("url"))
    name = table.get("name")
    return PoetryProject(project_name=name if isinstance(name, str) else None, requires_python=_requires_python(sheet))


def _requires_python(sheet: Sheet) -> str | None:
    value = sheet.table("tool", "poetry", "dependencies").get("python")
    if isinstance(value, dict):
        value = value.get("version")
    if not isinstance(value, str):
        return None
    translated = translate(value)
    if translated is None:
        sheet.problem(f"not a constraint that Poetry knows: {value}", "tool", "poetry", "dependencies", "python")
        return None
    return translated.specifier or None


def _read_main(sheet: Sheet) -> None:
    extras = _extras(sheet)
    key = ("tool", "poetry", "dependencies")
    for name, value in sheet.table(*key).items():
        if name.lower() == "python":
            continue
        normal = parse.normalise(name)
        for place, entry in _entries(value, (*key, name)):
            for where in _whose(normal, entry, extras):
                _Entry(sheet, name, place, where).add(entry)


def _extras(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """For each name, the extras that bring it."""
    found: dict[str, tuple[str, ...]] = {}
    for extra, key in sheet.tables_of_lists("tool", "poetry", "extras"):
        for _, name in sheet.strings(*key):
            normal = parse.normalise(name)
            found[normal] = (*found.get(normal, ()), parse.normalise(extra))
    return found


def _whose(name: str, entry: object, extras: dict[str, tuple[str, ...]]) -> tuple[Where, ...]:
    """An optional dependency belongs to the extras that name it; one that no extra names comes only when asked for by name."""
    if not (isinstance(entry, dict) and entry.get("optional") is True):
        return (RUNTIME,)
    return tuple(Where(extra=extra) for extra in extras.get(name, (name,)))


def _read_table(sheet: Sheet, key: tuple[str, ...], where: Where) -> None:
    for name, value in sheet.table(*key).items():
        for place, entry in _entries(value, (*key, name)):
            _Entry(sheet, name, place, where).add(entry)


def _entries(value: object, key: Key) -> Iterator[tuple[Key, object]]:
    """A dependency's constraints: one, or several that apply in different environments."""
    if isinstance(value, list):
        yield from (((*key, index), entry) for index, entry in enumerate(value))
    else:
        yield key, value


@dataclass(frozen=True, slots=True)
class _Entry:
    """One constraint of one dependency."""

    sheet: Sheet
    name: str
    key: Key
    where: Where

    def add(self, entry: object) -> None:
        if isinstance(entry, str):
            entry = {"version": entry}
        if not isinstance(entry, dict):
            self.sheet.problem("expected a version or a table", *self.key)
            return
        specifier = self._specifier(entry)
        marker = self._marker(entry)
        if specifier is None or marker is None:
            return
        extras = entry.get("extras")
        wanted = tuple(sorted(extra for extra in extras if isinstance(extra, str))) if isinstance(extras, list) else ()
        origin, url = _origin(entry)
        self.sheet.draft.add(
            pep508(self.name, extras=wanted, specifier=specifier, url=url, marker=marker),
            self.sheet.at(*self.key),
            self.where,
            written=_written(self.name, entry),
            origin=origin,
            editable=entry.get("develop") is True,
        )

    def _specifier(self, entry: dict[str, Any]) -> str | None:
        value = entry.get("version", "*")
        translated = translate(value) if isinstance(value, str) else None
        if translated is None:
            self.sheet.problem(f"not a constraint that Poetry knows: {value}", *self.key)
            return None
        if not translated.exact:
            self.sheet.problem(f"{value!r} cannot be written in PEP 440; read as {translated.specifier or 'any'!r}", *self.key)
        return translated.specifier

    def _marker(self, entry: dict[str, Any]) -> str | None:
        """The entry's `markers`, `python` and `platform` as one marker; None after a problem."""
        python, platform, markers = (entry.get(word, "") for word in ("python", "platform", "markers"))
        translated = python_marker(python) if isinstance(python, str) else None
        if translated is None:
            self.sheet.problem(f"not a constraint on Python: {python}", *self.key)
            return None
        if not isinstance(markers, str) or (markers and marker_text(markers) is None):
            self.sheet.problem(f"not a PEP 508 marker: {markers}", *self.key)
            return None
        on = f'sys_platform == "{platform}"' if isinstance(platform, str) and platform else ""
        return both(both(markers, translated), on)


def _origin(entry: dict[str, Any]) -> tuple[Origin | None, str | None]:
    """Where the entry comes from, and the URL of a direct reference where there is one."""
    texts: dict[str, str] = {key: value for key, value in entry.items() if isinstance(value, str)}
    subdirectory = texts.get("subdirectory")
    tail = f"#subdirectory={subdirectory}" if subdirectory else ""
    if "git" in texts:
        revision = texts.get("rev") or texts.get("tag") or texts.get("branch")
        url = f"git+{_as_url(texts['git'])}{'@' + revision if revision else ''}{tail}"
        return Origin(kind="vcs", url=redact(texts["git"]), revision=revision, subdirectory=subdirectory), url
    if "url" in texts:
        return Origin(kind="url", url=redact(texts["url"]), subdirectory=subdirectory), texts["url"] + tail
    for word in ("path", "file"):
        if word in texts:
            return Origin(kind="path", url=texts[word], subdirectory=subdirectory), None
    return None, None


def _as_url(repository: str) -> str:
    """`git@host:owner/name` is no URL; `ssh://git@host/owner/name` says the same."""
    if "://" in repository or ":" not in repository:
        return repository
    host, _, path = repository.partition(":")
    return f"ssh://{host}/{path}"


def _written(name: str, entry: dict[str, Any]) -> str:
    if list(entry) == ["version"]:
        return f"{name} = {entry['version']}"
    inner = ", ".join(f"{key} = {value}" for key, value in entry.items())
    return f"{name} = {{{inner}}}"
