"""Shell commands as words, far enough to see what a `pip install` in them asks for. Nothing is expanded or run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from steadypin.model.location import Location
from steadypin.sources.manifests.arguments import Argument, add_arguments
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.values import dataclass

_PART = re.compile(
    r"""(?P<continued>\\\r?\n|`\r?\n)
    |(?P<space>[ \t\r]+)
    |(?P<output>\$\((?![^()]*\b(?:pip[\d.]*|pipx|uv)\b)[^()]{0,300}\))
    |(?P<end>\n|&&|\|\||[;|&()])
    |(?P<redirect>[<>]+)
    |(?P<template>\$\{\{[^}\n]{0,300}\}\})
    |(?P<double>"(?:[^"\\]|\\.)*")
    |(?P<single>'[^']*')
    |(?P<escaped>\\.)
    |(?P<plain>[^\s;|&()<>"'\\$]+|\$)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PIP = re.compile(r"(?:.*[/\\])?(?:pip[\d.]*|pipx|uv)(?:\.exe)?")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_INTERESTING = re.compile(r"\b(?:pip[\d.]*|pipx|uv)\b")


@dataclass(slots=True)
class Word:
    """One word of a command, and the line where it begins."""

    text: str
    line: int


def commands(text: str, line: int) -> Iterator[list[Word]]:
    """The simple commands of a script, in order. `line` is the number of its first line."""
    words: list[Word] = []
    word: Word | None = None
    comment = False
    for match in _PART.finditer(text):
        kind, part = match.lastgroup, match[0]
        if comment and not part.endswith("\n"):
            continue
        if kind in ("continued", "space", "end"):
            if word is not None:
                words.append(word)
            word, comment = None, False
            if kind == "end":
                yield words
                words = []
        elif word is None and kind == "plain" and part.startswith("#"):
            comment = True
        elif kind == "redirect":
            word = _redirect(words, word, line)
        else:
            word = word or Word("", line)
            word.text += _unquoted(kind, part)
        line += part.count("\n")
    yield [*words, word] if word is not None else words


def _redirect(words: list[Word], word: Word | None, line: int) -> Word:
    """`pip install x>=1` without quotes writes a file called "=1"; the word is kept so that the reader sees what was meant."""
    if word is not None:
        words.append(word)
    return Word("\0", line)


def _unquoted(kind: str | None, part: str) -> str:
    if kind == "double":
        return re.sub(r"\\(.)", r"\1", part[1:-1], flags=re.DOTALL)
    if kind == "single":
        return part[1:-1]
    return part[1:] if kind == "escaped" else part


def add_installs(
    draft: Draft, script: str, location: Location, where: Where, variables: Mapping[str, str] | None = None
) -> None:
    """What the `pip install`, `uv pip install`, `uv tool install` and `pipx install` of a script ask for.

    `location` is the place of its first line; `variables` are those whose values the file itself gives.
    """
    if not _INTERESTING.search(script):
        return
    for words in commands(script, location.line or 1):
        rest = _installed(words)
        if rest is None:
            continue
        arguments = []
        for word in rest:
            place = Location(path=location.path, line=word.line, key=location.key)
            if word.text.startswith("\0"):
                if word.text.startswith("\0="):
                    draft.problem(f"> without quotes is a redirection: the version {word.text[1:]!r} is not asked for", place)
                continue
            arguments.append(Argument(text=_expanded(word.text, variables or {}), location=place))
        add_arguments(draft, arguments, where)


def _installed(words: list[Word]) -> list[Word] | None:
    """The words behind `install`, where the command is one that installs; else None."""
    texts = [word.text for word in words]
    start = next((index for index, text in enumerate(texts) if _PIP.fullmatch(text)), None)
    if start is None:
        return None
    for index in range(start + 1, len(texts)):
        if texts[index] == "install":
            return words[index + 1 :]
        if not texts[index].startswith("-") and texts[index] not in ("pip", "tool"):
            return None
    return None


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with the variables that are known; the others stay as they are written."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[3]) or match[2] or match[0], text)
