"""Caps of a manifest, raised in the manner in which they were written: specifiers of PEP 440, and Poetry's words.

Clause by clause. One that lets the version in stays as it is, letter by letter. `<5` becomes the next number above the version,
at the place that the cap counts: `<6`, and `<5.0` becomes `<6.0`, `<4.3` becomes `<5.3`. `<=` and `==` name the version itself;
`~=`, `^`, `~` and `==4.*` do so with as many numbers as before. An exclusion (`!=`) or a floor is nobody's cap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from steadypin.model import parse

_CLAUSE = re.compile(r"(?P<op>===|==|~=|!=|<=|>=|<|>|\^|~|=)?(?P<gap>\s*)(?P<version>[^\s,|<>=!~^()]+)")
_CAP = re.compile(r"v?(?:\d+!)?(?P<numbers>\d+(?:\.\d+)*)(?P<rest>.*)", re.DOTALL)
_CAPS = ("<", "<=", "==", "===", "~=", "^", "~", "", "=")


def loosened(specifier: str) -> str:
    """A PEP 440 specifier without what caps it: floors and exclusions stay, and a pin or series becomes a floor."""
    parsed = parse.specifiers(specifier)
    clauses = [clause for one in parsed or () if (clause := _floor(one))]
    return ",".join(sorted(clauses))


def _floor(clause: Specifier) -> str:
    if clause.operator in (">=", ">", "!="):
        return str(clause)
    version = clause.version.removesuffix(".*")
    known = parse.version(version)
    return "" if clause.operator in ("<", "<=") or known is None else f">={known.public}"


def raised(text: str, version: str) -> str | None:
    """The text of a specifier so that it lets `version` in; None where it is none, or where more than a cap is against it."""
    known = parse.version(version)
    if known is None or "|" in text:
        return None
    parts, end = [], 0
    for match in _CLAUSE.finditer(text):
        new = _raised(match["op"] or "", match["version"], known)
        if new is None:
            return None
        parts += [text[end : match.start("version")], new]
        end = match.end()
    return "".join((*parts, text[end:])) if parts and not text[end:].strip(" ,)") else None


def _raised(operator: str, written: str, version: Version) -> str | None:
    """The version of one clause: as it is written where it lets `version` in."""
    if written in ("*", "x", "X"):
        return written
    meaning = _meaning(operator, written)
    if meaning is None:
        return None
    if meaning.contains(version, prereleases=True):
        return written
    if operator not in _CAPS:
        return None
    return _next(written, version) if operator == "<" else _named(written, version, whole=operator not in ("~=", "^", "~"))


def _meaning(operator: str, written: str) -> SpecifierSet | None:
    """A clause in PEP 440's words (a bare version, and one behind `=`, is a pin to Poetry and to pipenv)."""
    match = _CAP.fullmatch(written)
    if operator not in ("^", "~") or match is None:
        return parse.specifiers(f"{operator if operator not in ('', '=') else '=='}{written}")
    numbers = [int(number) for number in match["numbers"].split(".")]
    place = min(1, len(numbers) - 1)
    if operator == "^":
        place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    above = ".".join(map(str, (*numbers[:place], numbers[place] + 1)))
    return parse.specifiers(f">={written},<{above}")


def _named(written: str, version: Version, *, whole: bool = False) -> str | None:
    """The version itself, to as many numbers as were written; all of it where a shorter one would not be it (`whole`)."""
    stem, wild = (written[:-2], ".*") if written.endswith(".*") else (written, "")
    match = _CAP.fullmatch(stem)
    if match is None:
        return None
    if whole and not wild:
        return version.public
    count = match["numbers"].count(".") + 1
    return _text(version, tuple(_numbers(version, count))) + wild


def _next(written: str, version: Version) -> str | None:
    match = _CAP.fullmatch(written)
    if match is None:
        return None
    numbers = [int(number) for number in match["numbers"].split(".")]
    place = max((at for at, number in enumerate(numbers) if number), default=0)
    above = list(_numbers(version, place + 1))
    above[place] += 1
    return _text(version, (*above, *[0] * (len(numbers) - place - 1))) + match["rest"]


def _numbers(version: Version, count: int) -> Iterator[int]:
    yield from (*version.release, *[0] * count)[:count]


def _text(version: Version, numbers: tuple[int, ...]) -> str:
    return (f"{version.epoch}!" if version.epoch else "") + ".".join(map(str, numbers))
