"""The command line: one module per command, imported only when it is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from steadypin import __version__
from steadypin.cli.commands import function_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: the module that has it, and the function's name there. `group` is the word before it (`db update`).

    `options` is the dataclass of its options (`words.py`), where the function takes one value of that instead of each option.
    """

    name: str
    module: str
    function: str
    group: str = ""
    options: str = ""

    def load(self) -> Callable[..., int]:
        """The function, as typer takes it."""
        module = import_module(self.module)
        function: Callable[..., int] = getattr(module, self.function)
        return function_of(getattr(module, self.options), function) if self.options else function


COMMANDS: tuple[Command, ...] = (
    Command(name="audit", module="steadypin.cli.audit", function="audit", options="AuditOptions"),
    Command(name="check", module="steadypin.cli.check", function="check", options="CheckOptions"),
    Command(name="diff", module="steadypin.cli.diff", function="diff"),
    Command(name="show", module="steadypin.cli.show", function="show"),
    Command(name="pin", module="steadypin.cli.pin", function="pin"),
    Command(name="dockerfile", module="steadypin.cli.dockerfile", function="dockerfile"),
    Command(name="verify-image", module="steadypin.cli.verify_image", function="verify_image"),
    Command(name="plan", module="steadypin.cli.plan", function="plan", options="PlanOptions"),
    Command(name="upgrade", module="steadypin.cli.upgrade", function="upgrade", options="UpgradeOptions"),
    Command(name="clean", module="steadypin.cli.clean", function="clean"),
    Command(name="checklist", module="steadypin.cli.checklist", function="checklist", options="ChecklistOptions"),
    Command(name="snapshot", module="steadypin.cli.snapshot", function="snapshot"),
    Command(name="tree", module="steadypin.cli.tree", function="tree"),
    Command(name="rules", module="steadypin.cli.rules", function="rules"),
    Command(name="explain", module="steadypin.cli.rules", function="explain"),
    Command(name="write", module="steadypin.cli.baseline", function="write", group="baseline", options="BaselineOptions"),
    Command(name="add", module="steadypin.cli.history", function="add", group="history"),
    Command(name="show", module="steadypin.cli.history", function="show", group="history"),
    Command(name="update", module="steadypin.cli.db", function="update", group="db"),
    Command(name="status", module="steadypin.cli.db", function="status", group="db"),
)

GROUPS = {
    "baseline": "Findings that are known and do not fail a check.",
    "db": "The local advisory database.",
    "history": "The numbers of earlier audits.",
}

INTERRUPTED = 130

EPILOG = "Exit codes: 0 nothing to report, 1 findings, 2 wrong usage or not done, 3 inconclusive, 130 interrupted, 70 a bug."


def invoke(arguments: list[str]) -> int:
    """Run one command line; its exit code."""
    command = typer.main.get_command(_app(arguments))
    try:
        code: Any = command.main(arguments, prog_name="steadypin", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # usage errors of the option parser, whose class lives in another module from one typer to the next
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            error.show()
            return int(error.exit_code)
        raise
    if code == INTERRUPTED:  # some versions of typer turn Ctrl-C into this code themselves
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _app(arguments: list[str]) -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "STEADYPIN"},
    )
    app.callback()(_root)
    groups: dict[str, typer.Typer] = {}
    for command in _needed(arguments):
        parent = app
        if command.group:
            if command.group not in groups:
                groups[command.group] = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
                app.add_typer(groups[command.group], name=command.group, help=GROUPS[command.group])
            parent = groups[command.group]
        parent.command(name=command.name, epilog=EPILOG)(command.load())
    return app


def _needed(arguments: list[str]) -> tuple[Command, ...]:
    """The commands that the first word can mean; all of them for `--help` and for a word that is none."""
    word = next((argument for argument in arguments if not argument.startswith("-")), "")
    named = tuple(command for command in COMMANDS if word == (command.group or command.name))
    return named or COMMANDS


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"steadypin {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        "-V",
        callback=_version,
        is_eager=True,
        help="Show the version.",
        envvar="STEADYPIN_SHOW_VERSION",  # not STEADYPIN_VERSION, which an image may well set to say which one it wants
        show_envvar=False,
    ),
) -> None:
    """Audit Python dependency pins, and move them forward in stages that your own tests have proved.

    \b
    steadypin audit                  what is installed, locked, declared and released
    steadypin show requirements.txt  one lock or manifest as it is read
    steadypin explain yanked         what a rule means, and what to do
    """
    del version
