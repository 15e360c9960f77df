"""What the resolver shall be asked: the project's declarations and today's pins, out of the facts.

Exact pins of a hand-written requirements file are a lock and may move; every other declaration is a demand that the plan keeps.
`Comparison` has decided which is which: a declaration that is a demand stands among the demands of its package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import Version

from steadypin.model import parse
from steadypin.model.comparison import Comparison, PackageComparison
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.released import Project
from steadypin.model.resolution import Question
from steadypin.planning.goal import Goal
from steadypin.planning.tools import is_tool
from steadypin.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`standing` is what runs today (installed, else locked), `preferred` what should (locked, else installed), by name.

    `question` has requirements, constraints, target and options, and no pins. `direct` are names that the project itself
    declares, `tools` those of them that only build, test or document it. `set_aside` are packages that no index serves
    (paths, repositories, private ones): they stay, and what they require of others is required still. `arrivals` are projects
    of the index that nothing here names yet and that a plan may bring.
    """

    question: Question
    standing: Mapping[str, str]
    preferred: Mapping[str, str]
    packages: Mapping[str, PackageComparison]
    direct: frozenset[str]
    tools: frozenset[str]
    set_aside: frozenset[str] = frozenset()
    arrivals: Mapping[str, Project] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    def project(self, name: str) -> Project | None:
        """What the index offers of a name, where that is known."""
        package = self.packages.get(name)
        return package.project if package is not None else self.arrivals.get(name)

    def place_of(self, name: str, requirement: str) -> str:
        """Where the project asks for just that ("requirements.in:3"); "" where no one place does."""
        asked, package = parse.requirement(requirement), self.packages.get(name)
        if asked is None or package is None:
            return ""
        for item in package.declared:
            parsed = parse.requirement(item.requirement)
            if parsed is not None and parsed.specifier == asked.specifier and is_demand(item, package):
                return place(item)
        return ""


def pose(facts: Facts, comparison: Comparison, goal: Goal) -> Problem:
    """The problem that a project's facts pose."""
    packages = {package.name: package for package in comparison.packages if package.name not in comparison.own}
    aside = frozenset(name for name, package in packages.items() if _is_set_aside(package, facts))
    declared = [item for package in packages.values() for item in package.declared if item.name not in aside]
    requirements = {_text(item, packages[item.name]) for item in declared if item.kind == "requirement"}
    direct = frozenset(item.name for item in declared if item.kind == "requirement")
    if not direct:
        direct = frozenset(_roots(packages, aside))
        requirements |= direct
    question = Question(
        requirements=tuple(sorted(requirements | set(_inherited(packages, aside, facts)))),
        constraints=tuple(sorted({*_of_kind(declared, packages, "constraint"), *goal.constraints})),
        overrides=tuple(sorted(_of_kind(declared, packages, "override"))),
        absent=tuple(sorted(aside | comparison.own)),
        python=facts.target.python,
        platform=facts.target.platform,
        options=goal.options,
        hashes=goal.hashes,
    )
    indexed = {name: package for name, package in packages.items() if name not in aside}
    return Problem(
        question=question,
        standing=dict(_versions(indexed, locked_first=False)),
        preferred=dict(_versions(indexed, locked_first=True)),
        packages=packages,
        direct=direct,
        tools=frozenset(name for name in direct if is_tool(packages[name])),
        set_aside=aside,
        arrivals={p.name: p for p in facts.projects if p.name not in packages and p.name not in comparison.own},
        gaps=tuple(_aside_gap(name, packages[name]) for name in sorted(aside) if _matters(packages[name])),
    )


def _is_set_aside(package: PackageComparison, facts: Facts) -> bool:
    if package.name in facts.unknown:
        return True
    if any(item.editable or _direct_reference(item) for item in package.declared):
        return True
    if any(entry.kind in ("vcs", "url", "path", "editable", "virtual") for entry in package.locked):
        return True
    first = package.installed[0] if package.installed else None
    return first is not None and not package.locked and (first.editable or first.direct_url is not None)


def _direct_reference(item: DeclaredRequirement) -> bool:
    parsed = parse.requirement(item.requirement)
    return parsed is None or parsed.url is not None


def _matters(package: PackageComparison) -> bool:
    return bool(package.declared or package.locked)


def _aside_gap(name: str, package: PackageComparison) -> Gap:
    known = "what it requires of others is kept" if package.installed else "what it requires of others is not known"
    return Gap(
        subject=name, stage="resolution", reason="not-on-index", detail=f"comes from no index and stays as it is; {known}"
    )


def place(item: DeclaredRequirement) -> str:
    """The file of a declaration, and its line where that is known."""
    return f"{item.location.path}:{item.location.line}" if item.location.line else item.location.path


def _text(item: DeclaredRequirement, package: PackageComparison) -> str:
    """The declaration as it is asked: without its version where that is a pin that may move."""
    parsed = parse.requirement(item.requirement)
    if parsed is None:
        return item.name
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    specifier = str(parsed.specifier) if is_demand(item, package) else ""
    return f"{item.name}{extras}{specifier}"


def is_demand(item: DeclaredRequirement, package: PackageComparison) -> bool:
    """Whether a declaration caps its package (it is not merely the pin of a hand-written lock)."""
    return any(demand.declared == item for demand in package.demands)


def _of_kind(declared: list[DeclaredRequirement], packages: Mapping[str, PackageComparison], kind: str) -> Iterator[str]:
    for item in declared:
        if item.kind == kind and is_demand(item, packages[item.name]):
            yield _text(item, packages[item.name])


def _inherited(packages: Mapping[str, PackageComparison], aside: frozenset[str], facts: Facts) -> Iterator[str]:
    """What the packages that no index serves require of those that one does."""
    for package in packages.values():
        for demand in package.demands:
            parsed = parse.requirement(demand.requirement)
            if demand.declared is None and demand.by in aside and package.name not in aside and parsed is not None:
                extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
                yield f"{package.name}{extras}{parsed.specifier}"


def _roots(packages: Mapping[str, PackageComparison], aside: frozenset[str]) -> Iterator[str]:
    """Where nothing is declared: what stands here and nobody else asks for, or everything where all ask in a circle."""
    asked = {edge.name for package in packages.values() for entry in package.locked for edge in entry.dependencies}
    locked = {name for name, package in packages.items() if package.locked}
    standing = [name for name in (locked or packages) if name not in aside and packages[name].current]
    roots = [name for name in standing if not _is_needed(packages[name], asked, locked)]
    yield from roots or standing


def _is_needed(package: PackageComparison, asked: set[str], locked: set[str]) -> bool:
    if package.name in asked or any(demand.declared is None for demand in package.demands):
        return True
    return any(name in locked for entry in package.locked for name in entry.via)


def _versions(packages: Mapping[str, PackageComparison], *, locked_first: bool) -> Iterator[tuple[str, str]]:
    for name in sorted(packages):
        package = packages[name]
        installed = package.installed[0].version if package.installed else None
        locked = _locked_version(package)
        if locked and installed and parse.satisfies_pin(installed, locked):
            locked = installed  # the same version, perhaps with a local label that the lock does not write
        version = (locked or installed) if locked_first else (installed or locked)
        if version and parse.version(version) is not None:
            yield name, version


def _locked_version(package: PackageComparison) -> str | None:
    """The version that the locks agree on; where they do not, that of a plain install, else the highest."""
    for entries in (package.expected, package.locked):
        versions = {entry.version for entry in entries if entry.version and parse.version(entry.version)}
        if len(versions) == 1:
            return versions.pop()
    return max(versions, key=Version, default=None)
