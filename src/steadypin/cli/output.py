"""Where reports go: stdout, and files that are written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from steadypin.errors import OutputError, UsageError
from steadypin.reporters.reporter import Presentation, Reporter
from steadypin.text import nearest
from steadypin.values import dataclass

T = TypeVar("T")


def format_named(name: str | None, known: Collection[str], what: str) -> str:
    """The --format of `what` ("a plan"); the terminal's where none is given. UsageError lists those that exist."""
    if name is None or name in known:
        return name or "terminal"
    close = nearest(name, known)
    guess = f"did you mean {close}? " if close else ""
    raise UsageError(f"no format {name!r} for {what}", hint=f"{guess}one of: {', '.join(known)}")


def reporter_for(path: Path, known: Mapping[str, Reporter[T]]) -> Reporter[T]:
    """The reporter that a file's suffix chooses; the longest suffix wins (`.cdx.json` before `.json`)."""
    suffixes = {suffix: reporter for reporter in known.values() for suffix in reporter.suffixes}
    fitting = [suffix for suffix in suffixes if path.name.endswith(suffix)]
    if not fitting:
        raise UsageError(f"{path}: the suffix names no format", hint=f"one of: {', '.join(suffixes)}")
    return suffixes[max(fitting, key=len)]


def check_writable(*paths: Path | None) -> None:
    """Before the work begins: each path can be written. Raises OutputError; UsageError where one comes twice."""
    given = [path for path in paths if path is not None]
    for path in given:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise OutputError(f"{path}: cannot be written: no folder {path.parent}", hint="make the folder first")
        if path.is_dir():
            raise OutputError(f"{path}: cannot be written: it is a folder", hint="name a file in it")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{path}: cannot be written: {path.parent} is read-only", hint="choose another place")
    if twice := {path for path in given if given.count(path) > 1}:
        raise UsageError(f"{min(twice)}: named twice", hint="each file is written once")


def presentation(*, quiet: bool = False, verbose: bool = False) -> Presentation:
    """How this terminal wants it: its width, colours unless NO_COLOR or a pipe, ASCII where it is not Unicode."""
    tty = sys.stdout.isatty()
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    return Presentation(
        width=max(40, min(_columns(), 200)),
        color=bool(os.environ.get("FORCE_COLOR"))
        or (tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"),
        verbose=verbose,
        quiet=quiet,
        ascii=not encoding.startswith("utf"),
    )


def _columns() -> int:
    """As shutil.get_terminal_size counts, which would import every kind of archive."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 120
    except (OSError, ValueError):
        return 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations(Generic[T]):
    """Where a report goes, known to be possible before the work begins."""

    stdout: Reporter[T]
    files: tuple[tuple[Path, Reporter[T]], ...] = ()

    @classmethod
    def parse(cls, format: str | None, outputs: Sequence[Path], known: Mapping[str, Reporter[T]], what: str) -> Destinations[T]:
        """Of --format and -o. Raises UsageError for a format that `what` has not, OutputError."""
        files = tuple((path, reporter_for(path, known)) for path in outputs)
        check_writable(*outputs)
        return cls(stdout=known[format_named(format, known, what)], files=files)


def emit(report: T, to: Destinations[T], shown: Presentation) -> None:
    """Write every file, then print."""
    for path, chosen in to.files:
        write_file(path, chosen.render(report, Presentation(width=120)))
    write_stdout(to.stdout.render(report, shown))


def write_stdout(text: str) -> None:
    """Text as UTF-8 (or what the terminal has), with newlines as they are."""
    sys.stdout.flush()
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
    sys.stdout.buffer.flush()


def say(text: str, *, machine: bool) -> None:
    """A line for people: below a report on stdout, or on stderr where stdout is for a machine."""
    from steadypin.text import shown

    line = f"{shown(text, 2000)}\n"
    if machine:
        sys.stderr.write(line.encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode(sys.stderr.encoding or "utf-8"))
    else:
        write_stdout(line)


def append_file(path: Path, text: str) -> None:
    """Add to a file that several programs write into, one after the other (a job summary). Raises OutputError."""
    try:
        with path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}", hint="check GITHUB_STEP_SUMMARY") from None


def write_file(path: Path, text: str) -> None:
    """Write a whole file, or leave the old one. Raises OutputError."""
    import tempfile

    try:
        descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}", hint="choose another place with -o"
        ) from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - a descriptor, not a path
            stream.write(text)
        os.chmod(scratch, 0o666 & ~_umask())  # noqa: PTH101
        os.replace(scratch, path)  # noqa: PTH105
    except OSError as error:
        Path(scratch).unlink(missing_ok=True)
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}", hint="choose another place with -o"
        ) from None
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
