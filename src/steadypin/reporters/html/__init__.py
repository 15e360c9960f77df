"""One HTML file that people look at: nothing is loaded from anywhere, and it works without its script."""

from __future__ import annotations

from steadypin.model.report import Report
from steadypin.reporters.html.page import audit_page
from steadypin.reporters.html.rendering import render_page
from steadypin.reporters.reporter import Presentation


def render(report: Report, presentation: Presentation) -> str:
    """The whole page; the presentation changes nothing."""
    del presentation
    return render_page("audit.html", audit_page(report))
