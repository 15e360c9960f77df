"""The formats of an upgrade's result."""

from __future__ import annotations

from collections.abc import Mapping

from steadypin.model.upgrade import UpgradeResult
from steadypin.reporters.reporter import Reporter, by_name

UPGRADE_REPORTERS: Mapping[str, Reporter[UpgradeResult]] = by_name(
    Reporter(name="terminal", suffixes=(".txt",), module="steadypin.reporters.upgrade_terminal"),
    Reporter(name="json", suffixes=(".json",), module="steadypin.reporters.upgrade_json"),
    Reporter(name="markdown", suffixes=(".md",), module="steadypin.reporters.upgrade_markdown"),
    Reporter(name="junit", suffixes=(".xml",), module="steadypin.reporters.upgrade_junit"),
    Reporter(name="html", suffixes=(".html", ".htm"), module="steadypin.reporters.html.upgrade"),
)
