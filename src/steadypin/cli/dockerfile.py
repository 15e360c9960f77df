"""`steadypin dockerfile`."""

from __future__ import annotations

import sys

from steadypin.cli.output import write_file, write_stdout
from steadypin.cli.settings import settings_of
from steadypin.cli.words import BaseOptions, IndexOptions, ProjectOptions, flag


class DockerfileOptions(BaseOptions, IndexOptions, ProjectOptions):
    """The options of `steadypin dockerfile`."""

    workflow: bool = flag("Also a GitHub workflow that builds, verifies and pushes.")
    write: bool = flag("Write the files into the project, over those that are there.")


def dockerfile(options: DockerfileOptions) -> int:
    """Print a Dockerfile that installs exactly what the lock says, and fails to build where it did not.

    \b
    steadypin dockerfile                        to look at
    steadypin dockerfile --write --workflow     Dockerfile, .dockerignore and a GitHub workflow
    """
    settings = settings_of(options)
    from steadypin.pipeline import dockerfile as use_case

    made = use_case.recipe(settings, use_case.RecipeRequest(base=options.base, glibc=options.glibc, musl=options.musl))
    texts = use_case.texts(made, workflow=options.workflow)
    if not options.write:
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
