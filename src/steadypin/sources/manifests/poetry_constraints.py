"""Poetry's constraint language, translated into PEP 440 specifiers and PEP 508 markers.

^1.2.3   >=1.2.3,<2.0.0     up to the next change of the first number that is not zero
~1.2.3   >=1.2.3,<1.3.0     up to the next minor (~1: the next major)
1.2.*    ==1.2.*            *: anything
1.2      ==1.2
a, b     and                a || b (or a | b): or
"""

from __future__ import annotations

import re

from packaging.version import Version

from steadypin.model import parse
from steadypin.values import dataclass

_CLAUSE = re.compile(r"\s*,?\s*(?P<op>===|==|~=|!=|<=|>=|<|>|=|\^|~)?\s*(?P<version>[^\s,|<>=!~^]+)\s*")
_WILD = re.compile(r"(?:\.[xX*])+$")
_ALTERNATIVES = re.compile(r"\|\|?")
LIMIT = 512
"""Characters of a constraint: longer ones are not read."""
MOST_EXCLUSIONS = 30


@dataclass(frozen=True, slots=True)
class Translation:
    """`specifier` is a PEP 440 text. Where it is not `exact` it accepts a bit more than the file says (PEP 440 has no "or")."""

    specifier: str
    exact: bool = True


def translate(text: str) -> Translation | None:
    """A constraint as one specifier set; None where it is not one."""
    alternatives = parse_alternatives(text)
    if alternatives is None:
        return None
    if any(not clauses for clauses in alternatives):
        return Translation("")
    if len(alternatives) == 1:
        return Translation(",".join(alternatives[0]))
    return _union(alternatives)


def parse_alternatives(text: str) -> tuple[tuple[str, ...], ...] | None:
    """The constraint as alternatives ("or") of PEP 440 clauses ("and"); no clauses is "anything". None if it is not one."""
    if len(text) > LIMIT:
        return None
    alternatives = []
    for part in _ALTERNATIVES.split(text):
        clauses = _clauses(part)
        if clauses is None:
            return None
        alternatives.append(clauses)
    return tuple(alternatives)


def _clauses(text: str) -> tuple[str, ...] | None:
    text = text.strip()
    if text in ("", "*"):
        return ()
    clauses: list[str] = []
    position = 0
    while position < len(text):
        match = _CLAUSE.match(text, position)
        if match is None or match.end() == position:
            return None
        translated = _clause(match["op"] or "", match["version"].removeprefix("v"))
        if translated is None:
            return None
        clauses += translated
        position = match.end()
    return tuple(clauses)


def _clause(op: str, version: str) -> list[str] | None:
    if op == "===":
        return [f"==={version}"]
    if version == "*":
        return [] if op in ("", "=", "==", ">=", "<=", "^", "~") else None
    if _WILD.search(version):
        return _wildcard(op, _WILD.sub("", version))
    parsed = parse.version(version)
    if parsed is None:
        return None
    if op == "^":
        return [f">={version}", f"<{_caret_bound(parsed)}"]
    if op == "~":
        return [f">={version}", f"<{_tilde_bound(parsed)}"]
    if op == "~=" and len(parsed.release) == 1:
        return [f">={version}", f"<{parsed.major + 1}"]
    return [f"{'==' if op in ('', '=') else op}{version}"]


def _wildcard(op: str, version: str) -> list[str] | None:
    parsed = parse.version(version)
    if parsed is None:
        return None
    if op in ("", "=", "=="):
        return [f"=={version}.*"]
    if op == "!=":
        return [f"!={version}.*"]
    return _clause(op, version)


def _caret_bound(version: Version) -> str:
    release = version.release
    position = next((place for place, number in enumerate(release) if number), len(release) - 1)
    return _bumped(release, position)


def _tilde_bound(version: Version) -> str:
    return _bumped(version.release, min(1, len(version.release) - 1))


def _bumped(release: tuple[int, ...], position: int) -> str:
    numbers = [*release[:position], release[position] + 1, *(0 for _ in release[position + 1 :])]
    return ".".join(str(number) for number in (numbers if len(numbers) > 1 else [*numbers, 0]))


@dataclass(frozen=True, slots=True)
class _Span:
    """An interval of versions; None is unbounded."""

    low: Version | None
    low_included: bool
    high: Version | None
    high_included: bool


