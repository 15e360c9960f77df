"""`steadypin check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.checking import CheckOptions, run


def check(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    files_only: Annotated[bool, typer.Option("--files-only", help="Locks and manifests alone: the pre-commit form.")] = False,
    snapshot: options.Snapshot = None,
    lock: options.Lock = None,
    target: options.Target = None,
    group: Annotated[list[str] | None, typer.Option("--group", help="This dependency group is installed as well.")] = None,
    extra: Annotated[list[str] | None, typer.Option("--extra", help="This extra is installed as well.")] = None,
    no_dev: Annotated[bool, typer.Option("--no-dev", help="Groups and extras that are not named are not to be there.")] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Count pip, setuptools and what groups bring as drift, too.")] = False,
    verify_files: Annotated[bool, typer.Option("--verify-files", help="Compare installed files with their RECORD.")] = False,
    advisories: Annotated[bool, typer.Option("--advisories", help="Judge by the local advisory database, too.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Known findings (default: .steadypin-baseline.json).")
    ] = None,
    no_baseline: Annotated[bool, typer.Option("--no-baseline", help="Count known findings as well.")] = False,
    fix_hint: Annotated[bool, typer.Option("--fix-hint", help="Print the one command that repairs it.")] = False,
    format: options.Format = None,
    output: options.Output = None,
    cache_dir: options.CacheDir = None,
    fail_on: options.FailOn = None,
    strict: options.Strict = False,
    only: options.Only = None,
    ignore: options.Ignore = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Tell whether environment, lock and manifests have drifted apart. Offline, fast, writes nothing.

    \b
    steadypin check                        exit 0: no drift; 1: drift; 2: could not be told
    steadypin check --files-only           locks and manifests alone
    steadypin check --group dev            dev dependencies are meant to be installed
    steadypin check --no-dev --verify-files --fix-hint      on a server
    steadypin check -o drift.sarif -o drift.xml             for code scanning and CI
    """
    return run(
        CheckOptions(
            path=path,
            python=python,
            files_only=files_only,
            snapshot=snapshot,
            lock=tuple(lock or ()),
            target=target,
            group=tuple(group or ()),
            extra=tuple(extra or ()),
            no_dev=no_dev,
            exact=exact,
            verify_files=verify_files,
            advisories=advisories,
            baseline=baseline,
            no_baseline=no_baseline,
            fix_hint=fix_hint,
            format=format,
            output=tuple(output or ()),
            cache_dir=cache_dir,
            fail_on=fail_on,
            strict=strict,
            only=tuple(only or ()),
            ignore=tuple(ignore or ()),
            quiet=quiet,
            verbose=verbose,
        )
    )
