"""Where a finding shows in a repository: what code hosts can point at is a file of the project."""

from __future__ import annotations

from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.report import Report
from steadypin.text import shown


def project_place(finding: Finding, report: Report) -> Location:
    """The first place of the finding that is in a file of the project, else the first file that was read, as the repository
    names it. What stands in an environment has no line that a host could show.
    """
    inside = next((at for at in finding.locations if at.line is not None or at.path in report.files), None)
    place = inside or Location(path=report.files[0] if report.files else "pyproject.toml")
    return Location(path=in_repository(place.path, report), line=place.line or 1, column=place.column)


def in_repository(path: str, report: Report) -> str:
    """A path below the project's folder, as seen from where the command was run."""
    below = path if path.startswith("/") or not report.folder else f"{report.folder}/{path}"
    return shown(below, 1000)


def elsewhere(finding: Finding) -> str:
    """The first place of a finding that is in no file of the project (an environment's), "" where there is none."""
    return next((shown(str(at)) for at in finding.locations if at.line is None), "")


def sentence(finding: Finding) -> str:
    """The message, and what to do next."""
    return f"{shown(finding.message)}{f' -> {shown(finding.remedy)}' if finding.remedy else ''}"
