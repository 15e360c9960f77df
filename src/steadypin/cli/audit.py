"""`steadypin audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.cli.output import Destinations, check_writable, emit, presentation, write_file, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_of
from steadypin.cli.words import BaseOptions, FactsOption, JudgingOptions, NewsOptions, WithdrawnOption, file, flag, text
from steadypin.config import Settings, parse_days
from steadypin.errors import UsageError
from steadypin.reporters import REPORTERS
from steadypin.values import replace

if TYPE_CHECKING:
    from steadypin.model.facts import Facts
    from steadypin.model.report import Report
    from steadypin.pipeline.facts import Request


class AuditOptions(FactsOption, BaseOptions, WithdrawnOption, JudgingOptions, NewsOptions):
    """The options of `steadypin audit`."""

    no_env: bool = flag("Audit locks and manifests alone.")
    facts_out: Path | None = file("Save all that was read.", metavar="FILE")
    history: Path | None = file("Earlier audits (`steadypin history`), for the plots of the HTML report.", metavar="FILE")
    open: bool = flag("Open the report in the browser: the HTML file of -o, else one in a scratch folder.")
    for_image: bool = flag("Also tell what stands in the way of a container image (--base, --glibc, --musl) of what runs.")
    max_age: str | None = text(
        "A release older than this (2y) is a finding.", metavar="AGE", setting="max_age_days", read=parse_days
    )
    list_sources: bool = flag("List the files that were found, and stop.")


def audit(options: AuditOptions) -> int:
    """Tell what is installed, locked, declared and released, side by side, and what is wrong with it.

    \b
    steadypin audit                              this folder and its environment
    steadypin audit app --python app/.venv       another folder, this environment
    steadypin audit -o audit.json -o audit.md    files for machines and people
    steadypin audit --no-env --lock uv.lock --target python=3.12,platform=linux_aarch64
    steadypin audit --offline --fail-on high     no network, cached answers
    steadypin audit --for-image --base python:3.12-slim --target python=3.12,linux_x86_64,linux_aarch64
    """
    settings = settings_of(options)
    if settings.offline and settings.refresh:
        raise UsageError("--offline and --refresh exclude each other", hint="leave one out")
    to = Destinations.parse(options.format, options.output, REPORTERS, "an audit")
    check_writable(options.facts_out, *options.output)
    if not options.for_image and (options.base or options.glibc or options.musl):
        raise UsageError("--base, --glibc and --musl speak of an image", hint="give --for-image too")
    if options.list_sources:
        return _list_sources(settings)
    from steadypin.pipeline import audit as use_case
    from steadypin.pipeline import facts as reading

    request = reading.Request(
        no_environment=options.no_env,
        snapshot=options.snapshot,
        progress=counter("asking the index", quiet=options.quiet),
    )
    if options.facts_in:
        facts = reading.load(options.facts_in)
    elif options.for_image:
        facts = _for_image(options, settings, request)
    else:
        facts = reading.gather(settings, request)
    if options.facts_out:
        write_file(options.facts_out, reading.saved(facts))
    report = use_case.report(facts, settings, command="audit")
    if options.history:
        report = _with_history(report, options.history)
    emit(report, to, presentation(quiet=options.quiet, verbose=options.verbose))
    if options.open:
        from steadypin.cli.opening import open_report

        open_report(report, to)
    return use_case.exit_code(report, strict=settings.policy.strict)


def _with_history(report: Report, path: Path) -> Report:
    from steadypin.pipeline import history

    return replace(report, history=history.with_today(history.load(path), report))


def _for_image(options: AuditOptions, settings: Settings, request: Request) -> Facts:
    """The facts of what runs here, and what the image asks for: --target is the image's, and may name several platforms."""
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline.readiness import ImageRequest, with_readiness

    here = replace(settings, target=None)
    image = ImageRequest(
        base=options.base,
        targets=(settings.target,) if settings.target else (),
        glibc=options.glibc,
        musl=options.musl,
        progress=counter("asking for files", quiet=options.quiet),
    )
    return with_readiness(reading.gather(here, request), here, image)


def _list_sources(settings: Settings) -> int:
    from steadypin.pipeline.facts import list_sources

    write_stdout("".join(f"{line}\n" for line in list_sources(settings)))
    return 0
