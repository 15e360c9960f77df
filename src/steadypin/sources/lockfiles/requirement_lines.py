"""Lines and options of a requirements file, as pip's reference describes them.

Splitting a file into logical lines, and a logical line into a requirement and its options. No meaning is given to either here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from steadypin.values import dataclass, field

_TAKES_VALUE = {
    "--index-url": "index-url",
    "--pypi-url": "index-url",
    "--extra-index-url": "extra-index-url",
    "--constraint": "constraint",
    "--requirement": "requirement",
    "--editable": "editable",
    "--find-links": "find-links",
    "--no-binary": "no-binary",
    "--only-binary": "only-binary",
    "--trusted-host": "trusted-host",
    "--use-feature": "use-feature",
    "--all-releases": "all-releases",
    "--only-final": "only-final",
    "--global-option": "global-option",
    "--install-option": "install-option",
    "--build-option": "build-option",
    "--hash": "hash",
    "--config-settings": "config-settings",
    "--config-setting": "config-settings",
    "--uploaded-prior-to": "uploaded-prior-to",
}
_FLAGS = {
    "--no-index": "no-index",
    "--pre": "pre",
    "--prefer-binary": "prefer-binary",
    "--require-hashes": "require-hashes",
    "--no-require-hashes": "no-require-hashes",
    "--always-unzip": "always-unzip",
    "--process-dependency-links": "process-dependency-links",
}
_LONG = {**_TAKES_VALUE, **_FLAGS}
_SHORT = {
    "i": "index-url",
    "r": "requirement",
    "c": "constraint",
    "e": "editable",
    "f": "find-links",
    "C": "config-settings",
    "Z": "always-unzip",
}


LONGEST_QUOTED = 100_000
"""Characters of options that are split as a shell would, one by one; lines of many hashes have no quotes."""


_BLOCK = 1 << 20


class BadOptions(Exception):
    """Options that pip would refuse; the message says why."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that is only a comment, without its "#"."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """What stands on one or several physical lines, without comments. `after` is a comment that followed on the last line."""

    line: int
    column: int
    text: str
    after: str = ""


@dataclass(slots=True)
class Options:
    """The options of a line by name, in order, and the words that pip drops."""

    values: dict[str, list[str]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """The values of an option, in order."""
        return self.values.get(name, [])


def logical_lines(text: str) -> Iterator[LogicalLine | Comment]:
    """The logical lines and whole-line comments of a file. A comment line ends a continuation, as it does for pip."""
    pending: list[str] = []
    start = 1
    for number, line in enumerate(_lines(text), start=1):
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            if not pending:
                start = number
            pending.append(line.strip("\\"))
            continue
        if pending:
            pending.append(f" {line}" if comment else line)
            yield from _logical(start, "".join(pending))
            pending = []
            if comment:
                yield Comment(number, line.strip()[1:].strip())
        elif comment:
            yield Comment(number, line.strip()[1:].strip())
        else:
            yield from _logical(number, line)
    if pending:
        yield from _logical(start, "".join(pending))


def _lines(text: str) -> Iterator[str]:
    """`text.splitlines()`, a block at a time: a list of all lines can be many times the size of the text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _BLOCK) + 1 or len(text)
        yield from text[start:end].splitlines()
        start = end


def _logical(number: int, joined: str) -> Iterator[LogicalLine]:
    cut = _comment_start(joined)
    content = joined if cut is None else joined[:cut]
    after = "" if cut is None else joined[cut + 1 :].strip()
    stripped = content.strip()
    if stripped:
        yield LogicalLine(number, len(content) - len(content.lstrip()) + 1, stripped, after)


def _comment_start(line: str) -> int | None:
    """The offset of a "#" at the start or after white space."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return None if at < 0 else at


def split_options(line: str) -> tuple[str, str]:
    """The requirement and the options of a logical line: options begin at the first word that begins with "-"."""
    if line.startswith("-"):
        return "", line
    at = line.find(" -")
    return (line, "") if at < 0 else (line[:at], line[at + 1 :])


def parse_options(text: str) -> Options:
    """The options of a line. Long ones may be shortened as far as they stay unique. Raises BadOptions."""
    options = Options()
    words = iter(_words(text))
    for word in words:
        if word == "--":
            options.dropped.extend(words)
        elif word.startswith("--"):
            _long(word, words, options)
        elif word.startswith("-") and word != "-":
            _short(word, words, options)
        else:
            options.dropped.append(word)
    return options


def _words(text: str) -> list[str]:
    if not any(mark in text for mark in "\"'\\"):
        return text.split()
    if len(text) > LONGEST_QUOTED:
        raise BadOptions("too long to be options with quotes")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadOptions(f"the quotes do not match: {error}") from None


def _long(word: str, words: Iterator[str], options: Options) -> None:
    given, equals, value = word.partition("=")
    option = _full_name(given)
    if option in _FLAGS:
        if equals:
            raise BadOptions(f"{option} takes no value")
        options.values.setdefault(_FLAGS[option], []).append("")
        return
    if not equals:
        value = _next(option, words)
    options.values.setdefault(_TAKES_VALUE[option], []).append(value)


def _full_name(given: str) -> str:
    if given in _LONG:
        return given
    choices = {option for option in _LONG if option.startswith(given)}
    names = {_LONG[option] for option in choices}
    if not choices:
        raise BadOptions(f"{given} is not an option of requirements files")
    if len(names) > 1:
        raise BadOptions(f"{given} may mean {' or '.join(sorted(choices))}")
    return min(choices)


def _short(word: str, words: Iterator[str], options: Options) -> None:
    name = _SHORT.get(word[1])
    if name is None:
        raise BadOptions(f"{word[:2]} is not an option of requirements files")
    if name == "always-unzip":
        return
    value = word[2:] or _next(word, words)
    options.values.setdefault(name, []).append(value)


def _next(option: str, words: Iterator[str]) -> str:
    value = next(words, None)
    if value is None:
        raise BadOptions(f"{option} needs a value")
    return value
