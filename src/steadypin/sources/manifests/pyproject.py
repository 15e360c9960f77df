"""pyproject.toml: [project] (PEP 621), [dependency-groups] (PEP 735), [build-system] (PEP 518) and the tables of uv, Poetry,
PDM, Hatch and setuptools that declare requirements.
"""

from __future__ import annotations

from typing import Any

from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.draft import RUNTIME, Where
from steadypin.sources.manifests.loading import load_sheet
from steadypin.sources.manifests.places import Key
from steadypin.sources.manifests.shapes import Sheet
from steadypin.sources.manifests.tool_pdm import read_pdm
from steadypin.sources.manifests.tool_poetry import read_poetry
from steadypin.sources.manifests.tool_uv import Sources, read_uv, uv_sources
from steadypin.sources.manifests.tox import add_tox_tables
from steadypin.values import dataclass


def read_pyproject(data: bytes, path: str) -> SourceFile:
    """One pyproject.toml. Raises SourceError where it is not TOML; what is wrong inside of it is a problem."""
    sheet = load_sheet(data, path)
    sources = uv_sources(sheet)
    _read_project(sheet, sources)
    _read_groups(sheet, sources)
    _read_strings(sheet, ("build-system", "requires"), Where(kind="build"))
    _read_setuptools(sheet)
    _read_hatch(sheet)
    add_tox_tables(sheet, "tool", "tox")
    read_uv(sheet, "tool", "uv")
    read_pdm(sheet)
    poetry = read_poetry(sheet)
    project = sheet.table("project")
    return sheet.draft.finish(
        "pyproject",
        project_name=_text(project.get("name")) or poetry.project_name,
        requires_python=_text(project.get("requires-python")) or poetry.requires_python,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _read_project(sheet: Sheet, sources: Sources) -> None:
    for index, text in sheet.strings("project", "dependencies"):
        sources.add(sheet, text, ("project", "dependencies", index), RUNTIME)
    if "dependencies" in sheet.items("project", "dynamic") and not _known_elsewhere(sheet):
        sheet.problem("the dependencies are known only when the project is built", "project", "dynamic", unknown=True)
    for extra, key in sheet.tables_of_lists("project", "optional-dependencies"):
        where = Where(extra=parse.normalise(extra))
        for index, text in sheet.strings(*key):
            sources.add(sheet, text, (*key, index), where)


def _known_elsewhere(sheet: Sheet) -> bool:
    """Whether dynamic dependencies stand where another reader finds them: setuptools' files, or Poetry's own table."""
    backend = sheet.table("build-system").get("build-backend", "setuptools")
    return str(backend).startswith("setuptools") or bool(sheet.table("tool", "poetry", "dependencies"))


def _read_strings(sheet: Sheet, key: tuple[str, ...], where: Where) -> None:
    for index, text in sheet.strings(*key):
        sheet.draft.add(text, sheet.at(*key, index), where)


def _read_groups(sheet: Sheet, sources: Sources) -> None:
    """PEP 735. Included groups are read in place, each entry located where it is written; one bad line spoils no group."""
    spelled: dict[str, str] = {}
    for name in sheet.table("dependency-groups"):
        normal = parse.normalise(name)
        if normal in spelled:
            sheet.problem(f"the same group as {spelled[normal]!r}", "dependency-groups", name)
        else:
            spelled[normal] = name
    groups = _Groups(sheet=sheet, sources=sources, spelled=spelled)
    for normal in spelled:
        groups.read(normal)


@dataclass(slots=True, kw_only=True)
class _Groups:
    """The groups, being flattened. `left` bounds how often a group is read, because n groups may include n others each."""

    sheet: Sheet
    sources: Sources
    spelled: dict[str, str]
    left: int = 10_000

    def read(self, group: str) -> None:
        """Everything that one group brings, each included group once."""
        where = Where(group=group)
        trails: list[tuple[str, ...]] = [(group,)]
        seen = {group}
        while trails and self.left > 0:
            self.left -= 1
            trail = trails.pop()
            for index, item in enumerate(self.sheet.items("dependency-groups", self.spelled[trail[-1]])):
                key = ("dependency-groups", self.spelled[trail[-1]], index)
                included = self._entry(item, key, where, trail)
                if included is not None and included not in seen:
                    seen.add(included)
                    trails.append((*trail, included))
        if self.left <= 0:
            self.sheet.problem("too many groups that include groups; the rest was not read", "dependency-groups")

    def _entry(self, item: object, key: Key, where: Where, trail: tuple[str, ...]) -> str | None:
        """Add a requirement, or say which group to read next."""
        if isinstance(item, str):
            self.sources.add(self.sheet, item, key, where)
            return None
        if not (isinstance(item, dict) and list(item) == ["include-group"] and isinstance(item["include-group"], str)):
            self.sheet.problem("expected a requirement or {include-group = …}", *key)
            return None
        group = parse.normalise(item["include-group"])
        if group == trail[0]:
            self.sheet.problem(f"groups include each other: {' > '.join((*trail[-5:], group))}", *key)
        elif group not in self.spelled:
            self.sheet.problem(f"there is no group {group!r}", *key)
        return group if group in self.spelled else None


def _read_setuptools(sheet: Sheet) -> None:
    """`[tool.setuptools.dynamic]`: requirements that stand in files."""
    _dynamic_files(sheet, ("tool", "setuptools", "dynamic", "dependencies"))
    for extra in sheet.table("tool", "setuptools", "dynamic", "optional-dependencies"):
        _dynamic_files(sheet, ("tool", "setuptools", "dynamic", "optional-dependencies", extra))


def _dynamic_files(sheet: Sheet, key: tuple[str, ...]) -> None:
    files: Any = sheet.get(*key)
    if not isinstance(files, dict):
        return
    named = files.get("file")
    for name in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
        if isinstance(name, str):
            sheet.draft.include("requirements", name, sheet.at(*key, "file"))


def _read_hatch(sheet: Sheet) -> None:
    """`[tool.hatch.envs.NAME]`: what Hatch's own environments install."""
    for name in sheet.table("tool", "hatch", "envs"):
        for word in ("dependencies", "extra-dependencies"):
            key = ("tool", "hatch", "envs", name, word)
            _read_strings(sheet, key, Where(kind="tool", group=f"hatch:{name}"))
