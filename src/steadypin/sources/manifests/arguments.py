"""What may stand where pip expects something to install: requirements, options, paths, URLs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadypin.model import parse
from steadypin.model.location import Location
from steadypin.sources.lockfiles.references import parse_editable, parse_reference
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.values import dataclass

_WITH_VALUE = frozenset(
    {
        "-t", "--target", "-d", "--dest", "--platform", "--python-version", "--implementation", "--abi", "--root",
        "--prefix", "-b", "--build", "--src", "--upgrade-strategy", "-C", "--config-settings", "--config-setting",
        "--global-option", "--build-option", "--no-binary", "--only-binary", "--progress-bar", "--root-user-action",
        "--report", "--python", "-p", "--log", "--proxy", "--retries", "--timeout", "--exists-action", "--trusted-host",
        "--cert", "--client-cert", "--cache-dir", "-f", "--find-links", "--group", "--extra", "--hash", "--keyring-provider",
        "--index-strategy", "--resolution", "--prerelease", "--exclude-newer", "--link-mode", "--upgrade-package", "-P",
        "--refresh-package", "--reinstall-package", "--python-platform", "--torch-backend", "--use-feature",
        "--use-deprecated", "--suffix", "--pip-args", "--color", "--directory", "--project", "--config-file", "--override",
        "--overrides", "--build-constraint", "--build-constraints", "--default-index", "--index", "--allow-insecure-host",
    }
)  # fmt: skip
_INCLUDES = {
    "-r": "requirements",
    "--requirement": "requirements",
    "--requirements": "requirements",
    "-c": "constraints",
    "--constraint": "constraints",
    "--constraints": "constraints",
}
_EDITABLE = ("-e", "--editable")
_INDEXES = ("-i", "--index-url", "--extra-index-url", "--default-index", "--index")
_NAMED_URL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?\s*@")
UNKNOWABLE = re.compile(r"\$[\w({]|\$\{\{|\{[\w\[]|`|%\w+%|<[\w-]+>")
"""Shell variables, templates and placeholders: what they stand for is known only when the command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One word of a command, and where it stands."""

    text: str
    location: Location


def add_line(draft: Draft, text: str, location: Location, where: Where) -> None:
    """One line as in a requirements file: a requirement, or an option with its value."""
    text = text.strip()
    if not text.startswith("-"):
        _add_target(draft, Argument(text=text, location=location), where, editable=False)
        return
    option = re.match(r"(--[\w-]+|-[A-Za-z])[=\s]*(.*)", text, re.DOTALL)
    words = [option[1], option[2]] if option else [text]
    add_arguments(draft, [Argument(text=word, location=location) for word in words], where)


def add_arguments(draft: Draft, arguments: Sequence[Argument], where: Where) -> None:
    """The words behind `pip install` (or uv's, or pipx's)."""
    rest = list(reversed(arguments))
    while rest:
        word = rest.pop()
        if word.text == "--":
            continue
        if not word.text.startswith("-"):
            _add_target(draft, word, where, editable=False)
            continue
        name, glued, value = _option(word)
        takes_value = name in _INCLUDES or name in _EDITABLE or name in _INDEXES or name in _WITH_VALUE
        if takes_value and not glued:
            value = rest.pop() if rest else None
        if takes_value and value is not None:
            _add_option(draft, name, value, where)


def _option(word: Argument) -> tuple[str, bool, Argument | None]:
    """Name of an option, whether its value is glued to it (`--index-url=X`, `-rX`), and that value."""
    text = word.text
    if text.startswith("--"):
        name, glued, value = text.partition("=")
        return name, bool(glued), Argument(text=value, location=word.location) if glued else None
    if len(text) > 2 and (text[:2] in _INCLUDES or text[:2] in _EDITABLE or text[:2] in _INDEXES):
        return text[:2], True, Argument(text=text[2:].lstrip("="), location=word.location)
    return text, False, None


def _add_option(draft: Draft, name: str, value: Argument, where: Where) -> None:
    if name in _INCLUDES:
        draft.include(_INCLUDES[name], value.text, value.location)
    elif name in _EDITABLE:
        _add_target(draft, value, where, editable=True)
    elif name in _INDEXES:
        draft.index(value.text)


def _is_place(text: str) -> bool:
    """Whether it is a URL, whatever the variables in it stand for."""
    return parse.requirement(text) is not None if _NAMED_URL.match(text) else "://" in text


def _add_target(draft: Draft, word: Argument, where: Where, *, editable: bool) -> None:
    text = word.text.strip()
    if not text:
        return
    if UNKNOWABLE.search(text) and not _is_place(text):
        draft.problem(f"what is installed is known only when this runs: {text}", word.location, unknown=True)
        return
    reference = parse_editable(text) if editable else parse_reference(text)
    if reference is None or reference.kind == "index":
        draft.add(text, word.location, where)
    else:
        draft.add_place(reference, word.location, where, written=text)
