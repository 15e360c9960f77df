"""One lock or manifest as it was read: `steadypin show`."""

from __future__ import annotations

from typing import Any

from steadypin.codec import SCHEMA_VERSION
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.reporters.layout import Cell, Column, count, paragraph, table
from steadypin.reporters.plain import location_row
from steadypin.reporters.reporter import Presentation
from steadypin.text import printable, redact


def document(file: SourceFile) -> dict[str, Any]:
    """`steadypin show FILE --format json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "path": file.path,
        "format": file.format,
        "format_version": file.format_version,
        "role": file.role,
        "requires_python": file.requires_python,
        "generated_by": file.generated_by,
        "stale": file.stale,
        "packages": [_row(package) for package in file.packages],
        "unpinned": list(file.unpinned),
        "includes": [{"kind": include.kind, "path": redact(include.path)} for include in file.includes],
        "index_urls": [redact(url) for url in file.index_urls],
        "problems": [{"message": redact(p.message), "location": location_row(p.location)} for p in file.problems],
    }


def _row(package: LockedPackage) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "marker": package.marker,
        "kind": package.kind,
        "hashes": package.hashed,
        "groups": sorted(package.groups) if package.groups is not None else None,
        "extras": sorted(package.extras) if package.extras is not None else None,
        "location": location_row(package.location),
    }


def text(file: SourceFile, presentation: Presentation) -> str:
    """For people."""
    columns = (
        Column(title="package", least=14, most=40),
        Column(title="version", least=8, most=24),
        Column(title="kind", most=8),
        Column(title="hashes", most=6),
        Column(title="line", most=6),
        Column(title="marker", least=8, most=80),
    )
    rows = [
        [
            Cell(text=printable(package.name or "(no name)")),
            Cell(text=printable(package.version or "-")),
            Cell(text=package.kind),
            Cell(text=str(package.hashed or "-")),
            Cell(text=str(package.location.line or "-")),
            Cell(text=printable(package.marker or "")),
        ]
        for package in file.packages
    ]
    version = f" {file.format_version}" if file.format_version else ""
    lines = [f"{printable(file.path)}: {file.format}{printable(version)}, {count(len(rows), 'package')}"]
    if rows:
        lines += ["", *table(columns, rows, width=presentation.width, color=presentation.color, ascii=presentation.ascii)]
    for include in file.includes:
        lines.append(f"includes ({include.kind}): {printable(redact(include.path))}")
    for problem in file.problems:
        lines += paragraph(f"problem: {printable(f'{problem.location}: {redact(problem.message)}')}", width=presentation.width)
    return "\n".join(lines) + "\n"
