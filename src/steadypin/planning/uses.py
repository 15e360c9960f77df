"""Which packages the project's own code imports, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping

from steadypin.model.code import CodeUse
from steadypin.model.facts import Facts
from steadypin.planning.standing import Names


def uses_of(code: CodeUse, names: Names) -> dict[str, int]:
    """The number of different modules that code outside of tests imports, by distribution."""
    found: dict[str, int] = {}
    for item in code.imports:
        for name in names.providers(item.name) if not item.tests else ():
            found[name] = found.get(name, 0) + 1
    return found


def with_guesses(names: Names, facts: Facts) -> Names:
    """The same, with locked and declared packages that are not installed under the module that their name suggests."""
    asked = {package.name for package in facts.locked if package.name} | {item.name for item in facts.declared}
    guessed: Mapping[str, frozenset[str]] = {name: frozenset({name.replace("-", "_")}) for name in sorted(asked)}
    return Names(modules={**guessed, **names.modules}, commands=names.commands)
