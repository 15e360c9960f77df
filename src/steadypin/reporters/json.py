"""JSON, as scripts outside rely on it."""

from __future__ import annotations

from steadypin.codec import dump_document
from steadypin.model.report import Report
from steadypin.reporters.plain import report_document
from steadypin.reporters.reporter import Presentation


def render(report: Report, presentation: Presentation) -> str:
    """One document; the presentation changes nothing."""
    del presentation
    return dump_document(report_document(report))
