"""`steadypin pin`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from steadypin.cli import options
from steadypin.cli.output import presentation, write_file, write_stdout
from steadypin.cli.progress import counter
from steadypin.cli.settings import settings_for
from steadypin.errors import OutputError
from steadypin.reporters.pins import render_pins, render_proof

Lock = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the lock here: requirements.txt or pylock.toml (else stdout)."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="T", help="Only hashes of files for python=3.12,platform=linux_x86_64; may be repeated."),
]
Verify = Annotated[bool, typer.Option("--verify", help="Install the lock into a fresh venv and compare it with what runs.")]
AsIs = Annotated[
    bool, typer.Option("--as-is", help="Pin also where what runs contradicts itself or cannot be had elsewhere; it is said.")
]
Leftovers = Annotated[bool, typer.Option("--include-leftovers", help="Pin also what nothing seems to need.")]
NoDev = Annotated[bool, typer.Option("--no-dev", help="Leave out what is for development only.")]
Download = Annotated[
    bool, typer.Option("--hash-by-download", help="Where an index gives no hashes, fetch the files and hash them.")
]
Vendor = Annotated[
    Path | None,
    typer.Option("--vendor", metavar="DIR", help="Say what would have to be in this folder: releases that no index has."),
]


def pin(
    path: options.ProjectPath = Path(),
    python: options.Python = None,
    snapshot: options.Snapshot = None,
    lock: options.Lock = None,
    output: Lock = None,
    target: Targets = None,
    verify: Verify = False,
    as_is: AsIs = False,
    include_leftovers: Leftovers = False,
    no_dev: NoDev = False,
    hash_by_download: Download = False,
    vendor: Vendor = None,
    index_url: options.IndexUrl = None,
    extra_index_url: options.ExtraIndexUrl = None,
    offline: options.Offline = False,
    refresh: options.Refresh = False,
    cache_dir: options.CacheDir = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Lock what runs today: every installed version exactly, with hashes. Nothing is upgraded.

    \b
    steadypin pin --python .venv -o requirements.txt
    steadypin pin -o pylock.toml --verify            prove it in a fresh environment
    steadypin pin --no-dev --target python=3.12,platform=linux_aarch64
    """
    if output is not None and not output.parent.is_dir():
        raise OutputError(f"{output}: cannot be written: no folder {output.parent}", hint="make the folder first")
    settings = settings_for(
        path,
        python=python,
        locks=tuple(lock or ()),
        index_url=index_url,
        extra_index_urls=tuple(extra_index_url or ()),
        offline=offline or None,
        refresh=refresh or None,
        cache_dir=cache_dir,
    )
    from steadypin.pipeline import pinning

    format = pinning.lock_format(output)
    request = pinning.PinRequest(
        targets=tuple(target or ()),
        include_leftovers=include_leftovers,
        development=not no_dev,
        hash_by_download=hash_by_download,
        snapshot=snapshot,
        progress=counter("asking the index", quiet=quiet),
    )
    made = pinning.pin(settings, request)
    shown = presentation(quiet=quiet, verbose=verbose)
    refused = bool(made.blocking) and not as_is
    sys.stderr.write(render_pins(made.lock, made.blocking, made.notes, shown, refused=refused, vendor=vendor))
    if refused:
        return 1
    text, beside = pinning.render(made.lock, format)
    proof = None
    if verify:
        from steadypin.pipeline import proving

        proof = proving.prove(made, format, settings)
        sys.stderr.write(render_proof(proof, shown))
    _write(output, text, beside)
    return 1 if proof is not None and proof.differences else 0


def _write(output: Path | None, text: str, beside: str) -> None:
    if output is None:
        write_stdout(text + (f"\n{_commented(beside)}" if beside else ""))
        return
    write_file(output, text)
    if beside:
        second = output.with_name(f"{output.stem}-vcs{output.suffix}")
        write_file(second, beside)
        sys.stderr.write(f"{second}: what comes from version control; install it with: pip install --no-deps -r {second}\n")


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" if not line.startswith("#") else f"{line}\n" for line in text.splitlines())
