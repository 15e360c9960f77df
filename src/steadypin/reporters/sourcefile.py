"""One lock or manifest as it was read: `steadypin show`."""

from __future__ import annotations

from typing import Any, cast

from steadypin.codec import SCHEMA_VERSION
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.reporters.layout import Cell, Column, count, paragraph, table
from steadypin.reporters.plain import location_row, redacted
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown


def document(file: SourceFile) -> dict[str, Any]:
    """`steadypin show FILE --format json`."""
    plain = {
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
        "includes": [{"kind": include.kind, "path": include.path} for include in file.includes],
        "index_urls": list(file.index_urls),
        "problems": [{"message": p.message, "location": location_row(p.location)} for p in file.problems],
    }
    return cast("dict[str, Any]", redacted(plain))


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
            Cell(text=shown(package.name or "(no name)")),
            Cell(text=shown(package.version or "-")),
            Cell(text=package.kind),
            Cell(text=str(package.hashed or "-")),
            Cell(text=str(package.location.line or "-")),
            Cell(text=shown(package.marker or "")),
        ]
        for package in file.packages
    ]
    version = f" {file.format_version}" if file.format_version else ""
    lines = [f"{shown(file.path)}: {file.format}{shown(version)}, {count(len(rows), 'package')}"]
    if rows:
        lines += ["", *table(columns, rows, width=presentation.width, color=presentation.color, ascii=presentation.ascii)]
    for include in file.includes:
        lines.append(f"includes ({include.kind}): {shown(include.path)}")
    for problem in file.problems:
        lines += paragraph(f"problem: {shown(f'{problem.location}: {problem.message}')}", width=presentation.width)
    return "\n".join(lines) + "\n"
