"""The options of a command, declared once as the fields of a dataclass, and a parser of the plain cases.

The full option parser (help, completion, mistakes) is made from the same fields by `commands.py`. It takes longer to start than
many an audit takes to run, so `parse` understands what most command lines are made of and leaves the rest to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from steadypin.config import parse_days, parse_severity, parse_stages

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What there is to say of an option. `kind`: "flag", "text", "path", "texts", "paths" (repeated).

    `positional` is known by its place on the line, not by a name. `name` is what the option is called where that is not the
    field's name, `opposite` what turns a flag off. `variable` is the environment's name for it where several commands share one
    (each command's own STEADYPIN_COMMAND_OPTION is there by itself). `setting` is the field of `Settings` or `Policy` that it
    overrides; `read` turns its text into that field's value.
    """

    kind: str
    help: str
    short: str | None = None
    metavar: str | None = None
    variable: str | None = None
    setting: str | None = None
    read: Any = None
    positional: bool = False
    name: str | None = None
    opposite: str | None = None

    @property
    def repeated(self) -> bool:
        return self.kind.endswith("s")

    def spelling(self, field: str) -> str:
        """The option as it is written on the command line."""
        return f"--{self.name or field.replace('_', '-')}"


def argument(help: str, *, default: Any = dataclasses.MISSING, kind: str = "path", metavar: str = "PATH") -> Any:
    """What is known by its place on the line; without a default it must be there."""
    word = Word(kind=kind, help=help, metavar=metavar, positional=True)
    return dataclasses.field(default=default, metadata={"word": word})


def flag(help: str, *, default: bool = False, **more: Any) -> Any:
    """An option that is there or not."""
    return dataclasses.field(default=default, metadata={"word": Word(kind="flag", help=help, **more)})


def text(help: str, **more: Any) -> Any:
    """An option with a text."""
    return dataclasses.field(default=None, metadata={"word": Word(kind="text", help=help, **more)})


def file(help: str, **more: Any) -> Any:
    """An option with a path."""
    return dataclasses.field(default=None, metadata={"word": Word(kind="path", help=help, **more)})


def texts(help: str, **more: Any) -> Any:
    """An option with a text that may be given several times."""
    return dataclasses.field(default=(), metadata={"word": Word(kind="texts", help=help, **more)})


