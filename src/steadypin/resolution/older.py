"""Source distributions that do not build with today's build tools, built with older ones.

An old pin has no wheel for a newer Python, and what setuptools and Cython have dropped since is no fault of its. What was
built lies in a folder of wheels for each choice of tools; `links` are the options that tell uv of them, `built` says what was
done, so that every result can say it as well.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from steadypin import process
from steadypin.errors import BuildFailed, CommandError
from steadypin.model.parse import normalise
from steadypin.model.resolution import Question, Resolution
from steadypin.values import dataclass, field, replace

TOOLS = (
    ("setuptools<82", "wheel"),
    ("setuptools<66", "wheel<0.46", "cython<3"),
    ("setuptools<58", "wheel<0.46", "cython<3"),
    ("setuptools<46", "wheel<0.46", "cython<3"),
)
"""Before setuptools dropped pkg_resources; before it held versions to the standard; use_2to3; Feature. Cython broke with 3, and
wheel 0.46 works with newer setuptools alone. By version and not by day, as not every index says when a file came.
"""

TIMEOUT = 900.0
"""Seconds for one build."""

_RELEASE = re.compile(r"Failed to (?:build|download and build) `([A-Za-z0-9][\w.-]{0,99})==([\w.!+-]{1,60})`")
_TOOLS = re.compile(
    r"^\W*(?:[\w.]*(?:Error|Exception|InvalidVersion|InvalidSpecifier)\b|error in .{1,100} setup command)"
    r".*(?:setuptools|pkg_resources|2to3|cython|distutils|Invalid (?:version|specifier)|install_layout|setup command)",
    re.MULTILINE | re.IGNORECASE,
)
"""A line in which a build ends that its tools do not understand; a compiler's or a missing library's error is none."""

_BELOW = "-below-"

Sdist = tuple[str, bytes]
"""Name and content of a source distribution."""


def failed_release(said: str) -> tuple[str, str] | None:
    """(name, version) of the source distribution that an installer or a resolver could not build."""
    found = _RELEASE.search(" ".join(said.split()))
    return (normalise(found[1]), found[2]) if found else None


@dataclass(slots=True, kw_only=True)
class OlderTools:
    """`folder` keeps the wheels for one Python. `start` gives the words that start uv and the interpreter to build for, None
    where there is no uv; `options` and `variables` say which indexes. `fetch` gets a release's source distribution, None where
    there is none to be had.
    """

    folder: Path
    start: Callable[[], tuple[tuple[str, ...], str] | None]
    fetch: Callable[[str, str], Sdist | None]
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    tell: Callable[[str], None] = lambda _: None
    _tried: set[tuple[str, str]] = field(default_factory=set)

    def mend(self, said: str) -> bool:
        """Build what could not be built, of which `said` tells; whether there is a wheel of it now that was not there."""
        release = failed_release(said)
        if release is None or release in self._tried or not _TOOLS.search(said):
            return False
        self._tried.add(release)
        started, sdist = self.start(), self.fetch(*release)
        if started is None or sdist is None:
            return False
        return any(self._build(*started, release, sdist, tools) for tools in TOOLS)

    def _build(self, uv: tuple[str, ...], python: str, release: tuple[str, str], sdist: Sdist, tools: tuple[str, ...]) -> bool:
        self.tell(f"{release[0]} {release[1]} does not build: once more with {tools[0]}")
        with tempfile.TemporaryDirectory(prefix="steadypin-", ignore_cleanup_errors=True) as name:
            file, constraints = Path(name) / Path(sdist[0]).name, Path(name) / "constraints.txt"
            into = self.folder / tools[0].replace("<", _BELOW)
            words = [*uv, "build", "--wheel", "--quiet", "--no-python-downloads", "--python", python]
            words += ["--build-constraints", str(constraints), *self.options, "--out-dir", str(into), str(file)]
            try:
                file.write_bytes(sdist[1])
                constraints.write_text("\n".join(tools) + "\n", encoding="utf-8")
                return process.run(words, timeout=TIMEOUT, cwd=Path(name), environment=self._environment()).ok
            except (OSError, CommandError):  # what the first build said is told then
                return False

    def _environment(self) -> dict[str, str]:
        keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
        return process.scrubbed_environment(keep=keep, extra={**dict(self.variables), "NO_COLOR": "1"})

    def links(self) -> tuple[str, ...]:
        """What uv is told of the wheels; () where there are none. In one word, for it is no place of the user's: beside those,
        two words make one pool of several indexes (`uv.index_options`).
        """
        return tuple(f"--find-links={folder}" for folder in sorted({str(wheel.parent) for wheel in self._wheels()}))

    def built(self) -> Iterator[tuple[str, str, str]]:
        """(name, version, the tools that built it, as `setuptools<58`) of every wheel."""
        for wheel in self._wheels():
            name, version, *_ = wheel.name.split("-")
            yield normalise(name), version, wheel.parent.name.replace(_BELOW, "<")

    def _wheels(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.whl"))


class _Solver(Protocol):
    @property
    def name(self) -> str: ...

    def resolve(self, question: Question) -> Resolution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbearing:
    """A resolver that builds with older tools what does not build with today's, and asks again.

    Not where hashes are asked for: a wheel of ours has one that no index gives.
    """

    solver: _Solver
    tools: OlderTools

    @property
    def name(self) -> str:
        return self.solver.name

    def resolve(self, question: Question) -> Resolution:
        """Raises ResolverError."""
        while True:
            links = () if question.hashes else self.tools.links()
            try:
                return self.solver.resolve(replace(question, options=(*question.options, *links)))
            except BuildFailed as error:
                if question.hashes or not self.tools.mend(error.output):
                    raise
