"""Who asks for what in the audited environment: the project's declarations and the requirements of what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from steadypin.comparison.applicable import file_group
from steadypin.comparison.selection import Selection
from steadypin.model import parse
from steadypin.model.comparison import Demand
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.installed import InstalledDistribution
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.target import Target
from steadypin.values import dataclass

ELSEWHERE = ("build", "tool")
"""Kinds of declarations that are met in an environment of their own, not in the project's."""


def collect(
    facts: Facts, installed: Mapping[str, InstalledDistribution], expected: Iterable[LockedPackage], selection: Selection
) -> dict[str, list[Demand]]:
    """Demands by the name that they are about. `expected` are the entries of locks that a plain install brings."""
    declared = [d for d in facts.declared if applies(d, facts.target)]
    demands: dict[str, list[Demand]] = {}
    for item in declared:
        if item.kind not in ELSEWHERE and not is_movable_pin(item, facts.files):
            demands.setdefault(item.name, []).append(Demand(by=place(item), requirement=item.requirement, declared=item))
    active = active_extras(_asked_extras(declared, facts.files, expected, selection), installed, facts.target)
    for name, distribution in installed.items():
        for text, asked in requirements(distribution, active.get(name, frozenset()), facts.target):
            demands.setdefault(parse.normalise(asked.name), []).append(Demand(by=name, requirement=text))
    return demands


def applies(item: DeclaredRequirement, target: Target) -> bool:
    """Whether a declaration holds on the target (its extra or group being chosen)."""
    if parse.plain_pin(item.requirement):
        return True
    asked = parse.parts(item.requirement)
    return asked is not None and target.applies(asked.marker, extras=("", item.extra or ""))


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
) -> Iterator[tuple[str, parse.Parts]]:
    """The requirements of an installed distribution that apply here with these extras; unreadable ones are left out."""
    for text in distribution.requires:
        if not extras and _only_with_extra(text):
            continue
        asked = parse.parts(text)
        if asked is not None and target.applies(asked.marker, extras=("", *sorted(extras))):
            yield text, asked


def _only_with_extra(text: str) -> bool:
    """A cheap and safe look at the commonest case, `…; extra == "x"`: most lines of an environment are these and none
    applies.
    """
    _, _, marker = text.partition(";")
    return "extra" in marker and " or " not in marker and ("extra ==" in marker or "extra==" in marker)


@dataclass(frozen=True, slots=True)
class AskedExtra:
    """An extra that somebody asks for. Not `sure`: in a group or extra that may not have been installed."""

    name: str
    extra: str
    sure: bool


def _asked_extras(
    declared: Iterable[DeclaredRequirement],
    files: Iterable[SourceFile],
    expected: Iterable[LockedPackage],
    selection: Selection,
) -> Iterator[AskedExtra]:
    for item in declared:
        if "[" in item.requirement:
            yield from (AskedExtra(item.name, extra, _is_chosen(item, selection)) for extra in _extras_of(item.requirement))
    sure = {id(package) for package in expected}
    for package in (package for file in files if file.role != "manifest" for package in file.packages):
        if package.name and package.extras:
            yield from (AskedExtra(package.name, extra, id(package) in sure) for extra in package.extras)


def _is_chosen(item: DeclaredRequirement, selection: Selection) -> bool:
    """Whether an install of the project brings what is declared there."""
    if item.kind in ELSEWHERE:
        return False
    if item.group or item.extra:
        return item.group in selection.groups or item.extra in selection.extras
    group = file_group(item.location.path)
    return group is None or group in selection.groups


def active_extras(
    asked: Iterable[AskedExtra], installed: Mapping[str, InstalledDistribution], target: Target
) -> dict[str, frozenset[str]]:
    """Which extras are installed, by name: those that were surely asked for, those of which everything is there, and those
    that active requirements ask for in turn.
    """
    active: dict[str, frozenset[str]] = {}
    pending = list(asked)
    for distribution in installed.values():
        pending += _further(distribution, frozenset(), target, sure=True)
    while pending:
        name, extra, sure = (item := pending.pop()).name, item.extra, item.sure
        have = active.get(name, frozenset())
        if extra in have or name not in installed:
            continue
        brought = [parse.normalise(r.name) for _, r in requirements(installed[name], have | {extra}, target)]
        if not sure and not installed.keys() >= set(brought):
            continue
        active[name] = have | {extra}
        pending += _further(installed[name], active[name], target, sure=sure)
    return active


def _further(
    distribution: InstalledDistribution, extras: frozenset[str], target: Target, *, sure: bool
) -> Iterator[AskedExtra]:
    """The extras that the requirements of a distribution ask for."""
    if "[" not in "".join(distribution.requires):
        return
    for text, asked in requirements(distribution, extras, target):
        if "[" in text:
            yield from (AskedExtra(parse.normalise(asked.name), extra, sure) for extra in asked.extras)


def _extras_of(text: str) -> frozenset[str]:
    asked = parse.parts(text)
    return frozenset(asked.extras) if asked else frozenset()