def files(help: str, **more: Any) -> Any:
    """An option with a path that may be given several times."""
    return dataclasses.field(default=(), metadata={"word": Word(kind="paths", help=help, **more)})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What nearly every command has."""

    path: Path = argument("Project folder (or an image tar, or a container's root).", default=Path())
    python: str | None = text(
        "Environment: a venv, an interpreter, site-packages.", metavar="ENV", variable="STEADYPIN_PYTHON", setting="python"
    )
    lock: tuple[str, ...] = texts("Use this lock; may be repeated.", metavar="FILE", setting="locks")
    target: str | None = text(
        "Judge for python=3.12,platform=linux_x86_64.", metavar="T", variable="STEADYPIN_TARGET", setting="target"
    )
    cache_dir: Path | None = file(
        "Keep cached answers here.", metavar="DIR", variable="STEADYPIN_CACHE_DIR", setting="cache_dir"
    )
    quiet: bool = flag("Findings and totals only.", short="-q")
    verbose: bool = flag("Every place and every gap.", short="-v")


@dataclass(frozen=True, kw_only=True)
class JudgingOptions(Options):
    """What commands have that end in a report."""

    snapshot: Path | None = file("An environment written elsewhere.", metavar="FILE")
    group: tuple[str, ...] = texts("This dependency group is installed as well.", metavar="NAME", setting="groups")
    extra: tuple[str, ...] = texts("This extra is installed as well.", metavar="NAME", setting="extras")
    format: str | None = text("What to print on stdout.", metavar="FORMAT", short="-f", variable="STEADYPIN_FORMAT")
    output: tuple[Path, ...] = files(
        "Also write a file; its suffix chooses the format; may be repeated.", short="-o", metavar="FILE"
    )
    fail_on: str | None = text(
        "Exit 1 from here: info, low, medium, high, critical.",
        metavar="SEVERITY",
        variable="STEADYPIN_FAIL_ON",
        setting="fail_on",
        read=parse_severity,
    )
    strict: bool = flag("A gap in knowledge is inconclusive (exit 3).", variable="STEADYPIN_STRICT", setting="strict")
    only: tuple[str, ...] = texts("Only this rule or package; may be repeated.", metavar="NAME", setting="only")
    ignore: tuple[str, ...] = texts("Not this rule or package; may be repeated.", metavar="NAME", setting="ignore")


@dataclass(frozen=True, kw_only=True)
class IndexOptions(Options):
    """What commands have that ask an index."""

    index_url: str | None = text(
        "Ask this index instead of pip's.", metavar="URL", variable="STEADYPIN_INDEX_URL", setting="index_url"
    )
    extra_index_url: tuple[str, ...] = texts(
        "Ask this index as well; may be repeated.", metavar="URL", setting="extra_index_urls"
    )
    offline: bool = flag("No network; cached answers of any age.", variable="STEADYPIN_OFFLINE", setting="offline")
    refresh: bool = flag("Ask again, also where the cache is fresh.", variable="STEADYPIN_REFRESH", setting="refresh")
    cooldown: str | None = text(
        "A release younger than this (7d) is not yet wanted.", metavar="AGE", setting="cooldown_days", read=parse_days
    )
    advisory_source: str | None = text(
        "Ask local (steadypin db), osv or index.",
        metavar="SOURCE",
        variable="STEADYPIN_ADVISORY_SOURCE",
        setting="advisory_source",
    )


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(IndexOptions):
    """What commands have that judge what an index says."""

    max_age: str | None = text(
        "A release older than this (2y) is a finding.", metavar="AGE", setting="max_age_days", read=parse_days
    )


@dataclass(frozen=True, kw_only=True)
class PlanningOptions(IndexOptions):
    """What commands have that plan."""

    group: tuple[str, ...] = texts("This dependency group is installed as well.", setting="groups")
    extra: tuple[str, ...] = texts("This extra is installed as well.", setting="extras")
    to: tuple[str, ...] = texts(
        "latest, wanted, minor, patch or security; NAME=LEVEL for one package.", metavar="LEVEL", setting="to"
    )
    only: tuple[str, ...] = texts("Move only this; may be repeated.", metavar="NAME")
    exclude: tuple[str, ...] = texts("Leave this alone; may be repeated.", metavar="NAME")
    max_stages: str | None = text(
        "Merge the least risky stages beyond this (10).", metavar="NUMBER", setting="max_stages", read=parse_stages
    )
    resolver: str | None = text(
        "auto (uv where it is there), uv or pip-tools.", metavar="TOOL", variable="STEADYPIN_RESOLVER", setting="resolver"
    )
    links: bool = flag("Ask the index for changelogs and repositories, also of what is not installed.")


def words(cls: type) -> dict[str, Word]:
    """The options of a command by field name: its own first, then what it shares with others."""
    known = {field.name: field.metadata["word"] for field in dataclasses.fields(cls)}
    ordered = dict.fromkeys(name for part in cls.__mro__ for name in getattr(part, "__annotations__", ()))
    return {name: known[name] for name in ordered if name in known}


def overrides(options: Any) -> dict[str, object]:
    """What the given options set, by the names of `Settings` and `Policy`. Raises UsageError for a text that is none."""
    found: dict[str, object] = {}
    for name, word in words(type(options)).items():
        value = getattr(options, name)
        if word.setting and value not in (None, False, ()):
            found[word.setting] = word.read(value) if word.read else value
    return found


def parse(cls: type[T], arguments: list[str], environ: Mapping[str, str]) -> T | None:
    """The options, or None where this small parser does not understand them."""
    known = words(cls)
    variables = {word.variable: name for name, word in known.items() if word.variable and word.kind != "flag"}
    if any(name.startswith("STEADYPIN_") and name not in variables for name in environ):
        return None
    values = {name: [environ[variable]] for variable, name in variables.items() if environ.get(variable)}
    given = _pairs(arguments, known)
    if given is None:
        return None
    for name in {name for name, _ in given}:
        values[name] = [value for other, value in given if other == name]
    if any(len(found) > 1 and not known[name].repeated and known[name].kind != "flag" for name, found in values.items()):
        return None
    if any(field.default is dataclasses.MISSING and field.name not in values for field in dataclasses.fields(cls)):  # type: ignore[arg-type]
        return None
    typed: dict[str, Any] = {name: _typed(known[name], found) for name, found in values.items()}
    return cls(**typed)


def _pairs(arguments: list[str], known: Mapping[str, Word]) -> list[tuple[str, str]] | None:
    pairs, rest = [], iter(arguments)
    places = iter([name for name, word in known.items() if word.positional])
    for written in rest:
        pair = _option(written, rest, known) if written.startswith("-") else _argument(written, places)
        if pair is None:
            return None
        pairs.append(pair)
    return pairs


def _argument(written: str, places: Iterator[str]) -> tuple[str, str] | None:
    name = next(places, None)
    return None if name is None else (name, written)


def _option(written: str, rest: Iterator[str], known: Mapping[str, Word]) -> tuple[str, str] | None:
    start, equals, value = written.partition("=")
    name = next(
        (name for name, word in known.items() if start in (word.short, word.spelling(name)) and not word.positional), None
    )
    if name is None:
        return None
    if known[name].kind == "flag":
        return None if equals else (name, "")
    if not equals:
        value = next(rest, "-")
    return None if value.startswith("-") else (name, value)


def _typed(word: Word, found: list[str]) -> object:
    if word.kind == "flag":
        return True
    values = tuple(Path(value) for value in found) if word.kind in ("path", "paths") else tuple(found)
    return values if word.repeated else values[0]
