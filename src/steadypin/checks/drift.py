"""Environment against lock: what is missing, what is too much, what is another version."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.checks.installers import INSTALLERS
from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.model.locked import LockedPackage
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity

NOT_LOCKED = Rule(
    id="installed-not-locked",
    title="Installed, but no lock names it",
    severity=Severity.MEDIUM,
    why="An image built from the lock will not have it. If code needs it, the image breaks; if not, nobody updates it.",
    bad="`flask-cors` stands in site-packages; requirements.txt does not mention it",
    good="declare it and lock again, or uninstall it",
)
NOT_INSTALLED = Rule(
    id="locked-not-installed",
    title="Locked, but not installed",
    severity=Severity.MEDIUM,
    why="What runs is not what the lock describes: tests passed without it, and the image will bring it.",
    bad="requirements.txt pins `idna==3.7`; the environment has no idna",
    good="install exactly the lock (`pip-sync`, `uv pip sync`, `uv sync`)",
)
DIFFERS = Rule(
    id="version-differs",
    title="Installed version differs from the lock",
    severity=Severity.HIGH,
    why="The version that was tested here is not the version that an image or a colleague will get.",
    bad="requirements.txt pins `jinja2==3.1.2`; 3.1.4 is installed",
    good="install the lock again, or lock what runs (`steadypin pin`)",
)
SOURCE = Rule(
    id="source-differs",
    title="Installed from another source than the lock says",
    severity=Severity.HIGH,
    why="The version can be the same and the code another: a commit, a local folder or a URL is not the index's release.",
    bad="uv.lock has `httpx` from the index; a git checkout is installed",
    good="install the lock again, or lock the source that is meant",
)
DISAGREE = Rule(
    id="locks-disagree",
    title="Two locks of one project pin different versions",
    severity=Severity.MEDIUM,
    why="Which one an install takes depends on the tool that happens to be used.",
    bad="uv.lock has `httpx 0.27.0`, requirements.txt has `httpx==0.28.1`",
    good="export one from the other, or delete one",
)


def run(case: Case) -> Iterator[Finding]:
    """Findings about drift; without an environment only locks are compared with each other."""
    for package in case.packages:
        yield from _locks_disagree(package)
        if case.facts.environment is not None and case.comparison.has_lock:
            yield from _against_lock(package, case)


def _against_lock(package: PackageComparison, case: Case) -> Iterator[Finding]:
    if not package.installed:
        yield from _missing(package)
    elif not package.locked:
        yield from _extra(package, case)
    else:
        if not _matches(package):
            yield _differs(package)
        yield from _source(package)


def _missing(package: PackageComparison) -> Iterator[Finding]:
    if not package.expected or package.name in INSTALLERS:
        return
    entry = package.expected[0]
    yield NOT_INSTALLED.finding(
        f"{package.name} {entry.version or ''} is locked, but not installed".replace("  ", " "),
        package=package.name,
        version=entry.version,
        at=[entry.location for entry in package.expected],
        remedy=f"install the lock again, or remove {package.name} from {entry.location.path}",
    )


def _extra(package: PackageComparison, case: Case) -> Iterator[Finding]:
    distribution = package.installed[0]
    excused = package.name in INSTALLERS or bool(package.declared) or package.name in case.optional
    if excused and not case.policy.exact:
        return
    needed_by = sorted({demand.by for demand in package.demands if demand.declared is None})
    reason = f" (needed by {', '.join(needed_by[:3])}{' …' if len(needed_by) > 3 else ''})" if needed_by else ""
    yield NOT_LOCKED.finding(
        f"{package.name} {distribution.version or '?'} is installed, but no lock names it{reason}",
        package=package.name,
        version=distribution.version,
        at=[distribution.location],
        remedy=f"declare {package.name} and lock again" if not needed_by else "lock again, so that everything needed is pinned",
    )


def _matches(package: PackageComparison) -> bool:
    installed = package.installed[0].version
    return any(entry.version is None or parse.satisfies_pin(installed, entry.version) for entry in package.locked)


def _differs(package: PackageComparison) -> Finding:
    distribution, entry = package.installed[0], package.locked[0]
    pinned = ", ".join(sorted({e.version or "?" for e in package.locked}))
    return DIFFERS.finding(
        f"{package.name} {distribution.version or '?'} is installed, the lock says {pinned}",
        package=package.name,
        version=distribution.version,
        at=[*(e.location for e in package.locked), distribution.location],
        remedy=f"pip install {package.name}=={entry.version}" if entry.version else "install the lock again",
    )


def _source(package: PackageComparison) -> Iterator[Finding]:
    distribution = package.installed[0]
    if any(_same_source(entry, distribution) for entry in package.locked):
        return
    entry = package.locked[0]
    yield SOURCE.finding(
        f"{package.name} is installed from {_origin(distribution)}, the lock says {_locked_origin(entry)}",
        package=package.name,
        version=distribution.version,
        at=[entry.location, distribution.location],
        remedy="install the lock again",
    )


def _same_source(entry: LockedPackage, distribution: InstalledDistribution) -> bool:
    """Whether an installed distribution came from where the entry says; a bare path or URL entry matches its own kind."""
    direct = distribution.direct_url
    if direct is None:
        return entry.kind in ("index", "conda", "virtual") or distribution.editable or _old_installer(entry)
    if direct.kind == "vcs":
        return entry.kind == "vcs" and _same_commit(entry, direct)
    if direct.kind == "path":
        return entry.kind in ("path", "editable", "virtual")
    return entry.kind == "url" or (entry.kind == "path" and direct.url.startswith("file:"))


def _old_installer(entry: LockedPackage) -> bool:
    """Old installers wrote no direct_url.json; a lock entry that is no release cannot be told from one then."""
    return entry.kind in ("path", "editable", "url", "vcs")


def _same_commit(entry: LockedPackage, direct: DirectUrl) -> bool:
    locked = entry.origin.revision if entry.origin else None
    if not locked or not direct.revision:
        return True
    return direct.revision.startswith(locked) or locked in (direct.revision, direct.requested_revision)


def _origin(distribution: InstalledDistribution) -> str:
    direct = distribution.direct_url
    if direct is None:
        return "an index"
    return f"{direct.url}@{direct.revision}" if direct.revision else direct.url


def _locked_origin(entry: LockedPackage) -> str:
    if entry.kind == "index" or entry.origin is None:
        return "an index" if entry.kind == "index" else f"a {entry.kind} source"
    return f"{entry.origin.url}@{entry.origin.revision}" if entry.origin.revision else str(entry.origin.url)


def _locks_disagree(package: PackageComparison) -> Iterator[Finding]:
    by_file: dict[str, set[str]] = {}
    for entry in package.locked:
        if entry.version is not None:
            by_file.setdefault(entry.location.path, set()).add(entry.version)
    comparable = [{parse.version(text) or text for text in versions} for versions in by_file.values()]
    if len(comparable) < 2 or set.intersection(*comparable):
        return
    said = "; ".join(f"{path} {', '.join(sorted(versions))}" for path, versions in sorted(by_file.items()))
    yield DISAGREE.finding(
        f"locks disagree about {package.name}: {said}",
        package=package.name,
        at=[entry.location for entry in package.locked],
        remedy="lock both from the same declarations",
    )


CHECK = Check(rules=(NOT_LOCKED, NOT_INSTALLED, DIFFERS, SOURCE, DISAGREE), run=run)
