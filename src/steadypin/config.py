"""[tool.steadypin] of pyproject.toml, or steadypin.toml, plus options, into frozen `Settings`. An unknown key is an error.

Options win over STEADYPIN_… variables (the command line resolves both), those over the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from steadypin import durations
from steadypin.errors import ConfigError, UsageError
from steadypin.model import parse
from steadypin.model.location import Location
from steadypin.model.policy import Policy, Suppression
from steadypin.model.severity import Severity
from steadypin.text import nearest
from steadypin.values import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a command needs to know besides its arguments.

    `root` is the project folder. `python` names the environment to audit, `locks` the lock files (all that are found where
    empty), `exclude` patterns of files to pass over (as in .gitignore), `target` another interpreter and platform. `cache_dir`
    None means the user's own. `test` is the command line that gates upgrades. `to` says how far to plan (a level, NAME=LEVEL),
    `max_stages` in how many stages at most (1 to 1000), `resolver` who decides what fits together. `jobs` is how many trials
    run at once (1 to 1000; None: one here, all that a scheduler has), `executor` where ("local" or "dask", at `scheduler`).
    """

    root: Path
    policy: Policy = field(default_factory=Policy)
    python: str | None = None
    locks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    target: str | None = None
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    offline: bool = False
    refresh: bool = False
    cache_dir: Path | None = None
    advisory_source: str = "local"
    show_withdrawn: bool = False
    test: str | None = None
    to: tuple[str, ...] = ()
    max_stages: int = 10
    resolver: str = "auto"
    jobs: int | None = None
    executor: str = "local"
    scheduler: str | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, found {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, found {value!r}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"expected a list of texts, found {value!r}")
    return tuple(value)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(parse.normalise(name) for name in _texts(value))


def _days(value: Any) -> int:
    return durations.days(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else durations.days("")


def _severity(value: Any) -> Severity:
    return Severity.parse(_text(value))


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise ValueError(f"expected a number from 1 to 1000, found {value!r}")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


SETTING_KEYS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "python": ("python", _text),
    "lock": ("locks", _texts),
    "exclude": ("exclude", _texts),
    "target": ("target", _text),
    "extra": ("extras", _texts),
    "group": ("groups", _texts),
    "index-url": ("index_url", _text),
    "extra-index-url": ("extra_index_urls", _texts),
    "offline": ("offline", _flag),
    "refresh": ("refresh", _flag),
    "cache-dir": ("cache_dir", _path),
    "advisory-source": ("advisory_source", _text),
    "show-withdrawn": ("show_withdrawn", _flag),
    "test": ("test", _text),
    "to": ("to", _texts),
    "max-stages": ("max_stages", _number),
    "resolver": ("resolver", _text),
    "jobs": ("jobs", _number),
    "executor": ("executor", _text),
    "scheduler": ("scheduler", _text),
}
POLICY_KEYS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "fail-on": ("fail_on", _severity),
    "strict": ("strict", _flag),
    "only": ("only", _texts),
    "skip": ("ignore", _texts),
    "max-age": ("max_age_days", _days),
    "cooldown": ("cooldown_days", _days),
    "max-advisory-age": ("max_advisory_age_days", _days),
    "exact": ("exact", _flag),
    "no-dev": ("no_dev", _flag),
    "require-hashes": ("require_hashes", _flag),
    "allowed-indexes": ("allowed_indexes", _texts),
    "forbidden": ("forbidden", _names),
    "required": ("required", _names),
    "allow-vcs": ("allow_vcs", _flag),
    "allow-editable": ("allow_editable", _flag),
    "prereleases": ("prereleases", _names),
}
TABLE_KEYS = ("severity", "ignore")
IGNORE_KEYS = ("rule", "package", "versions", "advisory", "path", "reason", "until")


def load(root: Path, *, known_rules: frozenset[str] | None = None) -> Settings:
    """The settings of a project folder. Raises ConfigError with file and line."""
    for name, path in (("steadypin.toml", ()), ("pyproject.toml", ("tool", "steadypin"))):
        file = root / name
        text = _read(file)
        if text is None or (path and "steadypin" not in text):
            continue
        table = _table(text, file.name, path)
        if table is not None:
            return _Reader(name, text, known_rules).settings(root, table)
    return Settings(root=root)


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", location=Location(path=file.name)) from None


def _table(text: str, name: str, path: tuple[str, ...]) -> Mapping[str, Any] | None:
    from steadypin import toml

    try:
        table: Any = toml.loads(text)
    except (toml.TOMLDecodeError, RecursionError) as error:
        if path:  # a broken pyproject.toml is the manifest reader's to report, with the place
            return None
        raise ConfigError(f"not TOML: {error}", location=Location(path=name), hint="mend the file") from None
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else None


