"""`steadypin dockerfile`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import write_file, write_stdout
from steadypin.cli.settings import settings_for

Base = Annotated[str | None, typer.Option("--base", metavar="IMAGE", help="Stand on this image (default: python:X.Y-slim).")]
Glibc = Annotated[str | None, typer.Option("--glibc", metavar="VERSION", help="The base's glibc, where no table knows it.")]
Musl = Annotated[str | None, typer.Option("--musl", metavar="VERSION", help="The base's musl, where no table knows it.")]
Workflow = Annotated[bool, typer.Option("--workflow", help="Also a GitHub workflow that builds, verifies and pushes.")]
Write = Annotated[bool, typer.Option("--write", help="Write the files into the project, over those that are there.")]


def dockerfile(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    lock: options.Lock = None,
    base: Base = None,
    glibc: Glibc = None,
    musl: Musl = None,
    workflow: Workflow = False,
    write: Write = False,
    index_url: options.IndexUrl = None,
    offline: options.Offline = False,
    cache_dir: options.CacheDir = None,
) -> int:
    """Print a Dockerfile that installs exactly what the lock says, and fails to build where it did not.

    \b
    steadypin dockerfile                        to look at
    steadypin dockerfile --write --workflow     Dockerfile, .dockerignore and a GitHub workflow
    """
    settings = settings_for(
        path,
        python=python,
        locks=tuple(lock or ()),
        index_url=index_url,
        offline=offline or None,
        cache_dir=cache_dir,
    )
    from steadypin.pipeline import dockerfile as use_case

    made = use_case.recipe(settings, use_case.RecipeRequest(base=base, glibc=glibc, musl=musl))
    texts = use_case.texts(made, workflow=workflow)
    if not write:
        write_stdout("\n".join(text if name == "Dockerfile" else _commented(name, text) for name, text in texts.items()))
        return 0
    for name, text in texts.items():
        place = settings.root / name
        if name == ".dockerignore" and place.exists():
            sys.stderr.write(f"{place}: is there and was left alone\n")
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(place, text)
        sys.stderr.write(f"{place}: written\n")
    return 0


def _commented(name: str, text: str) -> str:
    """Another file, shown as comments, so that the whole is still a Dockerfile."""
    return f"# ===== {name}\n" + "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())
