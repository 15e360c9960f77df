"""The list of commands. Each is a function of one value, its options; a module is imported when its command is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from steadypin.cli.words import Options

COMMANDS: Mapping[str, str] = {
    "audit": "audit",
    "check": "check",
    "diff": "diff",
    "show": "show",
    "pin": "pin",
    "dockerfile": "dockerfile",
    "verify-image": "verify_image",
    "plan": "plan",
    "upgrade": "upgrade",
    "clean": "clean",
    "checklist": "checklist",
    "snapshot": "snapshot",
    "tree": "tree",
    "rules": "rules",
    "explain": "rules",
    "baseline write": "baseline",
    "history add": "history",
    "history show": "history",
    "db update": "db",
    "db status": "db",
}
"""What is written on the command line, and the module that has it. The function there is called as the last word."""


def named(arguments: Sequence[str]) -> tuple[str, list[str]] | None:
    """The command that a line begins with, and the rest of the line."""
    for name in COMMANDS:
        words = name.split()
        if list(arguments[: len(words)]) == words:
            return name, list(arguments[len(words) :])
    return None


def load(name: str) -> tuple[type[Options], Callable[[Any], int]]:
    """The class of a command's options, as its function's signature says it, and the function."""
    module = import_module(f"steadypin.cli.{COMMANDS[name]}")
    run: Callable[[Any], int] = getattr(module, name.split()[-1].replace("-", "_"))
    options: type[Options] = getattr(module, run.__annotations__["options"])
    return options, run
