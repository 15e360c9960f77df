"""From a command's options, declared once (`words.py`), to a function that typer understands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from steadypin.cli.words import Word, words

_TYPES: dict[str, Any] = {
    "flag": bool,
    "text": str | None,
    "path": Path | None,
    "texts": list[str] | None,
    "paths": list[Path] | None,
}


def function_of(cls: type, run: Callable[[Any], int]) -> Callable[..., int]:
    """A function whose parameters are the options; its documentation is that of `run`."""
    known = words(cls)

    def call(**given: Any) -> int:
        return run(cls(**{name: tuple(value or ()) if known[name].repeated else value for name, value in given.items()}))

    defaults = {field.name: field.default for field in fields(cls)}
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if word.repeated else inspect.Parameter.empty if defaults[name] is MISSING else defaults[name],
            annotation=_annotation(name, word),
        )
        for name, word in known.items()
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__doc__ = run.__doc__
    return call


def _annotation(name: str, word: Word) -> Any:
    if word.positional:
        return Annotated[_TYPES[word.kind], typer.Argument(metavar=word.metavar, help=word.help)]
    long = word.spelling(name) + (f"/--{word.opposite}" if word.opposite else "")
    flags = (long, *([word.short] if word.short else []))
    option = typer.Option(*flags, help=word.help, metavar=word.metavar, envvar=word.variable)
    return Annotated[_TYPES[word.kind], option]
