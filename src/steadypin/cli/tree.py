"""`steadypin tree`."""

from __future__ import annotations

from steadypin.cli.output import format_named, presentation, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_of
from steadypin.cli.words import (
    FactsOption,
    FormatOption,
    GroupOptions,
    IndexOptions,
    ProjectOptions,
    SnapshotOption,
    TargetOption,
    argument,
    flag,
    text,
)
from steadypin.config import number_up_to


class TreeOptions(FormatOption, FactsOption, SnapshotOption, GroupOptions, IndexOptions, ProjectOptions, TargetOption):
    """The options of `steadypin tree`."""

    package: str = argument("The package in question.", kind="text", metavar="PACKAGE")
    depth: str | None = text("Show so many levels.", metavar="NUMBER", read=number_up_to(60))
    no_env: bool = flag("Look at locks and manifests alone.")


def tree(options: TreeOptions) -> int:
    """Show why a package is there and what holds it back: what it needs, and what needs it, with the versions asked for.

    \b
    steadypin tree urllib3                          in this folder's environment
    steadypin tree urllib3 --no-env --lock uv.lock  as the lock has it
    steadypin tree urllib3 --depth 1                its neighbours alone
    """
    format = format_named(options.format, ("terminal", "json"), "a tree")
    settings = settings_of(options)
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import tree as use_case
    from steadypin.reporters import tree as reporter

    request = reading.Request(
        no_environment=options.no_env,
        snapshot=options.snapshot,
        ledgers=frozenset({"index"}),
        progress=counter("asking the index"),
    )
    facts = reading.load(options.facts_in) if options.facts_in else reading.gather(settings, request)
    found = use_case.tree(facts, settings, options.package, levels=options.read("depth"))
    if format == "json":
        from steadypin.codec import dump_document

        write_stdout(dump_document(reporter.document(found)))
    else:
        write_stdout(reporter.text(found, presentation()))
    return 0
