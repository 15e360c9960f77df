"""What shall change in a lock, as values."""

from __future__ import annotations

from steadypin.model.released import ReleaseFile
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repin:
    """The pin of `name` at `line` (from 1; where its entry begins) moves. `files` are those of the new release."""

    line: int
    name: str
    before: str
    after: str
    files: tuple[ReleaseFile, ...] = ()

    @property
    def hashes(self) -> tuple[str, ...]:
        """`sha256:…` of each file, sorted as compilers write them."""
        return tuple(sorted({text for file in self.files for text in file.hashes if text.startswith("sha256:")}))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPin:
    """A package that a lock has to hold from now on; `via` are the names that ask for it."""

    name: str
    version: str
    files: tuple[ReleaseFile, ...] = ()
    via: tuple[str, ...] = ()

    @property
    def hashes(self) -> tuple[str, ...]:
        """As of a Repin."""
        return Repin(line=0, name=self.name, before="", after=self.version, files=self.files).hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """All changes of one file; `drops` are the lines at which entries that go begin."""

    repins: tuple[Repin, ...] = ()
    adds: tuple[NewPin, ...] = ()
    drops: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.repins or self.adds or self.drops)
