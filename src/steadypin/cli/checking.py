"""What `steadypin check` does, and a parser of its options that needs no machinery: it runs at every commit and start.

`parse` understands the plain cases and leaves everything else (help, mistakes) to the full option parser, which has the same
options.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadypin.cli.output import Destinations, append_file, emit, presentation, say
from steadypin.cli.settings import settings_for
from steadypin.config import Settings, parse_severity
from steadypin.errors import UsageError
from steadypin.reporters import REPORTERS, Presentation

if TYPE_CHECKING:
    from steadypin.pipeline.check import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """The options of `steadypin check`; their names are the long options' (with "-" for "_")."""

    path: Path = Path()
    python: str | None = None
    files_only: bool = False
    snapshot: Path | None = None
    lock: tuple[str, ...] = ()
    target: str | None = None
    group: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    no_dev: bool = False
    exact: bool = False
    verify_files: bool = False
    advisories: bool = False
    baseline: Path | None = None
    no_baseline: bool = False
    fix_hint: bool = False
    format: str | None = None
    output: tuple[Path, ...] = ()
    cache_dir: Path | None = None
    fail_on: str | None = None
    strict: bool = False
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    quiet: bool = False
    verbose: bool = False


FLAGS = frozenset(
    {
        "files_only",
        "no_dev",
        "exact",
        "verify_files",
        "advisories",
        "no_baseline",
        "fix_hint",
        "strict",
        "quiet",
        "verbose",
    }
)
REPEATED = frozenset({"lock", "group", "extra", "output", "only", "ignore"})
PATHS = frozenset({"path", "snapshot", "output", "cache_dir", "baseline"})
SHORT = {"-q": "quiet", "-v": "verbose", "-f": "format", "-o": "output"}
VARIABLES = {
    "STEADYPIN_PYTHON": "python",
    "STEADYPIN_TARGET": "target",
    "STEADYPIN_FORMAT": "format",
    "STEADYPIN_CACHE_DIR": "cache_dir",
    "STEADYPIN_FAIL_ON": "fail_on",
    "STEADYPIN_CHECK_BASELINE": "baseline",
}


def run(options: CheckOptions) -> int:
    """Check, tell, and say the exit code."""
    settings = settings_of(options)
    on_github = options.format is None and os.environ.get("GITHUB_ACTIONS") == "true"
    to = Destinations.parse("github" if on_github else options.format, options.output)
    from steadypin.pipeline import audit as judging
    from steadypin.pipeline import check as use_case

    checked = use_case.run(settings, request_of(options))
    emit(checked.report, to, presentation(quiet=options.quiet, verbose=options.verbose))
    if on_github and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        append_file(Path(summary), REPORTERS["markdown"].render(checked.report, Presentation()))
    if options.fix_hint and checked.repair:
        say(f"repair: {checked.repair}", machine=to.stdout.name != "terminal")
    return judging.exit_code(checked.report, strict=settings.policy.strict)


def settings_of(options: CheckOptions) -> Settings:
    """The project's settings, with the options that were given."""
    return settings_for(
        options.path,
        python=options.python,
        locks=options.lock,
        target=options.target,
        groups=options.group,
        extras=options.extra,
        no_dev=options.no_dev or None,
        exact=options.exact or None,
        cache_dir=options.cache_dir,
        fail_on=parse_severity(options.fail_on),
        strict=options.strict or None,
        only=options.only,
        ignore=options.ignore,
    )


def request_of(options: CheckOptions) -> Request:
    """What the options ask to be looked at. Raises UsageError where they contradict each other."""
    from steadypin.pipeline.check import Request

    if options.files_only and (options.verify_files or options.python or options.snapshot):
        raise UsageError("--files-only looks at no environment", hint="leave out --verify-files, --python and --snapshot")
    if options.baseline and options.no_baseline:
        raise UsageError("--baseline and --no-baseline exclude each other", hint="leave one out")
    return Request(
        files_only=options.files_only,
        snapshot=options.snapshot,
        advisories=options.advisories,
        verify_files=options.verify_files,
        baseline=options.baseline,
        no_baseline=options.no_baseline,
    )


def parse(arguments: list[str], environ: Mapping[str, str]) -> CheckOptions | None:
    """The options after `check`, or None where this small parser does not understand them."""
    if any(name.startswith("STEADYPIN_") and name not in VARIABLES for name in environ):
        return None
    values: dict[str, list[str]] = {field: [environ[name]] for name, field in VARIABLES.items() if environ.get(name)}
    given = _pairs(arguments)
    if given is None:
        return None
    for field in {field for field, _ in given}:
        values[field] = [value for other, value in given if other == field]
    if any(len(found) > 1 for field, found in values.items() if field not in REPEATED and field not in FLAGS):
        return None
    typed: dict[str, Any] = {field: _typed(field, found) for field, found in values.items()}
    return CheckOptions(**typed)


def _pairs(arguments: list[str]) -> list[tuple[str, str]] | None:
    pairs, words = [], iter(arguments)
    for word in words:
        pair = _pair(word, words)
        if pair is None:
            return None
        pairs.append(pair)
    return pairs


def _pair(word: str, rest: Iterator[str]) -> tuple[str, str] | None:
    if not word.startswith("-"):
        return ("path", word)
    name, equals, value = word.partition("=")
    field = SHORT.get(name) or name.removeprefix("--").replace("-", "_")
    if field not in CheckOptions.__dataclass_fields__ or field == "path" or (name not in SHORT and not name.startswith("--")):
        return None
    if field in FLAGS:
        return None if equals else (field, "")
    if not equals:
        value = next(rest, "-")
    return None if value.startswith("-") else (field, value)


def _typed(field: str, found: list[str]) -> object:
    if field in FLAGS:
        return True
    values = tuple(Path(text) for text in found) if field in PATHS else tuple(found)
    return values if field in REPEATED else values[0]
