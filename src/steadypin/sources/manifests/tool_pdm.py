"""[tool.pdm]: development groups, overrides and sources."""

from __future__ import annotations

from steadypin.model import parse
from steadypin.sources.manifests.arguments import add_line
from steadypin.sources.manifests.draft import Where
from steadypin.sources.manifests.markers import pep508
from steadypin.sources.manifests.shapes import Sheet


def read_pdm(sheet: Sheet) -> None:
    """The tables of `[tool.pdm]` that declare something."""
    for group, key in sheet.tables_of_lists("tool", "pdm", "dev-dependencies"):
        where = Where(group=parse.normalise(group))
        for index, text in sheet.strings(*key):
            add_line(sheet.draft, text, sheet.at(*key, index), where)
    for index in range(len(sheet.items("tool", "pdm", "source"))):
        sheet.draft.index(sheet.table("tool", "pdm", "source", index).get("url"))
    for key in (("tool", "pdm", "resolution", "overrides"), ("tool", "pdm", "overrides")):
        _read_overrides(sheet, key)


def _read_overrides(sheet: Sheet, key: tuple[str, ...]) -> None:
    for name, value in sheet.table(*key).items():
        if not isinstance(value, str):
            sheet.problem("expected a string", *key, name)
            continue
        url = value if "://" in value else None
        bare = value[:1].isdigit()
        written = pep508(name, specifier=f"=={value}" if bare else value, url=url)
        sheet.draft.add(written, sheet.at(*key, name), Where(kind="override"), written=f"{name} = {value}")
