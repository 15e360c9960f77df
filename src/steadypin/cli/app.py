"""The full option parser: help, completion, and what to say of mistakes. Made by typer from the words of each command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from steadypin import __version__
from steadypin.cli.commands import COMMANDS, load
from steadypin.cli.words import NEEDED, Options, Word

GROUPS = {
    "baseline": "Findings that are known and do not fail a check.",
    "db": "The local advisory database.",
    "history": "The numbers of earlier audits.",
}

INTERRUPTED = 130

EPILOG = "Exit codes: 0 nothing to report, 1 findings, 2 wrong usage or not done, 3 inconclusive, 130 interrupted, 70 a bug."


def invoke(arguments: list[str]) -> int:
    """Run one command line; its exit code. `help audit` is what many type for `audit --help`."""
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
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
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "STEADYPIN"},
    )
    app.callback()(_root)
    groups: dict[str, typer.Typer] = {}
    for name in _needed(arguments):
        group, _, word = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
            app.add_typer(groups[group], name=group, help=GROUPS[group])
        options, run = load(name)
        (groups[group] if group else app).command(name=word, epilog=EPILOG)(function_of(options, run))
    return app


def _needed(arguments: list[str]) -> list[str]:
    """The commands that the first word can mean; all of them for `--help` and for a word that is none."""
    word = next((argument for argument in arguments if not argument.startswith("-")), "")
    return [name for name in COMMANDS if name.split()[0] == word] or list(COMMANDS)


_TYPES: dict[str, Any] = {
    "flag": bool,
    "text": str | None,
    "path": Path | None,
    "texts": list[str] | None,
    "paths": list[Path] | None,
}


def function_of(cls: type[Options], run: Callable[[Any], int]) -> Callable[..., int]:
    """A function whose parameters are the options, as typer wants it; its documentation is that of `run`."""

    def call(**given: Any) -> int:
        values = {name: tuple(value or ()) if cls.words[name].repeated else value for name, value in given.items()}
        return run(cls(**values))

    parameters = [_parameter(name, word) for name, word in cls.words.items()]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__doc__ = run.__doc__
    return call


def _parameter(name: str, word: Word) -> inspect.Parameter:
    default = inspect.Parameter.empty if word.default is NEEDED else None if word.repeated else word.default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_annotation(name, word))


def _annotation(name: str, word: Word) -> Any:
    if word.positional:
        return Annotated[_TYPES[word.kind], typer.Argument(metavar=word.metavar, help=word.help)]
    long = word.spelling(name) + (f"/--{word.opposite}" if word.opposite else "")
    flags = (long, *([word.short] if word.short else []))
    option = typer.Option(*flags, help=word.help, metavar=word.metavar, envvar=word.variable)
    return Annotated[_TYPES[word.kind], option]


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
