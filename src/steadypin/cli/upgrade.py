"""`steadypin upgrade`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.options import Cooldown, Exclude, MaxStages, OnlyPackage, ResolverName, To
from steadypin.cli.output import presentation, write_file, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.config import parse_days
from steadypin.errors import OutputError, UsageError
from steadypin.reporters.reporter import Presentation
from steadypin.reporters.upgrades import UPGRADE_REPORTERS, UpgradeReporter
from steadypin.text import shown

PlanFile = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="Carry this plan out; planned anew where not given.")
]
TestCommand = Annotated[
    str | None, typer.Option("--test", envvar="STEADYPIN_TEST", metavar="CMD", help="How the project is tested.")
]
Stages = Annotated[str | None, typer.Option("--stages", metavar="1-3", help="Carry out these stages only.")]
AllAtOnce = Annotated[bool, typer.Option("--all-at-once", help="One stage: everything; two runs where nothing breaks.")]
Apply = Annotated[
    bool, typer.Option("--apply/--dry-run", help="Write the lock that was tested. Without it nothing is changed.")
]
Resume = Annotated[
    bool, typer.Option("--resume/--forget", help="Use what the journal knows (always, unless --forget makes every run anew).")
]
MaxRuns = Annotated[int | None, typer.Option("--max-runs", min=1, help="Stop after so many runs, with the best proved so far.")]
Budget = Annotated[
    str | None, typer.Option("--budget", metavar="45m", help="Stop after so much time, with the best proved so far.")
]
TimeLimit = Annotated[
    str | None,
    typer.Option("--time-limit", metavar="10m", help="For one run; ten times the baseline and a minute if not given."),
]
NoVersionBisect = Annotated[
    bool, typer.Option("--no-version-bisect", help="Do not look for the last good release of a culprit.")
]
AllowFailing = Annotated[
    bool, typer.Option("--allow-failing", help="Tests that fail already are no obstacle; gate on new failures.")
]
PassEnv = Annotated[
    list[str] | None,
    typer.Option("--pass-env", metavar="NAME", help="Give the tests this variable although it looks like a secret."),
]

Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="NAME", help="Leave this pin out of the trials (a server that cannot be built here)."),
]

Sandbox = Annotated[bool, typer.Option("--sandbox", help="Run the tests without network (bubblewrap, else unshare).")]

BranchPerStage = Annotated[
    bool, typer.Option("--branch-per-stage", help="Commit each stage to a branch steadypin/stage-N; the working tree stays.")
]


def upgrade(
    path: options.ProjectPath = Path(),
    plan: PlanFile = None,
    test: TestCommand = None,
    stages: Stages = None,
    all_at_once: AllAtOnce = False,
    apply: Apply = False,
    resume: Resume = True,
    max_runs: MaxRuns = None,
    budget: Budget = None,
    time_limit: TimeLimit = None,
    no_version_bisect: NoVersionBisect = False,
    allow_failing: AllowFailing = False,
    pass_env: PassEnv = None,
    without: Without = None,
    sandbox: Sandbox = False,
    branch_per_stage: BranchPerStage = False,
    to: To = None,
    only: OnlyPackage = None,
    exclude: Exclude = None,
    cooldown: Cooldown = None,
    max_stages: MaxStages = None,
    python: options.Python = None,
    no_env: options.NoEnv = False,
    lock: options.Lock = None,
    resolver: ResolverName = None,
    format: options.Format = None,
    output: options.Output = None,
    index_url: options.IndexUrl = None,
    extra_index_url: options.ExtraIndexUrl = None,
    offline: options.Offline = False,
    refresh: options.Refresh = False,
    cache_dir: options.CacheDir = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Try upgrades with the project's own tests, name what breaks them, keep the rest. The tests run with your rights.

    \b
    steadypin upgrade --test "pytest -q"            try, and say what would be kept
    steadypin upgrade --all-at-once --apply         one stage, and write the lock that was tested
    steadypin upgrade --plan plan.json -o result.json
    steadypin upgrade --resume                      go on after an interruption; known runs are not repeated
    """
    files = [(file, reporter_for(file)) for file in output or ()]
    reporter = reporter_named(format or "terminal")
    settings = settings_for(
        path,
        python=python,
        locks=tuple(lock or ()),
        index_url=index_url,
        extra_index_urls=tuple(extra_index_url or ()),
        offline=offline or None,
        refresh=refresh or None,
        cache_dir=cache_dir,
        cooldown_days=parse_days(cooldown),
        to=tuple(to or ()),
        max_stages=max_stages,
        resolver=resolver,
    )
    from steadypin.pipeline import facts as reading
    from steadypin.pipeline import planning
    from steadypin.pipeline import upgrade as upgrading
    from steadypin.pipeline.preparing import UpgradeRequest
    from steadypin.pipeline.trying import Limits

    request = UpgradeRequest(
        plan=planning.PlanRequest(
            to=settings.to,
            only=tuple(only or ()),
            exclude=tuple(exclude or ()),
            max_stages=settings.max_stages,
            resolver=settings.resolver,
            reuse=not settings.refresh,
        ),
        test=test,
        stages=parse_stages(stages),
        all_at_once=all_at_once,
        apply=apply,
        bisect=not no_version_bisect,
        allow_failing=allow_failing,
        limits=Limits(runs=max_runs, seconds=parse_time(budget), timeout=parse_time(time_limit)),
        keep_variables=tuple(pass_env or ()),
        without=tuple(without or ()),
        sandbox=sandbox,
        branch_per_stage=branch_per_stage,
        forget=not resume,
    )
    made = planning.load(plan) if plan is not None else None
    asked = reading.Request(no_environment=no_env, progress=counter("asking the index", quiet=quiet))
    facts = planning.gather(settings, asked)
    result = upgrading.upgrade(facts, settings, request, made=made, tell=teller(quiet=quiet))
    for file, chosen in files:
        write_file(file, chosen.render(result, Presentation(width=120)))
    write_stdout(reporter.render(result, presentation(quiet=quiet, verbose=verbose)))
    return upgrading.exit_code(result)


