"""Options that several commands share. Each has a STEADYPIN_… variable and, where it is a habit, a key in [tool.steadypin]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProjectPath = Annotated[Path, typer.Argument(metavar="PATH", help="Project folder (or an image tar, or a container's root).")]
Python = Annotated[
    str | None,
    typer.Option(
        "--python", envvar="STEADYPIN_PYTHON", metavar="ENV", help="Environment: a venv, an interpreter, site-packages."
    ),
]
NoEnv = Annotated[bool, typer.Option("--no-env", help="Audit locks and manifests alone.")]
Snapshot = Annotated[Path | None, typer.Option("--snapshot", metavar="FILE", help="An environment written elsewhere.")]
Lock = Annotated[list[str] | None, typer.Option("--lock", metavar="FILE", help="Use this lock; may be repeated.")]
Target = Annotated[
    str | None,
    typer.Option("--target", envvar="STEADYPIN_TARGET", metavar="T", help="Judge for python=3.12,platform=linux_x86_64."),
]
Format = Annotated[str | None, typer.Option("--format", "-f", envvar="STEADYPIN_FORMAT", help="What to print on stdout.")]
Output = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", metavar="FILE", help="Also write a file; its suffix chooses the format; may be repeated."),
]
IndexUrl = Annotated[
    str | None,
    typer.Option("--index-url", envvar="STEADYPIN_INDEX_URL", metavar="URL", help="Ask this index instead of pip's."),
]
ExtraIndexUrl = Annotated[
    list[str] | None, typer.Option("--extra-index-url", metavar="URL", help="Ask this index as well; may be repeated.")
]
Offline = Annotated[bool, typer.Option("--offline", envvar="STEADYPIN_OFFLINE", help="No network; cached answers of any age.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", envvar="STEADYPIN_REFRESH", help="Ask again, also where the cache is fresh.")
]
CacheDir = Annotated[
    Path | None, typer.Option("--cache-dir", envvar="STEADYPIN_CACHE_DIR", metavar="DIR", help="Keep cached answers here.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Findings and totals only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every place and every gap.")]
To = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="LEVEL", help="latest, wanted, minor, patch or security; NAME=LEVEL for one package."),
]
OnlyPackage = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Move only this; may be repeated.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="NAME", help="Leave this alone; may be repeated.")]
Cooldown = Annotated[str | None, typer.Option("--cooldown", help="A release younger than this (7d) is not yet wanted.")]
MaxStages = Annotated[
    int | None, typer.Option("--max-stages", min=1, max=1000, help="Merge the least risky stages beyond this (10).")
]
ResolverName = Annotated[
    str | None,
    typer.Option("--resolver", envvar="STEADYPIN_RESOLVER", help="auto (uv where it is there), uv or pip-tools."),
]
