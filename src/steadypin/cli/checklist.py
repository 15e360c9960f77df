"""`steadypin checklist`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import write_file, write_stdout
from steadypin.cli.plan import Exclude, MaxStages, OnlyPackage, ResolverName, To, teller
from steadypin.cli.settings import settings_for

PlanFile = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="The plan to list; planned anew where not given.")
]
ResultFile = Annotated[
    Path | None, typer.Option("--result", metavar="FILE", help="What `upgrade` found; its ticks and evidence are shown.")
]
Update = Annotated[
    Path | None, typer.Option("--update", metavar="BODY.md", help="Refresh this body in place; ticks and texts of people stay.")
]


def checklist(
    path: options.ProjectPath = Path(),
    plan: PlanFile = None,
    result: ResultFile = None,
    update: Update = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file instead.")] = None,
    python: options.Python = None,
    to: To = None,
    only: OnlyPackage = None,
    exclude: Exclude = None,
    max_stages: MaxStages = 10,
    resolver: ResolverName = "auto",
    index_url: options.IndexUrl = None,
    offline: options.Offline = False,
    cache_dir: options.CacheDir = None,
    quiet: options.Quiet = False,
) -> int:
    """Print the plan as a Markdown checklist for a pull request, with the evidence where there is some.

    \b
    steadypin checklist --plan plan.json                       the list
    steadypin checklist --plan plan.json --result result.json  with what the tests proved
    steadypin checklist --plan plan.json --update body.md      refresh a body, keep ticks and texts
    """
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import planning

    if plan is None:
        settings = settings_for(path, python=python, index_url=index_url, offline=offline or None, cache_dir=cache_dir)
        request = planning.PlanRequest(
            to=tuple(to or ()),
            only=tuple(only or ()),
            exclude=tuple(exclude or ()),
            max_stages=max_stages,
            resolver=resolver,
        )
        made = planning.plan(planning.gather(settings, reading.Request()), settings, request, tell=teller(quiet=quiet))
    else:
        made = planning.load(plan)
    text = planning.checklist_text(made, result=result, body=update)
    target = output or update
    if target is None:
        write_stdout(text)
    else:
        write_file(target, text)
    return 0
