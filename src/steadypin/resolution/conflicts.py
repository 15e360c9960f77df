"""Why a resolution failed, out of the prose in which uv and pip explain it.

Both name the premises ("flask==2.2.0 depends on click>=8.0", "you require click==7.1.2") and then argue. Only the premises are
taken; what is concluded from them is left out. A text without any premise that we know gives no conflicts at all, so that the
caller treats it as a failure rather than as an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.specifiers import SpecifierSet

from steadypin.model.parse import normalise, requirement
from steadypin.model.resolution import Conflict
from steadypin.values import replace

PROJECT = ""
PYTHON = "Python"
INDEX = "index"
"""Who demands, where it is no package: the project itself, the interpreter, and an index that has nothing to offer."""

_LIMIT = 60_000  # characters of an explanation; every repetition below is bounded too, so that no text takes long
_NAME = r"(?<![A-Za-z0-9._-])[A-Za-z0-9](?:[A-Za-z0-9._-]{0,120}[A-Za-z0-9])?"
_SPEC = (
    r"(?:\[[^\]\s]{0,200}\])?(?:\{[^}]{0,300}\})?"
    r"(?:[<>=!~]{1,3}[^\s,;()<>=!~]{1,80}(?:,\s?[<>=!~]{1,3}[^\s,;()<>=!~]{1,80}){0,20})?"
)
_ITEM = rf"{_NAME}{_SPEC}"
_ONE_OF = (
    rf"(?:one of: (?P<choices>{_ITEM}(?: {_ITEM}){{0,40}}?)(?= (?:and|we|or|you|there)\b|, we\b|[.]\s|$)|(?P<item>{_ITEM}))"
)

_GAP = re.compile(rf"(?P<name>{_NAME})<(?P<version>[^\s,<>=!~]{{1,80}}) (?P=name)>(?P=version)")

_CONCLUSION = re.compile(r"we can conclude that .*?(?=\.? (?:And (?:because|we)|Because)|\. \(|\.$|\. *\n|$)")
_DEPENDS = re.compile(rf"(?:all versions of )?(?P<by>{_ITEM}) depends? on {_ONE_OF}")
_KNOWN = re.compile(r"we know from \(\d+\) that .*?(?=, we can conclude)")
_REQUIRE = re.compile(rf"(?:you require|your project depends on|you depend on) {_ONE_OF}(?: and (?P<also>{_ITEM})(?=[.,]))?")
_NO_VERSION = re.compile(rf"there (?:is|are) no versions? of (?P<item>{_ITEM})")
_ONLY = re.compile(rf"only (?:the following versions of )?(?P<item>{_ITEM})(?: (?:is|are) available|:)")
_NOT_FOUND = re.compile(rf"(?P<item>{_ITEM}) (?:was|were) not found")
_NO_WHEEL = re.compile(rf"(?P<item>{_ITEM}) (?:has|have) no (?P<what>wheels|usable wheels|source distribution)[^.]{{0,200}}")
_UNUSABLE = re.compile(rf"(?P<item>{_ITEM}) (?:was|is) (?P<what>yanked)")
_UV_FAILED = re.compile(r"No solution found", re.IGNORECASE)

_PIP_DEPENDS = re.compile(
    rf"^[ \t]*(?P<by>{_NAME}) (?P<version>\S{{1,80}})(?: \([^)\n]{{0,200}}\))? depends on (?P<item>[^\n;]{{1,300}})",
    re.MULTILINE,
)
_PIP_ASKED = re.compile(r"^[ \t]*The user requested (?:\(constraint\) )?(?P<item>[^\n;]{1,300})", re.MULTILINE)
_PIP_NONE = re.compile(r"Could not find a version that satisfies the requirement (?P<item>[^\n;(]{1,300})")
_PIP_PYTHON = re.compile(
    rf"(?:Package '(?P<name>{_NAME})' requires a different Python: \S{{1,40}} not in '(?P<spec>[^']{{1,100}})')"
)
_PIP_INFORMATION = re.compile(
    r"RequirementInformation\(requirement=SpecifierRequirement\('(?P<item>[^']{1,300})'\), parent="
    r"(?:None|LinkCandidate\('\S{0,500}?/(?P<file>[^/\s'#]{1,200})(?:#\S{0,200})? \(from)"
)
_PIP_FAILED = re.compile(
    r"because these package versions have conflicting dependencies|ResolutionImpossible|No matching distribution"
)


def uv_conflicts(text: str) -> tuple[Conflict, ...]:
    """The premises of uv's explanation, in its order, each once; empty if it is no explanation of a conflict."""
    if not _UV_FAILED.search(text):
        return ()
    flat = " ".join(re.sub(r"(?m)^[ \t]*(?:╰─▶|×|│|cause:)", " ", text[:_LIMIT].split("\nhint:")[0]).split())
    premises = _CONCLUSION.sub("", _KNOWN.sub("", flat))
    found: list[Conflict] = []
    for match in _DEPENDS.finditer(premises):
        found.append(_conflict(_choice(match), match["by"], text))
    for match in _REQUIRE.finditer(premises):
        found += [_conflict(item, PROJECT, text) for item in (_choice(match), match["also"]) if item]
    for match in _ONLY.finditer(premises):
        found.append(_scarce(_conflict(match["item"], INDEX, text)))
    for pattern in (_NO_VERSION, _NOT_FOUND, _NO_WHEEL, _UNUSABLE):
        for match in pattern.finditer(premises):
            found.append(_conflict(match["item"], INDEX, text, why=match.groupdict().get("what") or ""))
    return tuple(dict.fromkeys(found)) or (Conflict(name="", by=PROJECT, requirement="", text=text[:4000]),)


