"""Dockerfiles: what their RUN instructions install by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from steadypin.model.location import Location
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.document import refuse_conflict, unicode_text
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.sources.manifests.shell import add_installs
from steadypin.values import dataclass

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HERE = re.compile(r"<<-?[ \t]*([\"']?)(\w+)\1")
_PAIR = re.compile(r"(\w+)=(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|(\S*))")
_LONGEST = 256 * 1024
_WHERE = Where(kind="tool", group="docker")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `text` keeps its line breaks."""

    name: str
    text: str
    line: int


def read_dockerfile(data: bytes, path: str) -> SourceFile:
    """One Dockerfile. Raises SourceError where it is not text."""
    text = unicode_text(data, path)
    refuse_conflict(text, path)
    draft = Draft(path)
    variables: dict[str, str] = {}
    for instruction in instructions(text):
        if instruction.name in ("ARG", "ENV"):
            variables.update(_assigned(instruction.text))
        elif instruction.name == "RUN" and len(instruction.text) <= _LONGEST:
            place = Location(path=path, line=instruction.line, key="RUN")
            add_installs(draft, _command(instruction.text), place, _WHERE, variables)
    return draft.finish("dockerfile")


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions in order, comment lines blanked, here-documents included."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start = number
        body, number = _logical(lines, number)
        if "<<" in body and (here := _HERE.search(body)):
            end = next((n for n in range(number, len(lines)) if lines[n].strip() == here[2]), len(lines))
            body, number = "\n".join([_HERE.sub("", body), *lines[number:end]]), end + 1
        if found := _INSTRUCTION.match(body):
            before = body[: found.start(2)].count("\n")
            yield Instruction(found[1].upper(), found[2], start + before + 1)


def _logical(lines: list[str], number: int) -> tuple[str, int]:
    """A line with its continuations. Comments and empty lines between them are part of neither."""
    parts: list[str] = []
    while number < len(lines):
        line = lines[number]
        number += 1
        skipped = line.lstrip().startswith("#") or (parts and not line.strip())
        parts.append("\\" if skipped and parts else "" if skipped else line)
        if skipped and parts[:-1]:
            continue
        if not line.rstrip().endswith("\\"):
            break
    return "\n".join(parts), number


def _command(text: str) -> str:
    """The shell command of a RUN: its exec form (a JSON list) as words, its flags (`--mount=…`) away."""
    if text.lstrip().startswith("["):
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return " ".join(word if word.isalnum() else "'" + word.replace("'", "") + "'" for word in words)
    return re.sub(r"^(?:--\w+=\S+\s+)+", "", text)


def _assigned(text: str) -> dict[str, str]:
    """`NAME=value` pairs of ARG and ENV (and the old `ENV NAME value`). Values that refer to others are left out."""
    pairs = {match[1]: match[2] or match[3] or match[4] or "" for match in _PAIR.finditer(text[:10_000])}
    if not pairs and len(words := text.split(None, 1)) == 2:
        pairs = {words[0]: words[1].strip()}
    return {name: value for name, value in pairs.items() if value and "$" not in value}
