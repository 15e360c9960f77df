"""Whether two lists of alternatives of one requirement ask for the same wherever they are installed.

uv writes markers anew (`python_version < "3.11"` becomes `python_full_version < '3.11'`) and leaves out what `requires-python`
says already, so texts cannot be compared: what applies is, over the Pythons and platforms that could tell a difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product

from steadypin.model import parse
from steadypin.remembered import remembered

Alternative = tuple[str, str]
"""What is asked for, and the marker under which ("" is always)."""

MOST = 3000
"""How many environments are looked at; where more could tell a difference, none is claimed."""
_MINORS = range(6, 17)
_PLATFORMS = (("linux", "posix", "Linux"), ("win32", "nt", "Windows"), ("darwin", "posix", "Darwin"))
_MACHINES = ("x86_64", "aarch64", "arm64", "AMD64")
_IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
_KNOWN = frozenset({*_MACHINES, *(word for row in (*_PLATFORMS, *_IMPLEMENTATIONS) for word in row)})


def alike(before: Iterable[Alternative], now: Iterable[Alternative], requires_python: str, extra: str) -> bool:
    """True unless there is an environment, of the Pythons that the project is for, in which they ask for different things."""
    sides = [sorted(list(alternative) for alternative in side) for side in (before, now)]
    return sides[0] == sides[1] or _alike(json.dumps([*sides, requires_python, extra]))


@remembered
def _alike(question: str) -> bool:
    before, now, requires_python, extra = json.loads(question)
    environments = list(_environments(" ".join(marker for _, marker in (*before, *now)), requires_python))
    if len(environments) > MOST:
        return True
    return all(_applying(before, where, extra) == _applying(now, where, extra) for where in environments)


def _applying(alternatives: list[list[str]], environment: tuple[tuple[str, str], ...], extra: str) -> set[str]:
    return {what for what, marker in alternatives if not marker or parse.evaluate_marker(marker, environment, (extra,), ())}


def _environments(markers: str, requires_python: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Each in which a marker could say something else than in another."""
    words = set(re.findall(r"['\"]([^'\"]{1,60})['\"]", markers))
    versions = {word for word in words if re.fullmatch(r"\d+(\.\d+){1,2}", word)}
    others = sorted(words - versions - _KNOWN)
    platforms = [*_PLATFORMS, *((word, word, word) for word in others)] if re.search("os_name|platform|system", markers) else []
    machines = [*_MACHINES, *others] if "machine" in markers else []
    implementations = _IMPLEMENTATIONS if "implementation" in markers else ()
    pythons = _pythons(versions, requires_python) if "python" in markers else []
    choices = product(
        pythons or ["3.12.1"], platforms or _PLATFORMS[:1], machines or _MACHINES[:1], implementations or _IMPLEMENTATIONS[:1]
    )
    for python, (system, family, title), machine, (implementation, interpreter) in choices:
        yield (
            ("python_version", ".".join(python.split(".")[:2])),
            ("python_full_version", python),
            ("implementation_version", python),
            ("sys_platform", system),
            ("os_name", family),
            ("platform_system", title),
            ("platform_machine", machine),
            ("implementation_name", implementation),
            ("platform_python_implementation", interpreter),
            ("platform_release", ""),
            ("platform_version", ""),
        )


def _pythons(named: set[str], requires_python: str) -> list[str]:
    """The first and a late release of each minor version, and those that are named."""
    found = {f"3.{minor}.{micro}" for minor in _MINORS for micro in (0, 30)} | {word for word in named if word.count(".") == 2}
    return sorted(python for python in found if not requires_python or parse.admits(requires_python, python))
