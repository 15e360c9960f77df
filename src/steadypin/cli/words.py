"""The options of a command, declared once as the words of a class, and a parser of the plain cases.

The full option parser (help, completion, mistakes) is made from the same words by `app.py`. It takes longer to start than
many an audit takes to run, so `parse` understands what most command lines are made of and leaves the rest to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from steadypin.config import number_up_to, parse_days, parse_severity
from steadypin.errors import UsageError

NEEDED: Any = ...
"""The default of what must be given."""


class Word:
    """What there is to say of an option. `kind`: "flag", "text", "path", "texts", "paths" (repeated).

    `positional` is known by its place on the line, not by a name. `name` is what the option is called where that is not the
    field's name, `opposite` what turns a flag off. `variable` is the environment's name for it where several commands share one
    (each command's own STEADYPIN_COMMAND_OPTION is there by itself). `setting` is the field of `Settings` or `Policy` that it
    overrides; `read` turns its text into that field's value.
    """

    __slots__ = ("default", "help", "kind", "metavar", "name", "opposite", "positional", "read", "setting", "short", "variable")

    def __init__(
        self,
        kind: str,
        help: str,
        *,
        default: Any,
        short: str | None = None,
        metavar: str | None = None,
        variable: str | None = None,
        setting: str | None = None,
        read: Any = None,
        positional: bool = False,
        name: str | None = None,
        opposite: str | None = None,
    ) -> None:
        self.kind, self.help, self.default = kind, help, default
        self.short, self.name, self.opposite, self.metavar = short, name, opposite, metavar
        self.variable, self.setting, self.read, self.positional = variable, setting, read, positional

    @property
    def repeated(self) -> bool:
        return self.kind.endswith("s")

    def spelling(self, field: str) -> str:
        """The option as it is written on the command line."""
        return f"--{self.name or field.replace('_', '-')}"


def argument(help: str, *, default: Any = NEEDED, kind: str = "path", metavar: str = "PATH") -> Any:
    """What is known by its place on the line; without a default it must be there."""
    return Word(kind, help, default=default, metavar=metavar, positional=True)


def flag(help: str, *, default: bool = False, **more: Any) -> Any:
    """An option that is there or not."""
    return Word("flag", help, default=default, **more)


def text(help: str, *, default: str | None = None, **more: Any) -> Any:
    """An option with a text."""
    return Word("text", help, default=default, **more)


def file(help: str, *, default: Path | None = None, **more: Any) -> Any:
    """An option with a path."""
    return Word("path", help, default=default, **more)


def texts(help: str, **more: Any) -> Any:
    """An option with a text that may be given several times."""
    return Word("texts", help, default=(), **more)


def files(help: str, **more: Any) -> Any:
    """An option with a path that may be given several times."""
    return Word("paths", help, default=(), **more)


class Options:
    """One command line, as values. A command's class declares its words as fields, and inherits those that it shares.

    It is no dataclass because every start of the program would pay for making its methods, and mixins would each cost the same.
    """

    words: ClassVar[dict[str, Word]] = {}
    """By field: a command's own first, then what it shares with others."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.words = {}
        for part in cls.__mro__:
            for name, word in vars(part).items():
                if isinstance(word, Word):
                    cls.words.setdefault(name, word)

    def __init__(self, **given: Any) -> None:
        values = {name: word.default for name, word in self.words.items()} | given
        wrong = [name for name, value in values.items() if value is NEEDED or name not in self.words]
        if wrong:
            raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(wrong)}")
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} is fixed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def overrides(self) -> dict[str, object]:
        """What the given options set, by the names of `Settings` and `Policy`. Raises UsageError for a text that is none."""
        found: dict[str, object] = {}
        for name, word in self.words.items():
            value = getattr(self, name)
            if word.setting and value not in (None, False, ()):
                found[word.setting] = self.read(name)
        return found

    def read(self, name: str) -> Any:
        """What the option's text means, None where it was not given. Raises UsageError that names the option."""
        word, value = self.words[name], getattr(self, name)
        if value is None or word.read is None:
            return value
        try:
            return word.read(value)
        except UsageError as error:
            raise UsageError(f"{word.spelling(name)}: {error.message}", hint=error.hint) from None


class PathArgument(Options):
    path: Path = argument("Project folder (or an image tar, or a container's root).", default=Path())


class PythonOption(Options):
    python: str | None = text(
        "Environment: a venv, an interpreter, site-packages.", metavar="ENV", variable="STEADYPIN_PYTHON", setting="python"
    )


class LockOption(Options):
    lock: tuple[str, ...] = texts("Use this lock; may be repeated.", metavar="FILE", setting="locks")


class TargetOption(Options):
    target: str | None = text(
        "Judge for python=3.12,platform=linux_x86_64.", metavar="T", variable="STEADYPIN_TARGET", setting="target"
    )


