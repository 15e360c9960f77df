"""What a project's own code says of the packages that it needs."""

from __future__ import annotations

from steadypin.model.location import Location
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeImport:
    """A module that the code imports from outside itself, at its first place.

    `name` is dotted, as far as the import statement says (`from google.cloud import storage` gives "google.cloud.storage").
    `tests`: only test code imports it. `optional`: every import of it stands in a `try` that catches ImportError, or under
    TYPE_CHECKING, so that the program runs without it.
    """

    name: str
    location: Location
    tests: bool = False
    optional: bool = False

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeUse:
    """All imports, ascending by name; `mentions` are words that name a module or a command without an import: the first part
    of dotted texts in code (Django's INSTALLED_APPS), and words of Procfile, Dockerfile, shell scripts and unit files.
    `files` counts the Python files that were read; `truncated` says that there were more.
    """

    imports: tuple[CodeImport, ...] = ()
    mentions: frozenset[str] = frozenset()
    files: int = 0
    truncated: bool = False
