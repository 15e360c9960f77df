"""The join itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from steadypin.comparison import demands as asking
from steadypin.comparison import releases
from steadypin.comparison.applicable import Applicable, Selection, applicable
from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.comparison import Blocker, Comparison, Demand, PackageComparison
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.installed import InstalledDistribution
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.policy import Policy
from steadypin.model.released import Project, Release
from steadypin.values import dataclass, replace

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ledgers:
    """The facts, indexed by name."""

    declared: Mapping[str, list[DeclaredRequirement]]
    locked: Mapping[str, list[LockedPackage]]
    expected: Mapping[str, list[LockedPackage]]
    installed: Mapping[str, list[InstalledDistribution]]
    demands: Mapping[str, list[Demand]]
    projects: Mapping[str, Project]
    advisories: Mapping[str, list[AdvisoryMatch]]


def compare(facts: Facts, policy: Policy | None = None, selection: Selection | None = None) -> Comparison:
    """Join the ledgers. Pure: equal facts give equal comparisons."""
    policy, selection = policy or Policy(), selection or Selection()
    own = own_names(facts)
    locks = [
        applicable(file, facts.target, selection, declared=_asked_beside(file, facts.files))
        for file in facts.files
        if file.role != "manifest"
    ]
    ledgers = _index(facts, locks, selection)
    missing = {name for name, asked in ledgers.demands.items() if any(demand.declared is None for demand in asked)}
    names = {*ledgers.declared, *ledgers.locked, *ledgers.installed, *missing} - {""}
    return Comparison(
        packages=tuple(_package(name, ledgers, facts, policy) for name in sorted(names)),
        own=own,
        has_lock=any(lock.every for lock in locks),
    )


def _asked_beside(lock: SourceFile, files: Iterable[SourceFile]) -> tuple[DeclaredRequirement, ...]:
    """What the pyproject.toml in a lock's folder asks for."""
    beside = lock.path.rpartition("/")[0]
    manifests = (file for file in files if file.format == "pyproject" and file.path.rpartition("/")[0] == beside)
    return tuple(item for file in manifests for item in file.declared)


def own_names(facts: Facts) -> frozenset[str]:
    """The project itself and its workspace members: never drift, whatever version they have."""
    named = {file.project_name for file in facts.files if file.project_name}
    return frozenset(parse.normalise(name) for name in named | {root for file in facts.files for root in file.roots})


def _index(facts: Facts, locks: Sequence[Applicable], selection: Selection) -> _Ledgers:
    installed = _by_name((d.name, d) for d in facts.installed)
    expected = [package for lock in locks for package in lock.expected]
    firsts = {name: found[0] for name, found in installed.items()}
    return _Ledgers(
        declared=_by_name((d.name, d) for d in facts.declared if asking.applies(d, facts.target)),
        locked=_by_name((p.name or "", p) for lock in locks for p in lock.every),
        expected=_by_name((p.name or "", p) for p in expected),
        installed=installed,
        demands=asking.collect(facts, firsts, expected, selection),
        projects={project.name: project for project in facts.projects},
        advisories=_by_name((match.name, match) for match in facts.advisories),
    )


def _by_name(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = {}
    for name, item in pairs:
        found.setdefault(name, []).append(item)
    return found


def _package(name: str, ledgers: _Ledgers, facts: Facts, policy: Policy) -> PackageComparison:
    base = PackageComparison(
        name=name,
        declared=tuple(ledgers.declared.get(name, ())),
        locked=tuple(ledgers.locked.get(name, ())),
        expected=tuple(ledgers.expected.get(name, ())),
        installed=tuple(ledgers.installed.get(name, ())),
        demands=tuple(ledgers.demands.get(name, ())),
        direct=any(item.kind == "requirement" for item in ledgers.declared.get(name, ())),
        advisories=tuple(ledgers.advisories.get(name, ())),
    )
    project = ledgers.projects.get(name)
    return base if project is None else _with_releases(base, project, facts, policy)


def _with_releases(package: PackageComparison, project: Project, facts: Facts, policy: Policy) -> PackageComparison:
    current = package.current
    have = parse.version(current or "")
    prereleases = package.name in policy.prereleases or (have is not None and have.is_prerelease)
    target = facts.target

    def fits(release: Release) -> bool:
        return releases.installable(release, target)

    def suits(release: Release) -> bool:
        return (
            fits(release)
            and releases.accepted(release, package.demands)
            and releases.old_enough(release, facts.taken_at, policy.cooldown_days)
        )

    newest = releases.first(releases.offered(project, prereleases=False), lambda _: True)
    latest = releases.first(releases.offered(project, prereleases=False), fits)
    wanted = releases.first(releases.offered(project, prereleases=prereleases), suits)
    release = releases.find(project, current) if current else None
    return replace(
        package,
        project=project,
        release=release,
        wanted=wanted,
        latest=latest,
        newest=newest,
        blocked_by=_with_cooldown(releases.blockers(latest, newest, wanted, package.demands), latest, facts.taken_at, policy),
        behind=releases.behind(project, current, latest),
        age_days=releases.age_days(release, facts.taken_at) if release else None,
    )


def _with_cooldown(found: tuple[Blocker, ...], latest: Release | None, taken_at: str, policy: Policy) -> tuple[Blocker, ...]:
    if latest is None or releases.old_enough(latest, taken_at, policy.cooldown_days):
        return found
    return (*found, Blocker(name="cooldown", requirement=f"{policy.cooldown_days} days"))