def as_required(conflicts: Iterable[Conflict], constraints: Iterable[str]) -> tuple[Conflict, ...]:
    """The premises with each demand at the one who makes it, each once.

    uv applies constraints as if every package required them. What a package is said to require is freed of them, so that the
    package stays among those who take part, and they are the project's.
    """
    applied: dict[str, list[SpecifierSet]] = {}
    for text in constraints:
        if parsed := requirement(text):
            applied.setdefault(normalise(parsed.name), []).append(parsed.specifier)
    found: list[Conflict] = []
    for row in conflicts:
        parsed = requirement(row.requirement) if row.by not in (PROJECT, PYTHON, INDEX) else None
        foreign = {part for specifier in applied.get(row.name, ()) for part in specifier} if parsed else set()
        own = [part for part in parsed.specifier if part not in foreign] if parsed else []
        if parsed is None or len(own) == len(parsed.specifier):
            found.append(row)
            continue
        found.append(replace(row, requirement=f"{row.name}{','.join(sorted(map(str, own)))}"))
        lent = sorted(str(part) for part in parsed.specifier if part in foreign)
        found.append(replace(row, by=PROJECT, requirement=f"{row.name}{','.join(lent)}"))
    return tuple(dict.fromkeys(found))


def pip_conflicts(text: str) -> tuple[Conflict, ...]:
    """The same for pip's explanation, as pip-compile prints it."""
    if not _PIP_FAILED.search(text):
        return ()
    text = text[:_LIMIT] + text[max(_LIMIT, len(text) - _LIMIT) :]
    head = text.split("Traceback (most recent call last)")[0].strip() or text[:1000]
    found = [_conflict(m["item"].strip(), f"{m['by']}=={m['version']}", head) for m in _PIP_DEPENDS.finditer(text)]
    found += [_conflict(m["item"].strip(), PROJECT, head) for m in _PIP_ASKED.finditer(text)]
    found += [_conflict(m["item"].strip(), _from_file(m["file"]), head) for m in _PIP_INFORMATION.finditer(text)]
    found += [_conflict(m["item"].strip(), INDEX, head) for m in _PIP_NONE.finditer(text)]
    found += [_conflict(f"Python{m['spec']}", m["name"], head) for m in _PIP_PYTHON.finditer(text)]
    return tuple(dict.fromkeys(found)) or (Conflict(name="", by=PROJECT, requirement="", text=head[:4000]),)


def _choice(match: re.Match[str]) -> str:
    """One requirement; of several, of which any would do, those below and above one version are what they were: all but it."""
    if match["item"]:
        return str(match["item"])
    choices = match["choices"].split()
    gap = _GAP.fullmatch(" ".join(choices))
    return f"{gap['name']}!={gap['version']}" if gap else " | ".join(choices)


def _conflict(item: str, by: str, text: str, *, why: str = "") -> Conflict:
    name = re.match(_NAME, item)
    item = re.sub(r"\{[^}]*\}", "", item)  # uv's braces: the marker or group that a part of a package stands for
    shown = item if not why else f"{item} ({why})"
    demanded = "" if name is None else (PYTHON if name[0] == PYTHON else normalise(name[0]))
    return Conflict(name=demanded, by=_asker(by), requirement=shown, text=text[:4000])


def _scarce(conflict: Conflict) -> Conflict:
    """What "only flask<=3.1.3 is available" means as what is not offered; a list of versions that follows is left out."""
    item = conflict.requirement
    return replace(conflict, requirement=f"what is asked of {item}" if re.fullmatch(_NAME, item) else f"more than {item}")


def _asker(by: str) -> str:
    """`Flask==2.2.0` with its name normalised and its version kept; ranges of versions keep theirs too."""
    name = re.match(_NAME, by)
    if name is None or by in (PYTHON, INDEX):
        return by
    return normalise(name[0]) + re.sub(r"\[[^\]]*\]|\{[^}]*\}", "", by[name.end() :])


def _from_file(filename: str | None) -> str:
    if filename is None:
        return PROJECT
    parts = filename.split("-") if filename.endswith(".whl") else filename.removesuffix(".tar.gz").rsplit("-", 1)
    return f"{parts[0]}=={parts[1]}" if len(parts) > 1 else parts[0]
