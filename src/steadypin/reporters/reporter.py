"""What a reporter is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from steadypin.model.report import Report


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
class Reporter:
    """A format: its name, the file suffixes that choose it, and the module whose `render(report, presentation) -> str`
    writes it.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str

    def render(self, report: Report, presentation: Presentation) -> str:
        """The whole text, ending in a newline."""
        render = cast("Callable[[Report, Presentation], str]", import_module(self.module).render)
        return render(report, presentation)
