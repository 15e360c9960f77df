"""What uv's log tells about the requirements of the versions that it looked at.

The log is no interface, so nothing rests on it: where its lines look otherwise, there is less evidence and that is all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.specifiers import SpecifierSet

from steadypin.model.parse import normalise, requirement, specifiers
from steadypin.model.resolution import Required

_LINE = re.compile(
    r"DEBUG Adding transitive dependency for (?P<by>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?:\{[^}]*\})?==(?P<version>\S+): "
    r"(?P<name>[A-Za-z0-9._-]+?)(?:\[[^\]]*\])?(?:\{[^}]*\})?(?P<range>\*|[<>=!].*)$",
    re.MULTILINE,
)
_PLUS = re.compile(
    r"(?P<operator><|>=)(?P<version>[^<>=+]+)\+$"
)  # just above a version: `<1.2+` is `<=1.2`, `>=1.2+` is `>1.2`
_HOLE = re.compile(r"<(?P<version>[^,\s|+]+) \| >=(?P=version)\+")
_EXACT = re.compile(r">=(?P<low>[^,\s]+), <(?P=low)\+")
_LIMIT = 50_000


def read_evidence(log: str, constraints: Iterable[str] = ()) -> tuple[Required, ...]:
    """The requirements that a log names, sorted, each once; at most 50,000.

    uv applies constraints as if every package required them; what says the same as one of the question's is left out.
    """
    applied = {(normalise(parsed.name), parsed.specifier) for text in constraints if (parsed := requirement(text))}
    found: set[Required] = set()
    for match in _LINE.finditer(log):
        by, name = normalise(match["by"]), normalise(match["name"])
        specifier = read_range(match["range"])
        if by != name and specifier is not None and (name, SpecifierSet(specifier)) not in applied:
            found.add(Required(by=by, version=match["version"], name=name, specifier=specifier))
        if len(found) >= _LIMIT:
            break
    return tuple(sorted(found))


def read_range(text: str) -> str | None:
    """A range as uv prints it as a PEP 440 specifier set; None where it has none.

    `>=1.2, <1.2+` is `==1.2`, and `<1.2 | >=1.2+` is `!=1.2`; of any other union only its outer bounds are kept, which never
    claims more than was said.
    """
    if text.strip() == "*":
        return ""
    text = _HOLE.sub(r"!=\g<version>", _EXACT.sub(r"==\g<low>", text))
    parts = [part.strip() for part in text.split(" | ")]
    if len(parts) > 1:
        low = [bound for bound in parts[0].split(", ") if bound.startswith(">")]
        high = [bound for bound in parts[-1].split(", ") if bound.startswith("<")]
        parts = [", ".join(low + high)]
    plain = ",".join(_bound(bound.strip()) for bound in parts[0].split(",") if bound.strip())
    return plain if specifiers(plain) is not None else None


def _bound(text: str) -> str:
    match = _PLUS.match(text)
    return text if match is None else {"<": "<=", ">=": ">"}[match["operator"]] + match["version"]
