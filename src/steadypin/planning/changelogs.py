"""The sections of a changelog between two versions, as items that a reviewer can read. Pure, and made for texts of any kind.

A section begins at a heading that names a version: Markdown's `## [1.2.3] - date`, an underlined `1.2.3 (date)` or
`Version 1.2.3`, Sphinx's `:version: 1.2.3`, a bold line; where a text has none of these, at a line that is a version and
perhaps a date. It ends at the next one, or at a heading that stands as high. Where nothing of this is found, nothing is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.version import Version

from steadypin.model import parse
from steadypin.model.plan import Quote
from steadypin.values import dataclass

MOST_LINES = 40
MOST_CHARACTERS = 4_000
LONGEST = 400
"""Items of all sections of one package, their characters in all, and those of one item."""

_LONGEST_TEXT = 2_000_000
_LONGEST_LINE = 2_000
_ATX = re.compile(r"(?P<marks>#{1,6}|={1,6})[ \t]+(?P<text>[^\n]*?)[ \t#=]*$")
_UNDERLINE = re.compile(r"([=\-~^\"'`*+#:.])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"\s{1,12}:version:[ \t]+(?P<text>\S+)\s*$")
_BOLD = re.compile(r"(\*\*|__)(?P<text>[^*_\n]{1,80})\1:?\s*$")
_BARE = re.compile(
    r"(?:[*-] )?(?P<text>(?:version |release |v)?\d+(?:\.\d+)+\w*)[:,]?"
    r"(?:\s*(?:[-–—/(:,]\s*)?[(\[]?(?:\d{1,4}[-./ ]|unreleased|[A-Z][a-z]{2,8}\.? )[^\n]{0,40})?$",
    re.IGNORECASE,
)
_LEAD = r"(?P<lead>[A-Za-z][\w .'-]{0,40}?)[ \t:-]+"
_PRE = r"(?:[._-]?(?:a|b|rc|c|alpha|beta|dev|post|preview)[._-]?\d*)?"
_NUMBER = rf"v?(?P<version>\d+(?:\.\d+)*{_PRE}(?:\.\d+)*)(?![\w.]*\w)\.?(?P<rest>.*)"
_VERSIONED = re.compile(_NUMBER, re.IGNORECASE), re.compile(_LEAD + _NUMBER, re.IGNORECASE)
_LEADS = frozenset(
    {"", "version", "release", "released", "changelog", "changes", "changes in", "changes in version", "changes for",
     "changes with", "changes since", "changes to", "history", "new in", "new in version", "notes for", "release notes",
     "release notes for", "tag", "what's new in", "what s new in", "what's new in version"}
)  # fmt: skip
_LINK = re.compile(r"!?\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])?")
_ROLE = re.compile(r":[\w:.+-]+:`([^`\n]*)`")
_TARGET = re.compile(r"`([^`<\n]+?)\s*<[^>\n]*>`_{0,2}")
_ITEM = re.compile(r"\A\s*[-*+•]\s+")
_NUMBERED = re.compile(r"\A\s*\d{1,2}[.)]\s+")
_NOISE = re.compile(r"\s*(?:\.\. |:\w[\w -]*:\s*\S*\s*$|<[!/a-zA-Z]|\[[^\]]*\]:|```|~~~|---+\s*$|===+\s*$)")
_DATED = re.compile(
    r":?(?:github release|(?:release[d ]*|date|release date)[: ]+[\w ,./:-]{4,30}|unreleased)\.?", re.IGNORECASE
)
_HEAVY = re.compile(
    r"\b(?:remov(?:e[sd]?|al|ing)|drop(?:s|ped|ping)?|deprecat\w*|breaking|break(?:s|ing change)?|backwards?[- ]incompatib\w*"
    r"|incompatib\w*|no longer|renam(?:e[sd]?|ing)|end[- ]of[- ]life|must now|now requires?|no more)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Heading:
    """Where a heading stands (its lines), its text without marks, and its level from 1."""

    start: int
    end: int
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Section:
    """What one version's section says, line by line, without its heading."""

    version: str
    lines: tuple[str, ...]


def quotes(texts: Iterable[tuple[str, str]], *, name: str, after: str, last: str) -> tuple[Quote, ...]:
    """What the changelogs, (path, text) each, say of the versions above `after` up to `last`, the newest first.

    Within a version, lines about removal, deprecation and breaking come first. Pre-releases are left out, unless `last` is one.
    """
    low, high = parse.version(after), parse.version(last)
    if low is None or high is None:
        return ()
    found: dict[Version, Section] = {}
    for path, text in texts:
        for section in sections(text, name=name, path=path):
            version = parse.version(section.version)
            if version is None or not low < version <= high or (version.is_prerelease and not high.is_prerelease):
                continue
            if any(line.strip() for line in section.lines):
                found.setdefault(version, section)
    return tuple(_bounded([_quote(found[version]) for version in sorted(found, reverse=True)]))


def sections(text: str, *, name: str, path: str = "") -> Iterator[Section]:
    """The sections of one text, in its order; the whole text where the file itself is named by a version."""
    lines = [line[:_LONGEST_LINE] for line in text[:_LONGEST_TEXT].splitlines()]
    if whole := _version_of_file(path):
        yield Section(whole, tuple(lines))
        return
    headings = list(_headings(lines))
    marked = [(heading, version) for heading in headings if (version := _version_of(heading.text, name))]
    if not marked:
        headings = [_Heading(at, at + 1, match["text"], 1) for at, line in enumerate(lines) if (match := _BARE.match(line))]
        marked = [(heading, version) for heading in headings if (version := _version_of(heading.text, name))]
    starts = {heading.start for heading, _ in marked}
    for heading, version in marked:
        ends = (h.start for h in headings if h.start > heading.start and (h.start in starts or h.level <= heading.level))
        yield Section(version, tuple(lines[heading.end : next(ends, len(lines))]))


