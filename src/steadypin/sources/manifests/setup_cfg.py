"""setup.cfg: setuptools' declarative metadata. What stands in other files (`file:`) is an include; `attr:` is a problem."""

from __future__ import annotations

from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.document import refuse_conflict, unicode_text
from steadypin.sources.lockfiles.parts import readable_requirement
from steadypin.sources.manifests.draft import RUNTIME, Draft, Where
from steadypin.sources.manifests.ini import Option, place, read_options, without_comment
from steadypin.sources.manifests.tox import add_tox_option

_LISTS = {
    ("options", "install_requires"): RUNTIME,
    ("options", "setup_requires"): Where(kind="build"),
    ("options", "tests_require"): Where(extra="tests"),
}


def read_setup_cfg(data: bytes, path: str) -> SourceFile:
    """One setup.cfg. Raises SourceError where it is not text."""
    text = unicode_text(data, path)
    refuse_conflict(text, path)
    draft = Draft(path)
    name = requires_python = None
    for option in read_options(text):
        where = _where(option)
        if where is not None:
            _add(draft, option, where)
        elif (option.section, option.name) == ("metadata", "name"):
            name = option.text or None
        elif (option.section, option.name) in (("options", "python_requires"), ("options", "python-requires")):
            requires_python = option.text or None
        else:
            add_tox_option(draft, option)
    return draft.finish("setup.cfg", project_name=name, requires_python=requires_python)


def _where(option: Option) -> Where | None:
    if option.section == "options.extras_require":
        return Where(extra=parse.normalise(option.name))
    return _LISTS.get((option.section, option.name.replace("-", "_")))


def _add(draft: Draft, option: Option, where: Where) -> None:
    """A list of requirements."""
    if option.text.startswith("file:"):
        for name in option.text.removeprefix("file:").replace("\n", ",").split(","):
            if name.strip():
                draft.include("requirements", name.strip(), place(draft.path, option.line, option))
        return
    if option.text.startswith("attr:"):
        message = f"known only when the project is built: {option.name} = {option.text}"
        draft.problem(message, place(draft.path, option.line, option), unknown=True)
        return
    for line, text in option.lines:
        for requirement in _on_one_line(without_comment(text), alone=line == option.line):
            draft.add(requirement, place(draft.path, line, option), where)


def _on_one_line(text: str, *, alone: bool) -> list[str]:
    """The requirements of a line. On the option's own line setuptools takes ";" for a separator; a marker is left whole here,
    because that is what its author meant.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if alone and len(parts) > 1 and all(readable_requirement(part) for part in parts):
        return parts
    return [text] if text else []
