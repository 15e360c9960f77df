"""The formats of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from steadypin.model.plan import Plan
from steadypin.reporters.reporter import Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReporter:
    """A format: its name, the file suffixes that choose it, and the module whose `render(plan, presentation)` writes it."""

    name: str
    suffixes: tuple[str, ...]
    module: str

    def render(self, plan: Plan, presentation: Presentation) -> str:
        """The whole text, ending in a newline."""
        render = cast("Callable[[Plan, Presentation], str]", import_module(self.module).render)
        return render(plan, presentation)


PLAN_REPORTERS: Mapping[str, PlanReporter] = {
    reporter.name: reporter
    for reporter in (
        PlanReporter(name="terminal", suffixes=(".txt",), module="steadypin.reporters.plan_terminal"),
        PlanReporter(name="json", suffixes=(".json",), module="steadypin.reporters.plan_json"),
        PlanReporter(name="markdown", suffixes=(".md",), module="steadypin.reporters.plan_markdown"),
        PlanReporter(name="html", suffixes=(".html", ".htm"), module="steadypin.reporters.html.plan"),
    )
}
