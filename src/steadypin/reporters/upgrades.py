"""The formats of an upgrade's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from steadypin.model.upgrade import UpgradeResult
from steadypin.reporters.reporter import Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeReporter:
    """A format: its name, the file suffixes that choose it, and the module whose `render(result, presentation)` writes it."""

    name: str
    suffixes: tuple[str, ...]
    module: str

    def render(self, result: UpgradeResult, presentation: Presentation) -> str:
        """The whole text, ending in a newline."""
        render = cast("Callable[[UpgradeResult, Presentation], str]", import_module(self.module).render)
        return render(result, presentation)


UPGRADE_REPORTERS: Mapping[str, UpgradeReporter] = {
    reporter.name: reporter
    for reporter in (
        UpgradeReporter(name="terminal", suffixes=(".txt",), module="steadypin.reporters.upgrade_terminal"),
        UpgradeReporter(name="json", suffixes=(".json",), module="steadypin.reporters.upgrade_json"),
        UpgradeReporter(name="markdown", suffixes=(".md",), module="steadypin.reporters.upgrade_markdown"),
        UpgradeReporter(name="junit", suffixes=(".xml",), module="steadypin.reporters.upgrade_junit"),
        UpgradeReporter(name="html", suffixes=(".html", ".htm"), module="steadypin.reporters.html.upgrade"),
    )
}
