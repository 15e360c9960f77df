"""Which command tests a project: the one that was given, the configured one, or one that the project's files suggest."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from steadypin.errors import SteadypinError, UsageError
from steadypin.sources.reading import read_bytes


def test_command(root: Path, given: str | None, configured: str | None, pinned: Iterable[str]) -> tuple[str, str]:
    """(command line, where it is from). Raises UsageError where nothing suggests one."""
    if given is not None and given.strip():
        return given, "--test"
    if configured is not None and configured.strip():
        return configured, "configuration"
    for command, because in _suggestions(root, frozenset(pinned)):
        return command, because
    raise UsageError(
        f"{root}: no way to test it is known", hint="say how with --test 'COMMAND', or test = \"…\" in [tool.steadypin]"
    )


def _suggestions(root: Path, pinned: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The most telling first. tox and nox make environments of their own, which would not hold the pins that are tried: of
    tox only its commands are taken.
    """
    if "pytest" in pinned:
        yield "python -m pytest -q", "pytest is among the pins"
    if (root / "manage.py").is_file():
        yield "python manage.py test", "manage.py"
    yield from ((command, "tox.ini") for command in _tox_commands(root))
    if re.search(r"^test\s*:", _text(root / "Makefile"), re.MULTILINE):
        yield "make test", "Makefile"
    if any((root / folder).is_dir() for folder in ("tests", "test")) or any(root.glob("test*.py")):
        yield "python -m unittest", "a folder or file of tests"


def _tox_commands(root: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(root / "tox.ini"))
    except configparser.Error:
        return
    lines = parser.get("testenv", "commands", fallback="").replace("\\\n", " ").splitlines()
    commands = [re.sub(r"\s*\{posargs(?::([^}]*))?\}", r" \1", line).strip() for line in lines if line.strip()]
    if len(commands) == 1 and "{" not in commands[0]:
        yield commands[0].lstrip("- ")


def _text(path: Path) -> str:
    try:
        return read_bytes(path, shown=path.name).decode("utf-8", "replace") if path.is_file() else ""
    except SteadypinError:  # a file that cannot be read suggests nothing
        return ""
