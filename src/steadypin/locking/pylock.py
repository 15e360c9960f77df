"""pylock.toml (PEP 751): a package's version and files are put in place of the old ones, everything else stays as it is.

The text is edited between the `[[packages]]` header of an entry and the next one. Files are written inline, as the PEP's own
example and most tools do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from steadypin.errors import SourceError
from steadypin.locking.edits import Edit, NewPin, Repin
from steadypin.model.location import Location
from steadypin.model.released import ReleaseFile
from steadypin.values import dataclass

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*packages[ \t]*\]\]", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[{1,2}[ \t]*(?P<name>[A-Za-z0-9_.\" -]+?)[ \t]*\]{1,2}[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_VERSION = re.compile(r"^(?P<head>[ \t]*version[ \t]*=[ \t]*)(?P<quote>[\"'])(?P<version>[^\"'\n]*)(?P=quote)", re.MULTILINE)
_NAME = re.compile(r"^[ \t]*name[ \t]*=[ \t]*[\"'](?P<name>[^\"'\n]*)[\"']", re.MULTILINE)
_FILES = ("archive", "sdist", "wheels")


def rewrite(data: bytes, edit: Edit, *, path: str) -> bytes:
    """The file's bytes with the edit made. Raises SourceError where an entry is not what the edit says it is."""
    if not edit:
        return data
    text = data.decode("utf-8")
    ending = "\r\n" if "\r\n" in text else "\n"
    blocks = list(_blocks(text))
    changes: list[tuple[int, int, str]] = []
    for repin in edit.repins:
        block = _block(blocks, text, repin.line, path)
        changes.append((block.start, block.end, _moved(text[block.start : block.end], repin, ending, path)))
    for line in edit.drops:
        block = _block(blocks, text, line, path)
        changes.append((block.start, block.end, ""))
    for new in edit.adds:
        at = next((b.start for b in blocks if (b.name or "") > new.name), blocks[-1].end if blocks else len(text))
        changes.append((at, at, _added(new, ending, path)))
    for start, end, put in sorted(changes, reverse=True):
        text = text[:start] + put + text[end:]
    return text.encode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A `[[packages]]` entry with its sub-tables: from its header to before the next table that is none of its own."""

    start: int
    end: int
    name: str | None


def _blocks(text: str) -> Iterator[_Block]:
    starts = [match.start() for match in _HEADER.finditer(text)]
    for start, following in zip(starts, [*starts[1:], len(text)], strict=True):
        end = following
        for table in _TABLE.finditer(text, start + 1, following):
            if not table["name"].replace(" ", "").startswith("packages"):
                end = table.start()
                break
        name = _NAME.search(text, start, end)
        yield _Block(start=start, end=end, name=name["name"] if name else None)


def _block(blocks: Sequence[_Block], text: str, line: int, path: str) -> _Block:
    for block in blocks:
        first = text.count("\n", 0, block.start) + 1
        if first <= line < first + max(1, text.count("\n", block.start, block.end)):
            return block
    raise SourceError("no package begins here", location=Location(path=path, line=line), hint="did the file change?")


def _moved(block: str, repin: Repin, ending: str, path: str) -> str:
    match = _VERSION.search(block)
    if match is None or match["version"] != repin.before:
        raise SourceError(
            f"the version of {repin.name} is not {repin.before}",
            location=Location(path=path, line=repin.line),
            hint="did it change?",
        )
    if not repin.hashes:
        raise _no_files(repin.name, repin.after, path, repin.line)
    block = block[: match.start("version")] + repin.after + block[match.end("version") :]
    spans = list(_file_spans(block))
    at = spans[0][0] if spans else len(block.rstrip("\r\n")) + len(ending)
    for start, end in reversed(spans):
        block = block[:start] + block[end:]
    before = block[:at]
    if before and not before.endswith("\n"):
        before += ending
    return before + _files(repin.files, ending) + block[at:]


def _file_spans(block: str) -> Iterator[tuple[int, int]]:
    """Where the entry's own file tables stand, inline or as sub-tables."""
    for match in re.finditer(rf"^[ \t]*(?:{'|'.join(_FILES)})[ \t]*=[ \t]*", block, re.MULTILINE):
        yield match.start(), _after_line(block, _value_end(block, match.end()))
    for match in _TABLE.finditer(block):
        parts = match["name"].replace(" ", "").replace('"', "").split(".")
        if len(parts) >= 2 and parts[0] == "packages" and parts[1] in _FILES:
            following = _TABLE.search(block, match.end())
            yield match.start(), following.start() if following else len(block)


def _value_end(text: str, at: int) -> int:
    """Past the TOML value that begins at `at`: brackets are counted, strings and comments skipped."""
    depth = 0
    while at < len(text):
        char = text[at]
        if char in "\"'":
            at = _string_end(text, at)
            continue
        if char == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        depth += (char in "[{") - (char in "]}")
        at += 1
        if depth == 0 and char in "]}":
            return at
        if depth == 0 and char == "\n":
            return at - 1
    return at


def _string_end(text: str, at: int) -> int:
    quote = text[at]
    if text.startswith(quote * 3, at):
        end = text.find(quote * 3, at + 3)
        return len(text) if end < 0 else end + 3
    at += 1
    while at < len(text) and text[at] not in (quote, "\n"):
        at += 2 if quote == '"' and text[at] == "\\" else 1
    return at + 1


def _after_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _files(files: Sequence[ReleaseFile], ending: str) -> str:
    """`sdist` and `wheels` of a release, the wheels in alphabetical order."""
    ordered = sorted(files, key=lambda file: file.filename)
    sdists = [file for file in ordered if file.filename.endswith((".tar.gz", ".zip"))]
    wheels = [file for file in ordered if file.filename.endswith(".whl")]
    text = f"sdist = {_inline(sdists[0])}{ending}" if sdists else ""
    if not wheels:
        return text
    return text + f"wheels = [{ending}" + "".join(f"    {_inline(file)},{ending}" for file in wheels) + f"]{ending}"


def _inline(file: ReleaseFile) -> str:
    hashes = ", ".join(f"{_key(kind)} = {_quoted(digest)}" for kind, _, digest in (text.partition(":") for text in file.hashes))
    size = f", size = {file.size}" if file.size is not None else ""
    return f"{{name = {_quoted(file.filename)}, url = {_quoted(file.url)}{size}, hashes = {{{hashes}}}}}"


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", escaped) + '"'


def _added(new: NewPin, ending: str, path: str) -> str:
    if not new.hashes:
        raise _no_files(new.name, new.version, path)
    head = f"[[packages]]{ending}name = {_quoted(new.name)}{ending}version = {_quoted(new.version)}{ending}"
    return head + _files(new.files, ending) + ending


def _no_files(name: str, version: str, path: str, line: int | None = None) -> SourceError:
    return SourceError(
        f"no files of {name} {version} are known, and its entry needs them",
        location=Location(path=path, line=line),
        hint="does the index list them? run again, without --offline",
    )