def teller(*, quiet: bool) -> Callable[[str], None]:
    """A plain line on stderr for each step: it is also what a build server keeps."""

    def tell(what: str) -> None:
        if what and not quiet:
            sys.stderr.write(f"{shown(what, 160)}\n")
            sys.stderr.flush()

    return tell


def parse_stages(text: str | None) -> tuple[int, int] | None:
    """`2` or `1-3`. Raises UsageError."""
    if text is None:
        return None
    first, _, last = text.partition("-")
    if not first.strip().isdigit() or (last and not last.strip().isdigit()):
        raise UsageError(f"--stages {text}: not a number or a range", hint="for example: --stages 1-3")
    return int(first), int(last or first)


def parse_time(text: str | None) -> float | None:
    """Seconds of `90`, `90s`, `45m`, `2h`. Raises UsageError."""
    if text is None:
        return None
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:].lower())
    number = text[:-1] if unit else text
    try:
        seconds = float(number) * (unit or 1.0)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 10**9:
        raise UsageError(f"not a time: {text!r}", hint="for example: 90s, 45m, 2h")
    return seconds


def reporter_named(name: str) -> UpgradeReporter:
    """The format of that name. Raises UsageError."""
    if name not in UPGRADE_REPORTERS:
        raise UsageError(f"no format {name!r} for an upgrade", hint=f"one of: {', '.join(UPGRADE_REPORTERS)}")
    return UPGRADE_REPORTERS[name]


def reporter_for(path: Path) -> UpgradeReporter:
    """The format that a file's suffix chooses. Raises UsageError, OutputError where its folder is not there."""
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path}: cannot be written: no folder {path.parent}", hint="make the folder first")
    for reporter in UPGRADE_REPORTERS.values():
        if path.name.endswith(reporter.suffixes):
            return reporter
    known = ", ".join(suffix for reporter in UPGRADE_REPORTERS.values() for suffix in reporter.suffixes)
    raise UsageError(f"{path}: the suffix names no format", hint=f"one of: {known}")
