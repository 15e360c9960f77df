"""`steadypin upgrade`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.cli.output import Destinations, emit, presentation
from steadypin.cli.plan import request_of as plan_request_of
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_of
from steadypin.cli.words import PlanningOptions, ReportOptions, file, flag, text, texts
from steadypin.config import Settings, number_up_to
from steadypin.errors import UsageError
from steadypin.reporters.upgrades import UPGRADE_REPORTERS
from steadypin.text import shown

if TYPE_CHECKING:
    from steadypin.pipeline.preparing import UpgradeRequest
    from steadypin.pipeline.progress import Tell


def parse_stages(text: str) -> tuple[int, int]:
    """`2` or `1-3`. Raises UsageError."""
    first, _, last = text.partition("-")
    if not first.strip().isdigit() or (last and not last.strip().isdigit()):
        raise UsageError(f"{text!r} is not a number or a range", hint="for example: --stages 1-3")
    return int(first), int(last or first)


def parse_time(text: str) -> float:
    """Seconds of `90`, `90s`, `45m`, `2h`. Raises UsageError."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:].lower())
    number = text[:-1] if unit else text
    try:
        seconds = float(number) * (unit or 1.0)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 10**9:
        raise UsageError(f"not a time: {text!r}", hint="for example: 90s, 45m, 2h")
    return seconds


class UpgradeOptions(ReportOptions, PlanningOptions):
    """The options of `steadypin upgrade`."""

    plan: Path | None = file("Carry this plan out; planned anew where not given.", metavar="FILE")
    test: str | None = text("How the project is tested.", metavar="CMD", variable="STEADYPIN_TEST")
    stages: str | None = text("Carry out these stages only.", metavar="1-3", read=parse_stages)
    all_at_once: bool = flag("One stage: everything; two runs where nothing breaks.")
    apply: bool = flag("Write the lock that was tested. Without it nothing is changed.", opposite="dry-run")
    resume: bool = flag(
        "Use what the journal knows (always, unless --forget makes every run anew).", default=True, opposite="forget"
    )
    max_runs: str | None = text(
        "Stop after so many runs, with the best proved so far.", metavar="NUMBER", read=number_up_to(10**6)
    )
    budget: str | None = text("Stop after so much time, with the best proved so far.", metavar="45m", read=parse_time)
    time_limit: str | None = text(
        "For one run; ten times the baseline and a minute if not given.", metavar="10m", read=parse_time
    )
    no_version_bisect: bool = flag("Do not look for the last good release of a culprit.")
    allow_failing: bool = flag("Tests that fail already are no obstacle; gate on new failures.")
    pass_env: tuple[str, ...] = texts("Give the tests this variable although it looks like a secret.", metavar="NAME")
    copy: tuple[str, ...] = texts("Give the tests this file although git ignores it (.env).", metavar="FILE")
    without: tuple[str, ...] = texts("Leave this pin out of the trials (a server that cannot be built here).", metavar="NAME")
    sandbox: bool = flag("Run the tests without network (bubblewrap, else unshare).")
    branch_per_stage: bool = flag("Commit each stage to a branch steadypin/stage-N; the working tree stays.")
    jobs: str | None = text(
        "Run so many trials at once (1; with dask all that the scheduler has).",
        metavar="NUMBER",
        short="-j",
        variable="STEADYPIN_JOBS",
        setting="jobs",
        read=number_up_to(1000),
    )
    executor: str | None = text(
        "Where trials run: local or dask.", metavar="NAME", variable="STEADYPIN_EXECUTOR", setting="executor"
    )
    scheduler: str | None = text(
        "The Dask scheduler.", metavar="tcp://HOST:PORT", variable="STEADYPIN_SCHEDULER", setting="scheduler"
    )
    no_env: bool = flag("Plan from locks and manifests alone.")


def upgrade(options: UpgradeOptions) -> int:
    """Try upgrades with the project's own tests, name what breaks them, keep the rest. The tests run with your rights.

    \b
    steadypin upgrade --test "pytest -q"            try, and say what would be kept
    steadypin upgrade --all-at-once --apply         one stage, and write the lock that was tested
    steadypin upgrade --plan plan.json -o result.json
    steadypin upgrade                               again: go on after an interruption; known runs are not repeated
    """
    to = Destinations.parse(options.format, options.output, UPGRADE_REPORTERS, "an upgrade")
    settings = settings_of(options)
    request = request_of(options, settings)
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import planning
    from steadypin.pipeline import upgrade as upgrading

    made = planning.load(options.plan) if options.plan is not None else None
    asked = reading.Request(no_environment=options.no_env, progress=counter("asking the index", quiet=options.quiet))
    tell = teller(quiet=options.quiet)
    for written in upgrading.finish_writing(settings):
        tell(f"{written}: written now; an earlier upgrade was cut off")
    facts = planning.gather(settings, asked)
    result = upgrading.upgrade(facts, settings, request, made=made, tell=tell)
    emit(result, to, presentation(quiet=options.quiet, verbose=options.verbose))
    return upgrading.exit_code(result)


def request_of(options: UpgradeOptions, settings: Settings) -> UpgradeRequest:
    """What the options and the project's settings ask to be tried. Raises UsageError."""
    from steadypin.pipeline.preparing import UpgradeRequest
    from steadypin.pipeline.trying import Limits

    limits = Limits(runs=options.read("max_runs"), seconds=options.read("budget"), timeout=options.read("time_limit"))
    check_executor(settings)
    return UpgradeRequest(
        plan=plan_request_of(options, settings),
        test=options.test,
        stages=options.read("stages"),
        all_at_once=options.all_at_once,
        apply=options.apply,
        bisect=not options.no_version_bisect,
        allow_failing=options.allow_failing,
        limits=limits,
        keep_variables=options.pass_env,
        copy=options.copy,
        without=options.without,
        sandbox=options.sandbox,
        branch_per_stage=options.branch_per_stage,
        forget=not options.resume,
    )


def check_executor(settings: Settings) -> None:
    """Raises UsageError where nothing of that name carries trials out, or where it has to be told more."""
    if settings.executor not in ("local", "dask"):
        raise UsageError(f"no executor {settings.executor!r}", hint="one of: local, dask")
    if settings.executor == "dask" and not settings.scheduler:
        raise UsageError("--executor dask needs --scheduler", hint="for example: --scheduler tcp://10.0.0.5:8786")


def teller(*, quiet: bool) -> Tell:
    """A plain line on stderr for each step: it is also what a build server keeps. On a terminal a passing one is replaced."""
    watched = sys.stderr.isatty()
    erase = "\r\x1b[K" if watched else ""

    def tell(what: str, /, *, passing: bool = False) -> None:
        if quiet or (not what and not watched) or (passing and not watched):
            return
        width = shutil.get_terminal_size().columns - 1 if passing else 200
        sys.stderr.write(f"{erase}{shown(what, width)}{'' if passing or not what else chr(10)}")
        sys.stderr.flush()

    return tell
