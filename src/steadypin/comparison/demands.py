"""Who asks for what in the audited environment: the project's declarations and the requirements of what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement

from steadypin.model import parse
from steadypin.model.comparison import Demand
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.installed import InstalledDistribution
from steadypin.model.locked import SourceFile
from steadypin.model.target import Target

ELSEWHERE = ("build", "tool")
"""Kinds of declarations that are met in an environment of their own, not in the project's."""


def collect(facts: Facts, installed: Mapping[str, InstalledDistribution]) -> dict[str, list[Demand]]:
    """Demands by the name that they are about."""
    declared = [d for d in facts.declared if applies(d, facts.target)]
    demands: dict[str, list[Demand]] = {}
    for item in declared:
        if item.kind not in ELSEWHERE and not is_movable_pin(item, facts.files):
            demands.setdefault(item.name, []).append(Demand(by=place(item), requirement=item.requirement, declared=item))
    active = active_extras(declared, installed, facts)
    for name, distribution in installed.items():
        for text, requirement in requirements(distribution, active.get(name, frozenset()), facts.target):
            demands.setdefault(parse.normalise(requirement.name), []).append(Demand(by=name, requirement=text))
    return demands


def applies(item: DeclaredRequirement, target: Target) -> bool:
    """Whether a declaration holds on the target (its extra or group being chosen)."""
    requirement = parse.requirement(item.requirement)
    if requirement is None:
        return False
    return requirement.marker is None or target.applies(str(requirement.marker), extras=("", item.extra or ""))


def place(item: DeclaredRequirement) -> str:
    """How a report names the project's own declaration: its file and line."""
    return f"{item.location.path}:{item.location.line}" if item.location.line else item.location.path


def is_movable_pin(item: DeclaredRequirement, files: Iterable[SourceFile]) -> bool:
    """Whether a declaration is a pin of a hand-written requirements file: that file is lock and manifest in one, its pins
    are the lock.
    """
    if item.kind == "override":
        return False
    role = next((file.role for file in files if file.path == item.location.path), "manifest")
    return role == "both" and parse.exact_version(item.requirement) is not None


def requirements(
    distribution: InstalledDistribution, extras: frozenset[str], target: Target
) -> Iterator[tuple[str, Requirement]]:
    """The requirements of an installed distribution that apply here with these extras; unreadable ones are left out."""
    for text in distribution.requires:
        if not extras and _only_with_extra(text):
            continue
        requirement = parse.requirement(text)
        if requirement is None:
            continue
        if requirement.marker is None or target.applies(str(requirement.marker), extras=("", *sorted(extras))):
            yield text, requirement


def _only_with_extra(text: str) -> bool:
    """A cheap and safe look at the commonest case, `…; extra == "x"`: most lines of an environment are these and none
    applies.
    """
    _, _, marker = text.partition(";")
    return "extra" in marker and " or " not in marker and ("extra ==" in marker or "extra==" in marker)


def active_extras(
    declared: Iterable[DeclaredRequirement], installed: Mapping[str, InstalledDistribution], facts: Facts
) -> dict[str, frozenset[str]]:
    """Which extras somebody asked for, by name: declared ones, and those that active requirements ask for in turn."""
    active: dict[str, frozenset[str]] = {}
    pending = [(item.name, extra) for item in declared for extra in _extras_of(item.requirement)]
    pending += [(p.name, extra) for file in facts.files for p in file.packages if p.name for extra in p.extras or ()]
    for distribution in installed.values():
        for text, requirement in requirements(distribution, frozenset(), facts.target):
            if "[" in text:
                pending += [(parse.normalise(requirement.name), extra) for extra in requirement.extras]
    while pending:
        name, extra = pending.pop()
        have = active.get(name, frozenset())
        if extra in have or name not in installed:
            continue
        active[name] = have | {extra}
        for text, requirement in requirements(installed[name], active[name], facts.target):
            if "[" in text:
                pending += [(parse.normalise(requirement.name), more) for more in requirement.extras]
    return active


def _extras_of(text: str) -> frozenset[str]:
    requirement = parse.requirement(text) if "[" in text else None
    return frozenset(requirement.extras) if requirement else frozenset()
