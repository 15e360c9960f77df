"""What a reporter is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Generic, TypeVar, cast

from steadypin.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How a person wants to see it; machine formats do not look at it.

    `width` in columns; `ascii` where the output is not Unicode.
    """

    width: int = 100
    color: bool = False
    verbose: bool = False
    quiet: bool = False
    ascii: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter(Generic[T]):
    """A format of a report, a plan, an upgrade's result: its name, the file suffixes that choose it, and the module whose
    `render(value, presentation) -> str` writes it (`function` where it is called otherwise).
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    function: str = "render"

    def render(self, value: T, presentation: Presentation) -> str:
        """The whole text, ending in a newline."""
        render = cast("Callable[[T, Presentation], str]", getattr(import_module(self.module), self.function))
        return render(value, presentation)


def by_name(*reporters: Reporter[T]) -> Mapping[str, Reporter[T]]:
    """The formats of one kind of value, in the order in which they are offered."""
    return {reporter.name: reporter for reporter in reporters}
