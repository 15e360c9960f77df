"""Locks that only their own tool writes: the commands that bring such a lock to the tested versions, each tried by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steadypin.model.locked import SourceFile

Pins = Mapping[str, str]


def how(file: SourceFile, pins: Pins) -> str:
    """What to do with the tool that wrote `file`, so that it holds these versions by name."""
    told = _HOW.get(file.format)
    return told(file, pins) if told else f"move these with the tool that wrote it: {_joined(pins)}"


def _poetry(file: SourceFile, pins: Pins) -> str:
    return (
        f"`poetry add --lock {_joined(pins, '@')}`, then put pyproject.toml back as it was and `poetry lock` (before Poetry 2"
        " with --no-update), which keeps these versions"
    )


def _pdm(file: SourceFile, pins: Pins) -> str:
    update = "pdm update --no-sync --update-reuse --override FILE"
    commands = [
        f"`{update} {'' if group == 'default' else f'-dG {group} '}{' '.join(names)}`"
        for group, names in _by_group(file, pins).items()
    ]
    return f"{' and '.join(commands)} with a FILE that has one line for each of {_joined(pins)}"


def _pipenv(file: SourceFile, pins: Pins) -> str:
    commands = [
        f"`pipenv upgrade {_OF_PIPENV.get(group, f'--categories {group} ')}{_joined({name: pins[name] for name in names})}`"
        for group, names in _by_group(file, pins).items()
    ]
    return f"{' and '.join(commands)}, which pins them in the Pipfile as well"


_OF_PIPENV = {"default": "", "develop": "--dev "}
_HOW: dict[str, Callable[[SourceFile, Pins], str]] = {
    "poetry": _poetry,
    "pdm": _pdm,
    "pipfile": _pipenv,
    "pixi": lambda _, pins: f"`pixi update {' '.join(pins)}`, with these versions in the manifest: {_joined(pins)}",
    "conda-lock": lambda _, pins: (
        f"`conda-lock lock --update NAME` for each, with these versions in environment.yml: {_joined(pins)}"
    ),
}


def _by_group(file: SourceFile, pins: Pins) -> dict[str, list[str]]:
    """Names by a group that they are locked for, the default one where they are in it."""
    groups = {package.name: package.groups or ("default",) for package in file.packages}
    found: dict[str, list[str]] = {}
    for name in sorted(pins):
        chosen = groups.get(name, ("default",))
        found.setdefault("default" if "default" in chosen else chosen[0], []).append(name)
    return found


def _joined(pins: Pins, sign: str = "==") -> str:
    return " ".join(f"{name}{sign}{version}" for name, version in sorted(pins.items()))
