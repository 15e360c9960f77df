"""`steadypin verify-image`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import write_file, write_stdout
from steadypin.errors import UsageError

Image = Annotated[
    Path, typer.Argument(metavar="IMAGE", help="A docker save or OCI tar, an OCI layout folder, or a container's root folder.")
]
Locks = Annotated[list[Path] | None, typer.Option("--lock", metavar="FILE", help="The lock; may be repeated.")]
Project = Annotated[Path | None, typer.Option("--project", metavar="DIR", help="The project (default: the lock's folder).")]
Inside = Annotated[str | None, typer.Option("--in", metavar="PATH", help="The environment's place in the image: /app/.venv.")]
Allow = Annotated[list[str] | None, typer.Option("--allow", metavar="NAME", help="This may be there; may be repeated.")]
Exact = Annotated[bool, typer.Option("--exact", help="pip, setuptools and what the base brought count as extra, too.")]
Group = Annotated[list[str] | None, typer.Option("--group", help="This dependency group is installed as well.")]
Extra = Annotated[list[str] | None, typer.Option("--extra", help="This extra is installed as well.")]
Json = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write the verdict as JSON.")]


def verify_image(
    image: Image,
    lock: Locks = None,
    project: Project = None,
    inside: Inside = None,
    allow: Allow = None,
    group: Group = None,
    extra: Extra = None,
    exact: Exact = False,
    format: options.Format = None,
    output: Json = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Tell whether a finished image holds exactly what a lock says. Nothing of the image is run.

    \b
    docker save app:1 -o app.tar && steadypin verify-image app.tar --lock requirements.txt
    steadypin verify-image app.tar --lock uv.lock --in /app/.venv --format json
    """
    if format not in (None, "terminal", "json"):
        raise UsageError(f"no format {format!r} for a verdict", hint="terminal or json")
    from steadypin.pipeline.verify_image import VerifyRequest, verify
    from steadypin.reporters.verdicts import verdicts_json, verdicts_text

    request = VerifyRequest(
        image=image,
        locks=tuple(lock or ()),
        project=project,
        inside=inside,
        allowed=tuple(allow or ()),
        extras=tuple(extra or ()),
        groups=tuple(group or ()),
        exact=exact,
    )
    verdicts = verify(request)
    if output is not None:
        write_file(output, verdicts_json(verdicts))
    write_stdout(verdicts_json(verdicts) if format == "json" else verdicts_text(verdicts, quiet=quiet, verbose=verbose))
    return 1 if any(verdict.differences for verdict in verdicts) else 0