class CacheOption(Options):
    cache_dir: Path | None = file(
        "Keep cached answers here.", metavar="DIR", variable="STEADYPIN_CACHE_DIR", setting="cache_dir"
    )


class VoiceOptions(Options):
    quiet: bool = flag("Findings and totals only.", short="-q")
    verbose: bool = flag("Every place and every gap.", short="-v")


class ProjectOptions(PathArgument, PythonOption, LockOption, CacheOption):
    """Whose packages, and where they are locked."""


class SnapshotOption(Options):
    snapshot: Path | None = file("An environment written elsewhere.", metavar="FILE")


class GroupOptions(Options):
    group: tuple[str, ...] = texts("This dependency group is installed as well.", metavar="NAME", setting="groups")
    extra: tuple[str, ...] = texts("This extra is installed as well.", metavar="NAME", setting="extras")


class FormatOption(Options):
    format: str | None = text("What to print on stdout.", metavar="FORMAT", short="-f", variable="STEADYPIN_FORMAT")


class ReportOptions(FormatOption):
    output: tuple[Path, ...] = files(
        "Also write a file; its suffix chooses the format; may be repeated.", short="-o", metavar="FILE"
    )


class FactsOption(Options):
    facts_in: Path | None = file("Use saved facts; read nothing else.", metavar="FILE")


class BaseOptions(Options):
    """What a container image stands on."""

    base: str | None = text("The image's base (default: the Dockerfile's, else python:X.Y-slim).", metavar="IMAGE")
    glibc: str | None = text("The base's glibc, where no table knows it: 2.36.", metavar="VERSION")
    musl: str | None = text("The base's musl, where no table knows it: 1.2.", metavar="VERSION")


class WithdrawnOption(Options):
    show_withdrawn: bool = flag(
        "List withdrawn advisories, too; they never count.", variable="STEADYPIN_SHOW_WITHDRAWN", setting="show_withdrawn"
    )


class OfflineOption(Options):
    offline: bool = flag("No network; cached answers of any age.", variable="STEADYPIN_OFFLINE", setting="offline")


class IndexOptions(OfflineOption):
    """Which index is asked, and how."""

    index_url: str | None = text(
        "Ask this index instead of pip's.", metavar="URL", variable="STEADYPIN_INDEX_URL", setting="index_url"
    )
    extra_index_url: tuple[str, ...] = texts(
        "Ask this index as well; may be repeated.", metavar="URL", setting="extra_index_urls"
    )
    refresh: bool = flag("Ask again, also where the cache is fresh.", variable="STEADYPIN_REFRESH", setting="refresh")


class NewsOptions(IndexOptions):
    """What commands have that judge releases: when one is wanted, and who knows of flaws."""

    cooldown: str | None = text(
        "A release younger than this (7d) is not yet wanted.", metavar="AGE", setting="cooldown_days", read=parse_days
    )
    advisory_source: str | None = text(
        "Ask local (steadypin db), osv or index.",
        metavar="SOURCE",
        variable="STEADYPIN_ADVISORY_SOURCE",
        setting="advisory_source",
    )


class JudgingOptions(GroupOptions, ReportOptions, SnapshotOption, ProjectOptions, TargetOption, VoiceOptions):
    """What commands have that end in a report."""

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


class PlanningOptions(GroupOptions, NewsOptions, ProjectOptions, TargetOption, VoiceOptions):
    """What commands have that plan."""

    to: tuple[str, ...] = texts(
        "latest, wanted, minor, patch or security; NAME=LEVEL for one package.", metavar="LEVEL", setting="to"
    )
    only: tuple[str, ...] = texts("Move only this; may be repeated.", metavar="NAME")
    exclude: tuple[str, ...] = texts("Leave this alone; may be repeated.", metavar="NAME")
    max_stages: str | None = text(
        "Merge the least risky stages beyond this (10).", metavar="NUMBER", setting="max_stages", read=number_up_to(1000)
    )
    resolver: str | None = text(
        "auto (uv where it is there), uv or pip-tools.", metavar="TOOL", variable="STEADYPIN_RESOLVER", setting="resolver"
    )
    edit_manifest: bool = flag("Also raise the caps of your own manifests that hold releases back.")


class ReviewOptions(PlanningOptions):
    """What commands have whose plan is read by people."""

    changelogs: bool = flag("Quote the changelogs of direct packages (fetches a source distribution of each).")
    links: bool = flag("Ask the index for changelogs and repositories, also of what is not installed.")


T = TypeVar("T", bound=Options)


def parse(cls: type[T], arguments: list[str], environ: Mapping[str, str]) -> T | None:
    """The options, or None where this small parser does not understand them."""
    known = cls.words
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
    if any(word.default is NEEDED and name not in values for name, word in known.items()):
        return None
    return cls(**{name: _typed(known[name], found) for name, found in values.items()})


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
