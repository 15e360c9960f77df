"""A report as text: same report, same bytes; hostile names are escaped.

`REPORTERS` is the list of formats; adding one is a module with `render` and a line here. Modules are imported when they are
used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from steadypin.reporters.reporter import Presentation, Reporter, by_name

if TYPE_CHECKING:
    from steadypin.model.report import Report

REPORTERS: Mapping[str, Reporter[Report]] = by_name(
    Reporter(name="terminal", suffixes=(".txt",), module="steadypin.reporters.terminal"),
    Reporter(name="json", suffixes=(".json",), module="steadypin.reporters.json"),
    Reporter(name="markdown", suffixes=(".md", ".markdown"), module="steadypin.reporters.markdown"),
    Reporter(name="sarif", suffixes=(".sarif", ".sarif.json"), module="steadypin.reporters.sarif"),
    Reporter(name="github", suffixes=(".github.txt",), module="steadypin.reporters.github"),
    Reporter(
        name="gitlab",
        suffixes=(".gitlab.json", "codequality.json", "code-quality-report.json"),
        module="steadypin.reporters.gitlab",
    ),
    Reporter(name="junit", suffixes=(".xml",), module="steadypin.reporters.junit"),
    Reporter(name="html", suffixes=(".html", ".htm"), module="steadypin.reporters.html"),
    Reporter(name="cyclonedx", suffixes=(".cdx.json",), module="steadypin.reporters.cyclonedx"),
    Reporter(name="openvex", suffixes=(".openvex.json", ".vex.json"), module="steadypin.reporters.openvex"),
)

__all__ = ["REPORTERS", "Presentation", "Reporter"]
