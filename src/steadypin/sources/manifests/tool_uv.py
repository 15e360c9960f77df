"""[tool.uv]: where requirements come from, and what constrains or overrides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steadypin.model import parse
from steadypin.model.locked import Origin, SourceFile
from steadypin.sources.lockfiles.parts import readable_requirement
from steadypin.sources.manifests.draft import Where
from steadypin.sources.manifests.loading import load_sheet
from steadypin.sources.manifests.markers import both, pep508
from steadypin.sources.manifests.places import Key
from steadypin.sources.manifests.shapes import Sheet
from steadypin.text import redact
from steadypin.values import dataclass

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_LISTS = (
    ("constraint-dependencies", Where(kind="constraint")),
    ("override-dependencies", Where(kind="override")),
    ("build-constraint-dependencies", Where(kind="build")),
    ("dev-dependencies", Where(group="dev")),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative of `tool.uv.sources.NAME`: where from, and for which marker, extra and group ("" is any)."""

    origin: Origin
    editable: bool
    marker: str
    extra: str
    group: str

    def concerns(self, where: Where) -> bool:
        return self.extra in ("", where.extra or "") and self.group in ("", where.group or "")


@dataclass(frozen=True, slots=True)
class Sources:
    """`tool.uv.sources`, by normalised name."""

    choices: dict[str, tuple[Choice, ...]]

    def add(self, sheet: Sheet, text: str, key: Key, where: Where) -> None:
        """Add a requirement, once for each place that it may come from."""
        location = sheet.at(*key)
        parsed = parse.requirement(text) if self.choices and readable_requirement(text) else None
        choices = self.choices.get(parse.normalise(parsed.name), ()) if parsed else ()
        choices = tuple(choice for choice in choices if choice.concerns(where))
        if parsed is None or not choices:
            sheet.draft.add(text, location, where)
            return
        for choice in choices:
            written = _directed(parsed, choice)
            sheet.draft.add(written, location, where, written=text, origin=choice.origin, editable=choice.editable)


def _directed(requirement: Requirement, choice: Choice) -> str:
    """The requirement with the place that it comes from, where PEP 508 can hold it (it has no room for a version beside)."""
    marker = both(str(requirement.marker or ""), choice.marker)
    url = _direct_url(choice.origin) if not requirement.specifier and not requirement.url else None
    return pep508(
        requirement.name,
        extras=tuple(sorted(requirement.extras)),
        specifier=str(requirement.specifier),
        url=url or requirement.url,
        marker=marker,
    )


def _direct_url(origin: Origin) -> str | None:
    if origin.url is None or origin.kind not in ("vcs", "url"):
        return None
    subdirectory = f"#subdirectory={origin.subdirectory}" if origin.subdirectory else ""
    if origin.kind == "url":
        return origin.url + subdirectory
    return f"git+{origin.url}{'@' + origin.revision if origin.revision else ''}{subdirectory}"


def uv_sources(sheet: Sheet) -> Sources:
    """What `[tool.uv.sources]` says."""
    indexes = _named_indexes(sheet)
    choices = {}
    for name, value in sheet.table("tool", "uv", "sources").items():
        entries = value if isinstance(value, list) else [value]
        found = [_choice(entry, indexes) for entry in entries]
        if None in found:
            sheet.problem("not a source that is known (index, git, url, path, workspace)", "tool", "uv", "sources", name)
        choices[parse.normalise(name)] = tuple(choice for choice in found if choice is not None)
    return Sources(choices)


def _named_indexes(sheet: Sheet) -> dict[str, str]:
    entries = sheet.items("tool", "uv", "index")
    tables = [entry for entry in entries if isinstance(entry, dict)]
    return {e["name"]: e["url"] for e in tables if isinstance(e.get("name"), str) and isinstance(e.get("url"), str)}


def _choice(entry: Any, indexes: dict[str, str]) -> Choice | None:
    if not isinstance(entry, dict):
        return None
    texts: dict[str, str] = {key: value for key, value in entry.items() if isinstance(value, str)}
    origin = _origin(entry, texts, indexes)
    if origin is None:
        return None
    return Choice(
        origin=origin,
        editable=entry.get("editable") is True or (entry.get("workspace") is True and entry.get("editable") is not False),
        marker=texts.get("marker", ""),
        extra=parse.normalise(texts.get("extra", "")),
        group=parse.normalise(texts.get("group", "")),
    )


def _origin(entry: dict[str, Any], texts: dict[str, str], indexes: dict[str, str]) -> Origin | None:
    subdirectory = texts.get("subdirectory")
    if "git" in texts:
        revision = texts.get("rev") or texts.get("tag") or texts.get("branch")
        return Origin(kind="vcs", url=redact(texts["git"]), revision=revision, subdirectory=subdirectory)
    if "url" in texts:
        return Origin(kind="url", url=redact(texts["url"]), subdirectory=subdirectory)
    if "path" in texts:
        return Origin(kind="path", url=texts["path"])
    if "index" in texts:
        return Origin(kind="index", url=redact(indexes.get(texts["index"], "")) or None)
    return Origin(kind="path") if entry.get("workspace") is True else None


def read_uv(sheet: Sheet, *root: str) -> None:
    """The tables of `[tool.uv]` (or of uv.toml, whose root is the document)."""
    for name, where in _LISTS:
        for index, text in sheet.strings(*root, name):
            sheet.draft.add(text, sheet.at(*root, name, index), where)
    _read_indexes(sheet, *root)
    for word, kind in (("members", "workspace"), ("exclude", "workspace-exclude")):
        for index, text in sheet.strings(*root, "workspace", word):
            sheet.draft.include(kind, text, sheet.at(*root, "workspace", word, index))


def _read_indexes(sheet: Sheet, *root: str) -> None:
    for index in range(len(sheet.items(*root, "index"))):
        sheet.draft.index(sheet.table(*root, "index", index).get("url"))
    for table in (root, (*root, "pip")):
        options = sheet.table(*table)
        sheet.draft.index(options.get("index-url"))
        extra = options.get("extra-index-url")
        for url in extra if isinstance(extra, list) else [extra]:
            sheet.draft.index(url)


def read_uv_toml(data: bytes, path: str) -> SourceFile:
    """One uv.toml: the tables of `[tool.uv]` in a file of their own. Raises SourceError where it is not TOML."""
    sheet = load_sheet(data, path)
    read_uv(sheet)
    return sheet.draft.finish("uv.toml")