def _version_of_file(path: str) -> str | None:
    """`docs/releases/4.2.1.txt` is about 4.2.1."""
    folder, _, name = path.rpartition("/")
    match = re.fullmatch(r"v?(\d+(?:\.\d+)+)(?:-notes)?\.(?:rst|txt|md)", name)
    return match[1] if match and folder else None


def _version_of(text: str, name: str) -> str | None:
    """The version that a heading is about; None for headings that merely hold a number."""
    plain = _plain(text).strip(" \t:")
    match = _VERSIONED[0].match(plain) or _VERSIONED[1].match(plain)
    if match is None:
        return None
    lead = match.groupdict().get("lead", "").strip(" :-").lower()
    ours = parse.normalise(lead.removesuffix(" version").removesuffix(" release").strip() or "x") == name
    if lead not in _LEADS and not ours and not _ends_with(lead, name):
        return None
    dotted = "." in match["version"] or lead.endswith(("version", "release")) or ours
    return match["version"] if dotted and parse.version(match["version"]) and _is_tail(match["rest"]) else None


def _ends_with(lead: str, name: str) -> bool:
    """`What's new in psycopg` is about psycopg."""
    words = lead.split()
    return bool(words) and parse.normalise(words[-1]) == name and " ".join(words[:-1]) in _LEADS


def _is_tail(rest: str) -> bool:
    """Whether what follows a version in its heading is a date or a name, and no sentence about something else."""
    rest = rest.strip()
    return not rest or rest[0] in "([-–—:,/|" or len(rest.split()) <= 4


def _headings(lines: Sequence[str]) -> Iterator[_Heading]:
    levels: dict[str, int] = {"False=": 1, "False-": 2} if any(map(_ATX.match, lines)) else {}  # Markdown's; else by order
    fenced = False
    for at, line in enumerate(lines):
        if line.startswith(("```", "~~~")) and not _UNDERLINE.match(line):
            fenced = not fenced
        if fenced or len(line) > 200:
            continue
        after = lines[at + 1] if at + 1 < len(lines) else ""
        if match := _ATX.match(line):
            yield _Heading(at, at + 1, match["text"], len(match["marks"]))
        elif line.strip() and not _UNDERLINE.match(line) and _UNDERLINE.match(after) and len(after.strip()) >= 3:
            over = at > 0 and bool(_UNDERLINE.match(lines[at - 1])) and lines[at - 1].strip() == after.strip()
            level = levels.setdefault(f"{over}{after[0]}", len(levels) + 1)
            yield _Heading(at - over, at + 2, line.strip(), level)
        elif match := _DIRECTIVE.match(line) or _BOLD.match(line):
            yield _Heading(at, at + 1, match["text"], 9)


def _quote(section: Section) -> Quote:
    items = list(_items(section.lines))
    heavy = [text for text, is_heavy in items if is_heavy]
    return Quote(version=section.version, heavy=tuple(heavy), lines=tuple(text for text, is_heavy in items if not is_heavy))


def _items(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """(item or paragraph on one line, whether it is about removal, deprecation or breaking)."""
    under, gathered = False, ""
    lines = list(lines)
    for at, line in enumerate(lines):
        after = lines[at + 1] if at + 1 < len(lines) else ""
        heading = _ATX.match(line) or _BOLD.match(line)
        if _UNDERLINE.match(line) or _NOISE.match(line):
            continue
        if heading or (line.strip() and _UNDERLINE.match(after)):
            yield from _item(gathered, under)
            under, gathered = bool(_HEAVY.search(line)), ""
        elif not line.strip() or _ITEM.match(line) or (not gathered and _NUMBERED.match(line)):
            yield from _item(gathered, under)
            gathered = line
        elif len(gathered) <= 4 * LONGEST:
            gathered = f"{gathered} {line.strip()}"
    yield from _item(gathered, under)


def _item(text: str, under: bool) -> Iterator[tuple[str, bool]]:
    plain = " ".join(_plain(_NUMBERED.sub("", _ITEM.sub("", text, count=1), count=1)).split())
    if sum(char.isalnum() for char in plain) > 2 and not _DATED.fullmatch(plain):
        yield (plain if len(plain) <= LONGEST else plain[:LONGEST] + "…"), under or bool(_HEAVY.search(plain))


def _plain(text: str) -> str:
    """A line without the marks of links, roles and emphasis."""
    text = text[: 8 * LONGEST]
    text = _TARGET.sub(r"\1", _ROLE.sub(r"\1", _LINK.sub(r"\1", text)))
    return text.replace("**", "").replace("``", "`")


def _bounded(found: list[Quote]) -> Iterator[Quote]:
    """As many items as there is room for, each version's in turn: what is heavy of all versions before anything else."""
    lines, room = MOST_LINES, MOST_CHARACTERS
    kept: list[dict[str, list[str]]] = [{"heavy": [], "lines": []} for _ in found]
    for part in ("heavy", "lines"):
        rows = [getattr(quote, part) for quote in found]
        for at in range(max(map(len, rows), default=0)):
            for row, mine in zip(rows, kept, strict=True):
                if at < len(row) and lines > 0 and len(row[at]) <= room:
                    mine[part].append(row[at])
                    lines, room = lines - 1, room - len(row[at])
    for quote, mine in zip(found, kept, strict=True):
        left = len(quote.heavy) + len(quote.lines) - len(mine["heavy"]) - len(mine["lines"])
        if mine["heavy"] or mine["lines"]:
            yield Quote(version=quote.version, heavy=tuple(mine["heavy"]), lines=tuple(mine["lines"]), left_out=left)
