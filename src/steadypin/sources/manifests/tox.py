"""tox.ini (also inside setup.cfg) and tox.toml: what test environments install."""

from __future__ import annotations

import re

from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.document import refuse_conflict, unicode_text
from steadypin.sources.manifests.arguments import add_line
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.sources.manifests.ini import Option, place, read_options, without_comment
from steadypin.sources.manifests.loading import load_sheet
from steadypin.sources.manifests.shapes import Sheet

_FACTORS = re.compile(r"(?:!?[\w.{},!-]+)\s*:\s+(.*)|(?:!?[\w{},!-]+):(?!//|\\)\s*(.*)")
_SUBSTITUTION = re.compile(r"\{[a-z_]+:")
_REFERENCE = re.compile(r"\{\[[^\]{}]*\][\w.-]+\}")
_FOLDERS = re.compile(r"\{(?:toxinidir|tox_root)\}[/\\]?")


def read_tox_ini(data: bytes, path: str) -> SourceFile:
    """One tox.ini. Raises SourceError where it is not text."""
    text = unicode_text(data, path)
    refuse_conflict(text, path)
    draft = Draft(path)
    for option in read_options(text):
        add_tox_option(draft, option)
    return draft.finish("tox")


def add_tox_option(draft: Draft, option: Option) -> None:
    """The requirements of an option of tox, if it has any."""
    if (option.section in ("tox", "tox:tox") and option.name == "requires") or (
        option.section.startswith("testenv") and option.name == "deps"
    ):
        name = option.section.partition(":")[2] if option.section.startswith("testenv") else ""
        where = Where(kind="tool", group=f"tox:{name}" if name else "tox")
        for line, text in option.lines:
            _add(draft, text, line, option, where)


def _add(draft: Draft, text: str, line: int, option: Option, where: Where) -> None:
    """One line of `deps`: factors in front are conditions of tox's own and do not change what is asked for."""
    bare = without_comment(text)
    factors = None if _SUBSTITUTION.search(bare) else _FACTORS.fullmatch(bare)
    if factors:
        bare = (factors[1] or factors[2] or "").strip()
    bare = _FOLDERS.sub("", bare)
    if not bare or _REFERENCE.fullmatch(bare):
        return
    add_line(draft, bare, place(draft.path, line, option), where)


def read_tox_toml(data: bytes, path: str) -> SourceFile:
    """One tox.toml. Raises SourceError where it is not TOML."""
    sheet = load_sheet(data, path)
    add_tox_tables(sheet)
    return sheet.draft.finish("tox.toml")


def add_tox_tables(sheet: Sheet, *root: str) -> None:
    """tox's own TOML configuration: `requires`, `env_run_base.deps` and `env.NAME.deps`."""
    _add_list(sheet, (*root, "requires"), Where(kind="tool", group="tox"))
    _add_list(sheet, (*root, "env_run_base", "deps"), Where(kind="tool", group="tox"))
    for name in sheet.table(*root, "env"):
        _add_list(sheet, (*root, "env", name, "deps"), Where(kind="tool", group=f"tox:{name}"))


def _add_list(sheet: Sheet, key: tuple[str, ...], where: Where) -> None:
    value = sheet.get(*key)
    if not isinstance(value, list):
        return
    for index, item in enumerate(value):
        if isinstance(item, str):
            add_line(sheet.draft, _FOLDERS.sub("", item), sheet.at(*key, index), where)
