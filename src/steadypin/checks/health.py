"""The environment on its own: unmet requirements, doubles, broken metadata, and what an index cannot give again."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.comparison import Demand, PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.model.location import Location
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity

BROKEN = Rule(
    id="broken-requirement",
    title="An installed package has a requirement that is not met",
    severity=Severity.HIGH,
    why="The package says that it does not work with what is installed. `pip check` finds the same.",
    bad="`starlette 0.36` requires `anyio<5,>=3.4`; anyio 2.2 is installed",
    good="install a version that is accepted, or move the package that asks",
)
DOUBLE = Rule(
    id="duplicate-distribution",
    title="Two distributions of one name in one folder",
    severity=Severity.HIGH,
    why="An interrupted install left two versions mixed; which code runs cannot be said from the metadata.",
    bad="`requests-2.31.0.dist-info` and `requests-2.32.3.dist-info` side by side",
    good="remove both and install one",
)
METADATA = Rule(
    id="broken-metadata",
    title="Metadata that cannot be read",
    severity=Severity.MEDIUM,
    why="Installers cannot upgrade or remove what they cannot read, and no tool can say what it is.",
    bad="a `*.dist-info` folder without METADATA",
    good="reinstall the package with --force-reinstall",
)
DIRECT = Rule(
    id="direct-reference",
    title="Editable, VCS, URL or local path",
    severity=Severity.LOW,
    why="It does not come from an index: another machine may not be able to get it, or may get other code.",
    bad="`pip install -e ../shared-lib` on the server",
    good="a release on an index, or a VCS reference with its full commit id",
)


def run(case: Case) -> Iterator[Finding]:
    """Findings about what is installed."""
    if case.facts.environment is None:
        return
    for package in case.packages:
        yield from _broken(package)
        yield from _double(package)
        yield from _metadata(package)
        yield from _direct(package)
    yield from _environment(case)


def _broken(package: PackageComparison) -> Iterator[Finding]:
    for demand in package.demands:
        if demand.declared is not None:
            continue
        if any(_may_satisfy(found, demand) for found in package.installed):
            continue
        version = package.installed[0].version if package.installed else None
        state = f"{version} is installed" if version else "it is not installed"
        yield BROKEN.finding(
            f"{demand.by} requires {_requirement(demand.requirement)}, but {state}",
            package=demand.by,
            at=[package.installed[0].location] if package.installed else (),
            remedy=f"pip install '{_requirement(demand.requirement)}'",
            about=demand.requirement,
        )


def _may_satisfy(found: InstalledDistribution, demand: Demand) -> bool:
    """Whether an installed version is accepted; of doubles and of broken metadata other rules speak."""
    return found.version is None or not parse.is_version(found.version) or not demand.refuses(found.version)


def _requirement(text: str) -> str:
    return text.partition(";")[0].strip()


def _double(package: PackageComparison) -> Iterator[Finding]:
    by_folder: dict[str, list[InstalledDistribution]] = {}
    for distribution in package.installed:
        by_folder.setdefault(distribution.location.path.rpartition("/")[0], []).append(distribution)
    for found in by_folder.values():
        if len(found) < 2:
            continue
        yield DOUBLE.finding(
            f"{len(found)} distributions of {package.name} in one folder: {', '.join(d.version or '?' for d in found)}",
            package=package.name,
            version=found[0].version,
            at=[distribution.location for distribution in found],
            remedy=f"pip uninstall {package.name} until it is gone, then install the pinned version",
        )


_FILES = frozenset({"METADATA", "PKG-INFO", "direct_url.json"})
"""What a problem speaks of without naming it."""


def _metadata(package: PackageComparison) -> Iterator[Finding]:
    for distribution in package.installed:
        for problem in distribution.problems:
            file = problem.location.path.replace("\\", "/").rpartition("/")[2]
            subject = f"{file} " if file in _FILES else ""
            yield METADATA.finding(
                f"{package.name}: {subject}{problem.message}",
                package=package.name,
                version=distribution.version,
                at=[problem.location],
                remedy=f"pip install --force-reinstall {package.name}",
                about=problem.message,
            )


def _environment(case: Case) -> Iterator[Finding]:
    environment = case.facts.environment
    for problem in environment.problems if environment else ():
        yield METADATA.finding(problem.message, at=[problem.location], about=problem.message)


def _direct(package: PackageComparison) -> Iterator[Finding]:
    distribution = package.installed[0] if package.installed else None
    if distribution is None or not (distribution.direct_url or distribution.editable):
        return
    kind, place = _origin(distribution.direct_url, distribution)
    yield DIRECT.finding(
        f"{package.name} {distribution.version or ''} is installed from {place}".replace("  ", " "),
        package=package.name,
        version=distribution.version,
        at=[distribution.location, *_declared_at(package)],
        remedy="pin a commit id, or publish a release" if kind == "vcs" else "install a release from an index",
        about=kind,
    )


def _declared_at(package: PackageComparison) -> list[Location]:
    return [item.location for item in package.declared]


def _origin(direct: DirectUrl | None, distribution: InstalledDistribution) -> tuple[str, str]:
    if direct is None:
        return "editable", "an editable source folder"
    if distribution.editable or direct.editable:
        return "editable", f"an editable source folder ({direct.url})"
    if direct.kind == "vcs":
        return "vcs", f"version control: {direct.url}@{direct.revision or 'an unknown revision'}"
    return direct.kind, f"{'a local path' if direct.kind == 'path' else 'a direct URL'}: {direct.url}"


CHECK = Check(rules=(BROKEN, DOUBLE, METADATA, DIRECT), run=run)
