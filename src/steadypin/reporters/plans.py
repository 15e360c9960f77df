"""The formats of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from steadypin.model.plan import Plan
from steadypin.reporters.reporter import Reporter, by_name

PLAN_REPORTERS: Mapping[str, Reporter[Plan]] = by_name(
    Reporter(name="terminal", suffixes=(".txt",), module="steadypin.reporters.plan_terminal"),
    Reporter(name="json", suffixes=(".json",), module="steadypin.reporters.plan_json"),
    Reporter(name="markdown", suffixes=(".md",), module="steadypin.reporters.plan_markdown"),
    Reporter(name="html", suffixes=(".html", ".htm"), module="steadypin.reporters.html.plan"),
)