class _Reader:
    """One configuration file being read; knows where to point."""

    def __init__(self, name: str, text: str, known_rules: frozenset[str] | None) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._known_rules = known_rules

    def settings(self, root: Path, table: Mapping[str, Any]) -> Settings:
        known = (*SETTING_KEYS, *POLICY_KEYS, *TABLE_KEYS)
        for key in table:
            if key not in known:
                self._unknown(key, known, "key")
        policy = Policy(
            **self._values(POLICY_KEYS, table),
            severities=self._severities(table.get("severity", {})),
            suppressions=self._suppressions(table.get("ignore", [])),
        )
        return Settings(root=root, policy=policy, **self._values(SETTING_KEYS, table))

    def _values(self, keys: Mapping[str, tuple[str, Callable[[Any], object]]], table: Mapping[str, Any]) -> dict[str, Any]:
        return {field: self._value(key, read, table[key]) for key, (field, read) in keys.items() if key in table}

    def _value(self, key: str, read: Callable[[Any], object], value: Any) -> object:
        try:
            return read(value)
        except ValueError as error:
            raise ConfigError(f"{key}: {error}", location=self._place(key)) from None

    def _severities(self, table: Any) -> tuple[tuple[str, Severity | None], ...]:
        if not isinstance(table, dict):
            raise ConfigError("severity: expected a table of rule = severity", location=self._place("severity"))
        for rule in table:
            self._check_rule(rule, rule)
        return tuple((rule, None if text == "off" else self._grade(rule, text)) for rule, text in table.items())

    def _grade(self, rule: str, value: Any) -> Severity:
        try:
            return _severity(value)
        except ValueError as error:
            raise ConfigError(f"severity.{rule}: {error}, or off", location=self._place(rule)) from None

    def _suppressions(self, entries: Any) -> tuple[Suppression, ...]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ConfigError("ignore: expected [[tool.steadypin.ignore]] tables", location=self._place("ignore"))
        places = [i for i, line in enumerate(self._lines, 1) if re.match(r"\s*\[\[(tool\.steadypin\.)?ignore\]\]", line)]
        places += [self._place("ignore").line or 1] * (len(entries) - len(places))
        return tuple(self._suppression(entry, line) for entry, line in zip(entries, places, strict=False))

    def _suppression(self, entry: Mapping[str, Any], line: int) -> Suppression:
        from datetime import date

        at = Location(path=self._name, line=line)
        for key, value in entry.items():
            if key not in IGNORE_KEYS:
                self._unknown(key, IGNORE_KEYS, "key of an exception", at)
            if not isinstance(value, (str, date)):
                raise ConfigError(f"ignore.{key}: expected a text, found {value!r}", location=at)
        if not str(entry.get("reason", "")).strip():
            raise ConfigError("an exception without a reason", location=at, hint='add reason = "why this may stay"')
        if not entry.keys() & {"rule", "package", "advisory"}:
            raise ConfigError("an exception for everything", location=at, hint="name a rule, a package or an advisory")
        if "rule" in entry:
            self._check_rule(entry["rule"], "rule", at)
        if "versions" in entry and parse.specifiers(str(entry["versions"])) is None:
            raise ConfigError(f"versions: not a specifier: {entry['versions']!r}", location=at, hint='write versions = "<2"')
        until = self._until(entry, at)
        texts = {key: str(value) for key, value in entry.items() if key != "until"}
        return Suppression(**texts, until=until, location=at)

    def _until(self, entry: Mapping[str, Any], at: Location) -> str | None:
        from datetime import date

        if "until" not in entry:
            return None
        try:
            return date.fromisoformat(str(entry["until"])).isoformat()
        except ValueError:
            raise ConfigError(f"until: not a date: {entry['until']!r}", location=at, hint="write 2027-01-31") from None

    def _check_rule(self, rule: str, key: str, at: Location | None = None) -> None:
        if self._known_rules is not None and rule not in self._known_rules:
            self._unknown(rule, tuple(self._known_rules), "rule", at or self._place(key))

    def _unknown(self, key: str, known: tuple[str, ...], what: str, at: Location | None = None) -> None:
        close = nearest(key, sorted(known))
        hint = f"did you mean {close}?" if close else f"one of: {', '.join(sorted(known))}"
        raise ConfigError(f"unknown {what}: {key!r}", location=at or self._place(key), hint=hint)

    def _place(self, key: str) -> Location:
        pattern = re.compile(rf"""\s*\[*(tool\.steadypin\.)?["']?{re.escape(key)}["']?\s*[=\].]""")
        line = next((i for i, line in enumerate(self._lines, 1) if pattern.match(line)), None)
        return Location(path=self._name, line=line, key=key)


def override(settings: Settings, **options: Any) -> Settings:
    """Settings with the options that were given (not None, not empty); policy fields by their own names."""
    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    policy_fields = {field.name for field in fields(Policy)}
    policy = {name: given.pop(name) for name in list(given) if name in policy_fields}
    return replace(settings, policy=replace(settings.policy, **policy), **given)


def parse_severity(text: str) -> Severity:
    """The severity of an option; UsageError otherwise."""
    try:
        return Severity.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def parse_days(text: str) -> int:
    """The days of an option; UsageError otherwise."""
    try:
        return durations.days(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def number_up_to(most: int) -> Callable[[str], int]:
    """A reader of an option's whole number, 1 to `most`; it raises UsageError."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
            raise UsageError(f"{text!r} is not a number from 1 to {most}", hint=f"a whole number, at most {most}")
        return int(text)

    return read
