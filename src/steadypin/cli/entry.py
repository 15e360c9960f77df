"""The program's first line: answers what needs no machinery, and maps every error to its exit code in one place."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130
BUG = 70
TOLD = 24
"""Lines of what another program said, in an error."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(100_000, 50, 50)  # values are made once and kept to the end: looking for cycles among them is lost time
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: PTH123, SIM115
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = run(given)
    if arguments is None and given[:1] in (["check"], ["audit"]) and _is_written():
        os._exit(code)  # these have only read: taking their values apart first would be a twentieth of their time
    sys.exit(code)


def _is_written() -> bool:
    """Whether all that was printed has left; what could not be is for the interpreter's own ending to tell."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return False
    return True


def run(arguments: list[str]) -> int:
    """The exit code of a command line. Errors are told on stderr, never as a traceback (STEADYPIN_DEBUG=1 shows it)."""
    try:
        if arguments in (["--version"], ["-V"]):
            from steadypin import __version__

            print(f"steadypin {__version__}", flush=True)  # noqa: T201
            return 0
        return _dispatch(arguments)
    except KeyboardInterrupt:
        _say("interrupted; nothing was left half-written")
        return INTERRUPTED
    except BrokenPipeError:
        _close_stdout()
        return 0
    except Exception as error:
        if os.environ.get("STEADYPIN_DEBUG"):
            raise
        return _explain(error)


def _dispatch(arguments: list[str]) -> int:
    """A plain command line needs no machinery and goes past the full option parser."""
    from steadypin.cli.commands import load, named

    command = named(arguments)
    if command is not None:
        from steadypin.cli.words import parse

        name, rest = command
        kind, run = load(name)
        options = parse(kind, rest, os.environ)
        if options is not None:
            return run(options)
    from steadypin.cli.app import invoke

    return invoke(arguments)


def _explain(error: Exception) -> int:
    import errno

    from steadypin.errors import SteadypinError
    from steadypin.text import shown

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        _say(f"error: {shown(str(error.filename or 'standard output or TMPDIR'))}: {error.strerror}")
        _say("hint: make room there and run the same again")
        return 2
    if not isinstance(error, SteadypinError):
        _say(f"internal error: {type(error).__name__}: {shown(str(error))}")
        _say("this is a bug of steadypin: please report it, with what STEADYPIN_DEBUG=1 prints")
        return BUG
    first, *more = str(error).splitlines() or [""]
    _say(f"error: {shown(first)}")
    for line in more if len(more) <= TOLD else [*more[: TOLD // 2], "…", *more[-TOLD // 2 :]]:
        if line.strip():
            _say(f"  {shown(line.rstrip())}")
    for place in getattr(error, "looked", ()):
        _say(f"  looked at {shown(place)}")
    if error.hint:
        _say(f"hint: {shown(error.hint)}")
    return error.exit_code


def _say(line: str) -> None:
    try:
        sys.stderr.write(
            line.encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode(sys.stderr.encoding or "utf-8") + "\n"
        )
        sys.stderr.flush()
    except OSError:  # nobody listens any more; the exit code still speaks
        return


def _close_stdout() -> None:
    """The reader of our output has gone (`| head`): let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
