"""What stands here against what the index offers: yanked, behind, old, abandoned, unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadypin.checks.installers import INSTALLERS
from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.policy import Policy
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.values import replace

if TYPE_CHECKING:
    from packaging.version import Version

YANKED = Rule(
    id="yanked",
    title="A yanked release",
    severity=Severity.HIGH,
    why="Its maintainers withdrew it. Resolvers no longer choose it, and it stays only where it is pinned (PEP 592).",
    bad="`urllib3 2.0.0` where the index says: yanked",
    good="the next release that is not yanked",
)
PATCH = Rule(
    id="outdated-patch",
    title="A patch behind",
    severity=Severity.LOW,
    why="Only the last part of the version differs: mostly fixes, rarely a risk.",
    bad="`jinja2 3.1.2`, latest 3.1.6",
    good="raise it with the other patches: `steadypin plan`",
)
MINOR = Rule(
    id="outdated-minor",
    title="A minor version behind",
    severity=Severity.LOW,
    why="New features and deprecations have piled up; each further one makes the move bigger.",
    bad="`sqlalchemy 2.0.20`, latest 2.1.3",
    good="raise it in a stage of its own: `steadypin plan`",
)
MAJOR = Rule(
    id="outdated-major",
    title="A major version behind",
    severity=Severity.LOW,
    why="Old major versions stop getting security fixes, and incompatible changes must be met sooner or later.",
    bad="`flask 2.3.3`, latest 3.1.3",
    good="read its changelog, raise it alone with tests: `steadypin upgrade`",
)
OLD = Rule(
    id="release-too-old",
    title="The release is far older than the limit",
    severity=Severity.LOW,
    why="Nobody has looked at this pin for years (limit: `max-age`, default 730 days).",
    bad="a release of 2019 in an environment of today",
    good="raise it, or look for a kept replacement if there is nothing newer",
)
STATUS = Rule(
    id="project-status",
    title="Archived, deprecated or quarantined on the index",
    severity=Severity.MEDIUM,
    why="The index says that the project is no longer kept or is under suspicion (PEP 792). Quarantined is critical.",
    bad="a dependency whose project status is `archived`",
    good="look for a replacement; never install a quarantined project",
)
UNKNOWN_PROJECT = Rule(
    id="unknown-project",
    title="A project that the index does not know",
    severity=Severity.MEDIUM,
    why="It cannot be installed again from there. If it is private, anybody may register its name on a public index.",
    bad="`acme-billing-core` installed by hand, index: 404",
    good="give the index that has it (`--index-url`, pip configuration), or vendor it",
)
UNKNOWN_RELEASE = Rule(
    id="unknown-release",
    title="A release that the index does not know",
    severity=Severity.MEDIUM,
    why="It was removed or built by hand: an image build will not find it.",
    bad="`leftlib 1.2.3+local` installed, index has 1.2.4",
    good="move to a release that the index has",
)
PYTHON = Rule(
    id="python-refused",
    title="A release whose Requires-Python refuses this interpreter",
    severity=Severity.HIGH,
    why="It was forced in or the interpreter was changed underneath; an installer would refuse it today.",
    bad="a release that needs Python >=3.12 in an environment of 3.10",
    good="a release that supports this Python, or a newer Python",
)
INSTALLER = Rule(
    id="installer-outdated",
    title="pip, setuptools, wheel or uv is behind",
    severity=Severity.INFO,
    why="These install the rest and are not part of what the project asks for; they are judged apart.",
    bad="`pip 21.0` in the environment",
    good="`python -m pip install --upgrade pip`, and leave them out of the image",
)


def run(case: Case) -> Iterator[Finding]:
    """Findings about releases; without an index answer there are none for a package (there is a gap)."""
    unknown = frozenset(case.facts.unknown)
    partly = frozenset(gap.subject for gap in case.facts.gaps if gap.stage == "index")  # one of several indexes was silent
    for package in case.packages:
        yield from _python(package, case)
        if package.name in unknown:
            yield from _unknown_project(package)
        elif package.project is None:
            yield from _old_in_lock(package, case)
        elif not _from_elsewhere(package):
            yield from _yanked(package)
            if package.name not in partly:
                yield from _unknown_release(package)
            yield from _outdated(package)
            yield from _old(package, case)
            yield from _status(package)


def _from_elsewhere(package: PackageComparison) -> bool:
    """A direct reference is not the index's release, even where it has its name."""
    if package.installed:
        return package.installed[0].direct_url is not None or package.installed[0].editable
    return bool(package.locked) and all(entry.kind != "index" for entry in package.locked)


def _places(package: PackageComparison) -> list[Location]:
    """Where a person would change the version: the lock line that pins it, the declaration, and only then the environment."""
    pins = [entry.location for entry in package.locked if parse.satisfies_pin(package.current, entry.version)]
    if package.installed and package.locked and not pins:
        return [package.installed[0].location]
    places = pins or [item.location for item in package.declared]
    return places or [distribution.location for distribution in package.installed[:1]]


