"""A report in the reader's browser."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from pathlib import Path

from steadypin.cli.output import Destinations, write_file
from steadypin.model.report import Report
from steadypin.reporters import REPORTERS, Presentation
from steadypin.text import shown


def open_report(report: Report, to: Destinations[Report]) -> None:
    """Open the HTML file that was written, else one in a private scratch folder (it stays: the browser still reads it).

    Where no browser starts, the place is said on stderr. BROWSER chooses the program, as the standard library has it.
    """
    written = [path for path, chosen in to.files if chosen.name == "html"]
    path = written[0] if written else Path(tempfile.mkdtemp(prefix="steadypin-")) / "report.html"
    if not written:
        write_file(path, REPORTERS["html"].render(report, Presentation()))
    if not webbrowser.open(path.resolve().as_uri()):
        sys.stderr.write(f"no browser could be started; the report is {shown(str(path.resolve()))}\n")
