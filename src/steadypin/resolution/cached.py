"""Answers kept by content: the same question about the same facts is not asked twice."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from steadypin import __version__, codec
from steadypin.errors import StaleInput
from steadypin.model.resolution import Question, Resolution
from steadypin.values import dataclass

_KIND = "resolution"


class Solver(Protocol):
    """Whoever answers what is not kept yet."""

    @property
    def name(self) -> str: ...

    def resolve(self, question: Question) -> Resolution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """`folder` keeps one file per answer. `context` names the state of the indexes (the digest of the facts): the same question
    may have another answer once they have moved.
    """

    solver: Solver
    folder: Path
    context: str

    @property
    def name(self) -> str:
        return self.solver.name

    def resolve(self, question: Question) -> Resolution:
        """The kept answer, else the solver's. A kept file that cannot be read counts as not kept; errors are never kept."""
        file = self.folder / f"{self._key(question)}.json"
        kept = _read(file)
        if kept is not None:
            return kept
        resolution = self.solver.resolve(question)
        _write(file, codec.encode(resolution, kind=_KIND))
        return resolution

    def _key(self, question: Question) -> str:
        return hashlib.sha256(f"{__version__}\0{self.name}\0{self.context}\0{codec.digest(question)}".encode()).hexdigest()


def _read(file: Path) -> Resolution | None:
    try:
        return codec.decode(file.read_text(encoding="utf-8"), Resolution, kind=_KIND, path=str(file))
    except (OSError, UnicodeDecodeError, StaleInput):
        return None


def _write(file: Path, text: str) -> None:
    """Whole or not at all; a cache that cannot be written is no error."""
    scratch = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(file)
    except OSError:
        scratch.unlink(missing_ok=True)
