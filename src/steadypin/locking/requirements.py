"""Requirements and constraints files, compiled or written by hand: only the pins change, and their hashes.

The text is edited in place, in the bytes' own encoding and line endings (the grammar is that of pip's reference, "Requirements
File Format"). An entry is the physical lines that continuations join; comments above, behind and below it are somebody's words
and stay, except the indented `# via` notes of an entry that goes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

from steadypin.errors import SourceError
from steadypin.locking.edits import Edit, NewPin, Repin
from steadypin.model.location import Location
from steadypin.model.parse import normalise
from steadypin.values import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_HASH = re.compile(r"--hash[=\s]+['\"]?([A-Za-z0-9]+:[0-9a-fA-F]+)['\"]?")
_PIN = re.compile(
    r"(?P<head>\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*\(?\s*={2,3}\s*)(?P<version>[^\s;#,)\\]+)"
)
_ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def rewrite(data: bytes, edit: Edit, *, path: str) -> bytes:
    """The file's bytes with the edit made. Raises SourceError where an entry is not what the edit says it is."""
    if not edit:
        return data
    encoding, mark = _encoding(data)
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    try:
        decoded = data[len(mark) :].decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise SourceError(f"not {encoding}: {error.reason}", location=Location(path=path), hint="save it as UTF-8") from None
    lines = _LINE.findall(decoded)[:-1] or [""]
    hashed = any("--hash" in line for line in lines)
    entries = {entry.start + 1: entry for entry in _entries(lines)}
    replaced: dict[int, tuple[int, str]] = {}
    for repin in edit.repins:
        entry = _entry(entries, repin.line, repin.name, path)
        replaced[entry.start] = (entry.end, _moved(entry.text(lines), repin, hashed=hashed, path=path))
    for number in edit.drops:
        entry = _entry(entries, number, None, path)
        replaced[entry.start] = (_end_of_notes(lines, entry.end), "")
    for new in edit.adds:
        at = _place_of(new.name, entries, lines)
        text = _added(new, lines, hashed=hashed, path=path)
        end, old = replaced.get(at, (at, ""))
        replaced[at] = (end, text + old) if at in replaced else (at, text)
    text = "".join(_assembled(lines, replaced))
    return mark + text.encode(encoding, errors)


def _encoding(data: bytes) -> tuple[str, bytes]:
    for mark, name in _ENCODINGS:
        if data.startswith(mark):
            return ("utf-8" if name == "utf-8-sig" else name), mark
    return "utf-8", b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Lines from `start` to before `end` (from 0) that continuations join; `name` of what is required, where it is told."""

    start: int
    end: int
    name: str | None

    def text(self, lines: Sequence[str]) -> str:
        return "".join(lines[self.start : self.end])


def _entries(lines: Sequence[str]) -> Iterator[_Entry]:
    number = 0
    while number < len(lines):
        start = number
        while number < len(lines) and _continues(lines[number]):
            number += 1
        number = min(number + 1, len(lines))
        match = _PIN.match(lines[start].lstrip("\ufeff"))
        if lines[start].strip() and not lines[start].lstrip().startswith("#"):
            yield _Entry(start=start, end=number, name=normalise(match["name"]) if match else None)


def _continues(line: str) -> bool:
    return line.rstrip("\r\n").endswith("\\") and not line.lstrip().startswith("#")


def _entry(entries: dict[int, _Entry], line: int, name: str | None, path: str) -> _Entry:
    entry = entries.get(line)
    if entry is None or (name is not None and entry.name != name):
        raise SourceError(
            f"no pin of {name or 'a package'} begins here", location=Location(path=path, line=line), hint="did the file change?"
        )
    return entry


def _moved(text: str, repin: Repin, *, hashed: bool, path: str) -> str:
    """An entry with another version, and with the hashes of that version where it has hashes."""
    match = _PIN.match(text)
    if match is None or match["version"] != repin.before:
        raise SourceError(
            f"the pin of {repin.name} is not {repin.before}",
            location=Location(path=path, line=repin.line),
            hint="did it change?",
        )
    text = text[: match.start("version")] + repin.after + text[match.end("version") :]
    found = list(_HASH.finditer(text))
    if not found:
        return text
    if not repin.hashes:
        raise _no_hashes(repin.name, repin.after, path, repin.line)
    first, last = found[0], found[-1]
    glue = text[first.end() : found[1].start()] if len(found) > 1 else _glue_before(text, first.start())
    return text[: first.start()] + glue.join(f"--hash={text_}" for text_ in repin.hashes) + text[last.end() :]


def _glue_before(text: str, start: int) -> str:
    """What stands between the requirement and its only hash, for more of them."""
    before = text[:start]
    glue = before[len(before.rstrip(" \t\r\n\\")) :]
    return glue or " "


def _no_hashes(name: str, version: str, path: str, line: int | None = None) -> SourceError:
    return SourceError(
        f"no hashes of {name} {version} are known, and its entry needs them",
        location=Location(path=path, line=line),
        hint="does the index list its files? run again, without --offline",
    )


def _end_of_notes(lines: Sequence[str], end: int) -> int:
    """Past the indented comments below an entry: compilers put who asked for it there."""
    while end < len(lines) and re.match(r"[ \t]+#", lines[end]):
        end += 1
    return end


def _place_of(name: str, entries: dict[int, _Entry], lines: Sequence[str]) -> int:
    """The line (from 0) before which a new pin goes: compiled files are in alphabetical order."""
    for entry in entries.values():
        if entry.name is not None and entry.name > name:
            return entry.start
    last = max((entry.end for entry in entries.values() if entry.name), default=len(lines))
    return _end_of_notes(lines, last)


def _added(new: NewPin, lines: Sequence[str], *, hashed: bool, path: str) -> str:
    """A new entry in the manner of the others."""
    ending = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    text = f"{new.name}=={new.version}"
    if hashed:
        if not new.hashes:
            raise _no_hashes(new.name, new.version, path)
        text += "".join(f" \\{ending}    --hash={text_}" for text_ in new.hashes)
    via = ", ".join(new.via)
    if not via:
        return text + ending
    if any(re.match(r"[ \t]+# via", line) for line in lines):
        names = (
            [f"    # via {via}{ending}"]
            if len(new.via) == 1
            else [f"    # via{ending}", *(f"    #   {one}{ending}" for one in new.via)]
        )
        return text + ending + "".join(names)
    return f"{text}  # via {via}{ending}" if any("# via" in line for line in lines) and not hashed else text + ending


def _assembled(lines: Sequence[str], replaced: dict[int, tuple[int, str]]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        if number in replaced:
            end, text = replaced[number]
            if text and number > 0 and lines[number - 1] and not lines[number - 1].endswith(("\r", "\n")):
                yield "\n"
            yield text
            if end > number:
                number = end
                continue
        yield lines[number]
        number += 1
    if number in replaced:
        if lines and lines[-1] and not lines[-1].endswith(("\r", "\n")):
            yield "\n"
        yield replaced[number][1]