def _union(alternatives: tuple[tuple[str, ...], ...]) -> Translation:
    """One specifier set around all alternatives, with what lies between them excluded where PEP 440 can say so."""
    spans = [_span(clauses) for clauses in alternatives]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return Translation("", exact=False)
    known.sort(key=lambda span: (span.low is not None, span.low or Version("0"), not span.low_included))
    merged = [known[0]]
    exclusions: list[str] = []
    exact = True
    for span in known[1:]:
        between = _between(merged[-1], span)
        exact = exact and between is not None
        exclusions += between or ()
        merged[-1] = _hull(merged[-1], span)
    bounds = _bounds(merged[0])
    if len(exclusions) > MOST_EXCLUSIONS:
        return Translation(",".join(bounds), exact=False)
    return Translation(",".join((*bounds, *exclusions)), exact=exact)


def _span(clauses: tuple[str, ...]) -> _Span | None:
    low = high = None
    low_included = high_included = False
    for clause in clauses:
        match = re.fullmatch(r"(>=|>|<=|<|==)([^*]+?)(\.\*)?", clause)
        version = parse.version(match[2]) if match else None
        if match is None or version is None:
            return None
        if match[1] == "==":
            if low or high:
                return None
            low, low_included = version, True
            high, high_included = version, True
            if match[3]:
                high, high_included = Version(_bumped(version.release, len(version.release) - 1)), False
        elif match[1][0] == ">" and low is None:
            low, low_included = version, match[1] == ">="
        elif match[1][0] == "<" and high is None:
            high, high_included = version, match[1] == "<="
        else:
            return None
    return _Span(low, low_included, high, high_included)


def _between(left: _Span, right: _Span) -> tuple[str, ...] | None:
    """What lies between two spans as `!=` clauses: () if they touch, None where PEP 440 cannot say it."""
    if left.high is None or right.low is None or right.low < left.high:
        return ()
    if left.high == right.low:
        return () if left.high_included or right.low_included else (f"!={left.high}",)
    if left.high_included or not right.low_included:
        return None
    size = max(len(left.high.release), len(right.low.release))
    low, high = (v.release + (0,) * (size - len(v.release)) for v in (left.high, right.low))
    place = next(index for index in range(size) if low[index] != high[index])
    if any(low[place + 1 :]) or any(high[place + 1 :]) or high[place] - low[place] > MOST_EXCLUSIONS:
        return None
    head = ".".join(str(number) for number in low[:place])
    return tuple(f"!={head}{'.' if head else ''}{number}.*" for number in range(low[place], high[place]))


def _hull(left: _Span, right: _Span) -> _Span:
    if left.high is None or right.high is None:
        return _Span(left.low, left.low_included, None, False)
    further = max((left.high, left.high_included), (right.high, right.high_included))
    return _Span(left.low, left.low_included, *further)


def _bounds(span: _Span) -> tuple[str, ...]:
    bounds = []
    if span.low is not None:
        bounds.append(f"{'>=' if span.low_included else '>'}{span.low}")
    if span.high is not None:
        bounds.append(f"{'<=' if span.high_included else '<'}{span.high}")
    return tuple(bounds)


def python_marker(text: str) -> str | None:
    """A constraint on Python as a PEP 508 marker; "" for any Python, None where it is not a constraint."""
    alternatives = parse_alternatives(text)
    if alternatives is None:
        return None
    if any(not clauses for clauses in alternatives):
        return ""
    parts = [" and ".join(_python_clause(clause) for clause in clauses) for clauses in alternatives]
    return parts[0] if len(parts) == 1 else " or ".join(f"({part})" if " and " in part else part for part in parts)


def _python_clause(clause: str) -> str:
    match = re.fullmatch(r"(===|==|~=|!=|<=|>=|<|>)(.+)", clause)
    op, version = (match[1], match[2]) if match else ("==", clause)
    parsed = parse.version(version.removesuffix(".*"))
    release = parsed.release if parsed else ()
    patch_decides = len(release) > 2 or op in (">", "<=")  # "> 3.8" takes 3.8.1 in, "<= 3.9" leaves 3.9.1 out
    full = patch_decides or (len(release) == 1 and op in ("==", "!=") and not version.endswith(".*"))
    return f'{"python_full_version" if full else "python_version"} {op} "{version}"'
