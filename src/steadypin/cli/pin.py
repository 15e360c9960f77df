"""`steadypin pin`."""

from __future__ import annotations

import sys
from pathlib import Path

from steadypin.cli.output import check_writable, presentation, write_file, write_stdout
from steadypin.cli.progress import counter, steps
from steadypin.cli.settings import settings_of
from steadypin.cli.words import GroupOptions, IndexOptions, ProjectOptions, SnapshotOption, VoiceOptions, file, flag, texts
from steadypin.reporters.pins import render_pins, render_proof


class PinOptions(SnapshotOption, GroupOptions, IndexOptions, ProjectOptions, VoiceOptions):
    """The options of `steadypin pin`."""

    output: Path | None = file(
        "Write the lock here: requirements.txt or pylock.toml (else stdout).", short="-o", metavar="FILE"
    )
    target: tuple[str, ...] = texts("Only hashes of files for python=3.12,platform=linux_x86_64; may be repeated.", metavar="T")
    verify: bool = flag("Install the lock into a fresh venv and compare it with what runs.")
    as_is: bool = flag("Pin also where what runs contradicts itself or cannot be had elsewhere; it is said.")
    include_leftovers: bool = flag("Pin also what nothing seems to need.")
    no_dev: bool = flag("Leave out what is for development only.")
    hash_by_download: bool = flag("Where an index gives no hashes, fetch the files and hash them.")
    vendor: Path | None = file("Say what would have to be in this folder: releases that no index has.", metavar="DIR")


def pin(options: PinOptions) -> int:
    """Lock what runs today: every installed version exactly, with hashes. Nothing is upgraded.

    \b
    steadypin pin --python .venv -o requirements.txt
    steadypin pin -o pylock.toml --verify            prove it in a fresh environment
    steadypin pin --no-dev --target python=3.12,platform=linux_aarch64
    """
    check_writable(options.output)
    settings = settings_of(options)
    from steadypin.pipeline import pinning

    format = pinning.lock_format(options.output)
    request = pinning.PinRequest(
        targets=options.target,
        include_leftovers=options.include_leftovers,
        development=not options.no_dev,
        hash_by_download=options.hash_by_download,
        snapshot=options.snapshot,
        progress=counter("asking the index", quiet=options.quiet),
    )
    made = pinning.pin(settings, request)
    shown = presentation(quiet=options.quiet, verbose=options.verbose)
    refused = bool(made.blocking) and not options.as_is
    sys.stderr.write(render_pins(made.lock, made.blocking, made.notes, shown, refused=refused, vendor=options.vendor))
    if refused:
        return 1
    text, beside = pinning.render(made.lock, format)
    proof = None
    if options.verify:
        from steadypin.pipeline import proving

        tell = steps("installing", quiet=options.quiet)
        tell("the lock into a fresh environment")
        proof = proving.prove(made, format, settings)
        tell("")
        sys.stderr.write(render_proof(proof, shown))
    _write(options.output, text, beside)
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
