"""Everything that can go wrong, as values that know their exit code and a way out.

SteadypinError                 2  the work could not be done
├── UsageError                 2  an option or argument that makes no sense
├── ConfigError                2  [tool.steadypin] or steadypin.toml is wrong; carries file and line
├── SourceError                2  a file of the project could not be read; carries its Location
├── EnvironmentNotFound        2  no Python environment; carries where we looked
├── InterpreterError           2  an interpreter that does not start or answers nonsense
├── OutputError                2  a report that could not be written
├── NetworkError               2  an index or service that failed (usually turned into a Gap)
├── CommandError               2  an external command that failed; carries its output
│   ├── CommandNotFound        2
│   └── CommandTimeout         2
├── ResolverError              2  a resolver that failed for a reason other than a conflict
├── Unsolvable                 2  declarations that contradict each other; carries the conflict
├── DatabaseError              2  an advisory database that cannot be used
├── StaleInput                 2  a plan, baseline or result that belongs to other facts or another schema
└── Inconclusive               3  baseline red, flaky, or gaps under --strict

Each carries `message` (what, where) and `hint` (the next step), both plain text; nothing here is ever a traceback for the user.
"""

from __future__ import annotations

from typing import ClassVar

from steadypin.model.location import Location


class SteadypinError(Exception):
    """An error that the user can do something about."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SteadypinError):
    """An option or an argument that makes no sense, alone or with another."""


class LocatedError(SteadypinError):
    """An error at a place in a file."""

    def __init__(self, message: str, *, location: Location, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.location = location

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


class ConfigError(LocatedError):
    """A configuration that is wrong: unknown key, bad value, missing reason."""


class SourceError(LocatedError):
    """A file that could not be read as what it claims to be."""


class EnvironmentNotFound(SteadypinError):
    """No Python environment was found; `looked` lists the places, in order."""

    def __init__(self, message: str, *, looked: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.looked = looked


class InterpreterError(SteadypinError):
    """An interpreter that does not start, or answers something else than its own description."""


class OutputError(SteadypinError):
    """A report or a lock that could not be written."""


class NetworkError(SteadypinError):
    """An index or a service that did not give a usable answer; `reason` is a short machine-readable word."""

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class CommandError(SteadypinError):
    """An external command that failed; `output` is its captured and redacted text."""

    def __init__(self, message: str, *, output: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


class CommandNotFound(CommandError):
    """An external command that is not there."""


class CommandTimeout(CommandError):
    """An external command that took longer than it was allowed to."""


class ResolverError(SteadypinError):
    """A resolver that failed for a reason other than a conflict of requirements."""


class BuildFailed(ResolverError):
    """A resolver that could not build a source distribution; `output` is what it said."""

    def __init__(self, message: str, *, output: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


class Unsolvable(SteadypinError):
    """The project's own declarations contradict each other."""


class DatabaseError(SteadypinError):
    """An advisory database that is missing, broken or from a newer schema."""


class StaleInput(SteadypinError):
    """A plan, baseline or result that was made from other facts, edited, or written by a newer schema."""


class Inconclusive(SteadypinError):
    """The question could not be decided."""

    exit_code = 3