def _yanked(package: PackageComparison) -> Iterator[Finding]:
    release = package.release
    if release is None or release.yanked is None:
        return
    reason = f": {release.yanked}" if release.yanked else ", no reason given"
    wanted = package.wanted.version if package.wanted else None
    yield YANKED.finding(
        f"{package.name} {package.current} was yanked{reason}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy=f"move to {package.name}=={wanted}" if wanted else "no release that is accepted here is left",
    )


def _unknown_project(package: PackageComparison) -> Iterator[Finding]:
    if _from_elsewhere(package) or package.name in INSTALLERS:
        return
    yield UNKNOWN_PROJECT.finding(
        f"the index does not know {package.name}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy="name the index that has it with --index-url or in pip's configuration",
    )


def _unknown_release(package: PackageComparison) -> Iterator[Finding]:
    if package.release is not None or package.current is None or package.project is None or not package.project.releases:
        return
    yield UNKNOWN_RELEASE.finding(
        f"the index does not know {package.name} {package.current}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy=f"move to {package.name}=={package.wanted.version}" if package.wanted else "keep its wheel before it is lost",
    )


def _outdated(package: PackageComparison) -> Iterator[Finding]:
    have = parse.version(package.current or "")
    latest = parse.version(package.latest.version) if package.latest else None
    if have is None or latest is None or latest <= have:
        return
    rule = INSTALLER if package.name in INSTALLERS else _size(have, latest)
    yield rule.finding(
        f"{package.name} {have} is behind {latest}{_wanted(package)}{_held(package)}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy=f"python -m pip install --upgrade {package.name}"
        if rule is INSTALLER and not package.locked
        else _move(package, have),
    )


def _size(have: Version, latest: Version) -> Rule:
    if have.epoch != latest.epoch or have.major != latest.major:
        return MAJOR
    return MINOR if have.minor != latest.minor else PATCH


def _wanted(package: PackageComparison) -> str:
    if package.wanted is None or package.latest is None or package.wanted.version == package.latest.version:
        return ""
    return f", accepted here: {package.wanted.version}"


def _held(package: PackageComparison) -> str:
    names = [f"{blocker.name} ({blocker.requirement})" for blocker in package.blocked_by if blocker.name != "python"]
    return f"; held by {', '.join(names)}" if names else ""


def _move(package: PackageComparison, have: Version) -> str:
    wanted = parse.version(package.wanted.version) if package.wanted else None
    if wanted is not None and wanted > have:
        return "steadypin plan"
    return "steadypin plan (it is held: who holds it must move first)"


def _old(package: PackageComparison, case: Case) -> Iterator[Finding]:
    age = package.age_days
    if age is None or age <= case.policy.max_age_days or package.name in INSTALLERS:
        return
    ahead = f"{package.behind} newer" if package.behind else "nothing newer"
    yield OLD.finding(
        f"{package.name} {package.current} is {age // 365} years old ({age} days, {ahead})",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy="steadypin plan" if package.behind else "look for a kept replacement",
    )


def _old_in_lock(package: PackageComparison, case: Case) -> Iterator[Finding]:
    """By the lock's own word, where no index was asked and the limit is the team's and not ours."""
    if case.policy.max_age_days == Policy().max_age_days or not case.locked_ages:
        return
    for entry in package.locked:
        age = case.locked_ages.get((package.name, entry.version or ""), 0)
        if age > case.policy.max_age_days and entry.kind == "index" and package.name not in INSTALLERS:
            yield OLD.finding(
                f"{package.name} {entry.version} is {age} days old (limit {case.policy.max_age_days}; no index was asked)",
                package=package.name,
                version=entry.version,
                at=[entry.location],
                remedy="steadypin plan",
            )


def _status(package: PackageComparison) -> Iterator[Finding]:
    project = package.project
    if project is None or project.status == "active":
        return
    reason = f": {project.status_reason}" if project.status_reason else ""
    finding = STATUS.finding(
        f"the project {package.name} is {project.status}{reason}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy="remove it now" if project.status == "quarantined" else "look for a replacement",
        about=project.status,
    )
    yield finding if project.status != "quarantined" else replace(finding, severity=Severity.CRITICAL)


def _python(package: PackageComparison, case: Case) -> Iterator[Finding]:
    distribution = package.installed[0] if package.installed else None
    demanded = distribution.requires_python if distribution else (package.release.requires_python if package.release else None)
    if case.facts.target.accepts_python(demanded):
        return
    yield PYTHON.finding(
        f"{package.name} {package.current or ''} needs Python {demanded}, this is {case.facts.target.python}",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy=f"move to {package.name}=={package.wanted.version}" if package.wanted else f"use a Python that is {demanded}",
    )


CHECK = Check(
    rules=(YANKED, PATCH, MINOR, MAJOR, OLD, STATUS, UNKNOWN_PROJECT, UNKNOWN_RELEASE, PYTHON, INSTALLER),
    run=run,
)
