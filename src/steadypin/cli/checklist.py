"""`steadypin checklist`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import check_writable, write_file, write_stdout
from steadypin.cli.plan import for_version, request_of
from steadypin.cli.progress import steps
from steadypin.cli.settings import settings_of
from steadypin.cli.words import ReviewOptions, file


class ChecklistOptions(ReviewOptions):
    """The options of `steadypin checklist`."""

    plan: Path | None = file("The plan to list; planned anew where not given.", metavar="FILE")
    result: Path | None = file("What `upgrade` found; its ticks and evidence are shown.", metavar="FILE")
    update: Path | None = file("Refresh this body in place; ticks and texts of people stay.", metavar="BODY.md")
    output: Path | None = file("Write a file instead.", short="-o", metavar="FILE")


def checklist(options: ChecklistOptions) -> int:
    """Print the plan as a Markdown checklist for a pull request, with the evidence where there is some.

    \b
    steadypin checklist --plan plan.json                       the list
    steadypin checklist --plan plan.json --result result.json  with what the tests proved
    steadypin checklist --plan plan.json --update body.md      refresh a body, keep ticks and texts
    """
    check_writable(options.output or options.update)
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import lifting, planning

    if options.plan is None:
        settings = for_version(settings_of(options))
        facts = planning.gather(settings, reading.Request())
        made = lifting.plan(facts, settings, request_of(options, settings), tell=steps("solving", quiet=options.quiet))
    else:
        made = planning.load(options.plan)
    text = planning.checklist_text(made, result=options.result, body=options.update)
    target = options.output or options.update
    if target is None:
        write_stdout(text)
    else:
        write_file(target, text)
    return 0
