"""Environment against lock: what is missing, what is too much, what is another version."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from steadypin.checks.installers import INSTALLERS
from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.model.location import Location
from steadypin.model.locked import LockedPackage
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.values import replace

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
NOT_CHOSEN = Rule(
    id="installed-not-chosen",
    title="Installed, but only a group or extra that was not chosen brings it",
    severity=Severity.MEDIUM,
    why="A production environment with development tools in it is larger, and its tests prove less than they seem to.",
    bad="`steadypin check --no-dev`, and pytest is installed",
    good="install without groups (`uv sync --no-dev`, `poetry sync --without dev`), or name the group with --group",
)
FOREIGN = Rule(
    id="foreign-environment",
    title="The environment seems to belong to another project",
    severity=Severity.MEDIUM,
    why="Drift is then a matter of the wrong environment, not of the wrong packages.",
    bad="VIRTUAL_ENV still names the environment of the project that was worked on before",
    good="name the environment with --python, or leave the active one (`deactivate`)",
)
DISAGREE = Rule(
    id="locks-disagree",
    title="Two locks of one project pin different versions",
    severity=Severity.MEDIUM,
    why="Which one an install takes depends on the tool that happens to be used. (Low for two sections of one Pipfile.lock.)",
    bad="uv.lock has `httpx 0.27.0`, requirements.txt has `httpx==0.28.1`",
    good="export one from the other, or delete one",
)

_ENOUGH = 4
"""Packages from which on an environment can be told from another project's."""


def run(case: Case) -> Iterator[Finding]:
    """Findings about drift; without an environment only locks are compared with each other."""
    for package in case.packages:
        yield from _locks_disagree(package, case)
        if case.facts.environment is not None and case.comparison.has_lock:
            yield from _against_lock(package, case)
    yield from _foreign(case)


def _against_lock(package: PackageComparison, case: Case) -> Iterator[Finding]:
    if not package.installed:
        yield from _missing(package)
    elif not package.locked:
        yield from _extra(package, case)
    else:
        yield from _not_chosen(package, case)
        if not _matches(package) and not _is_own_installer(package, case):
            yield _differs(package, case)
        yield from _source(package, case)


def _is_own_installer(package: PackageComparison, case: Case) -> bool:
    """Whether it is a pip or setuptools that came with the environment, and only a group that was not chosen pins another."""
    return package.name in INSTALLERS and not package.expected and not case.policy.exact


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
    if _excused(package, case) or _locked_by_place(distribution, case):
        return
    needed_by = sorted({demand.by for demand in package.demands if demand.declared is None})
    reason = f" (needed by {', '.join(needed_by[:3])}{' …' if len(needed_by) > 3 else ''})" if needed_by else ""
    finding = NOT_LOCKED.finding(
        f"{package.name} {distribution.version or '?'} is installed, but no lock names it{reason}",
        package=package.name,
        version=distribution.version,
        at=[distribution.location],
        remedy=f"declare {package.name} and lock again" if not needed_by else "lock again, so that everything needed is pinned",
    )
    # an install of requirements that are pinned by hand brings what they need as well, in whatever version
    by_hand = not any(file.role == "lock" for file in case.facts.files)
    yield replace(finding, severity=Severity.LOW) if needed_by and by_hand else finding


def _excused(package: PackageComparison, case: Case) -> bool:
    """What a lock was never meant to hold: installers, what groups and extras bring, what a base Python lends."""
    if case.policy.exact:
        return False
    distribution = package.installed[0]
    if package.name in INSTALLERS or _is_lent(distribution, case) or _is_the_project(distribution, case):
        return True
    if case.policy.no_dev:
        return False
    return package.name in case.optional or any(not case.is_for_a_lock(item) for item in package.declared)


def _is_the_project(distribution: InstalledDistribution, case: Case) -> bool:
    """The project's own editable install, where no manifest tells its name (a setup.py that computes it)."""
    direct = distribution.direct_url
    return (
        direct is not None and direct.editable and bool(case.facts.root) and _bare(direct.url).endswith(f"/{case.facts.root}")
    )


def _locked_by_place(distribution: InstalledDistribution, case: Case) -> bool:
    """Whether an entry without a name (`-e ../shared`, `./wheels/x.whl`, a bare URL) says where this came from."""
    direct = distribution.direct_url
    if direct is None:
        return False
    nameless = [entry.origin.url for entry in case.facts.locked if entry.name is None and entry.origin and entry.origin.url]
    came_from = f"/{_bare(direct.url)}"
    return any(came_from.endswith(f"/{_tail(url, case)}") for url in nameless)


def _tail(url: str, case: Case) -> str:
    """What a path of the project has in common with the absolute one: all but the way up. `.` is the project itself."""
    parts = [part for part in _bare(url.removeprefix("git+")).split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or case.facts.root


def _is_lent(distribution: InstalledDistribution, case: Case) -> bool:
    """Whether it stands outside of an environment that sees the packages of its base."""
    environment = case.facts.environment
    return (
        environment is not None
        and environment.system_site_packages
        and not distribution.location.path.startswith(environment.path)
    )


def _not_chosen(package: PackageComparison, case: Case) -> Iterator[Finding]:
    if package.expected or not (case.policy.exact or case.policy.no_dev) or package.name in INSTALLERS:
        return
    groups = sorted({group for entry in package.locked for group in entry.groups or ()} | _asking_groups(package))
    brings = f" ({', '.join(groups[:3])} would bring it)" if groups else ""
    yield NOT_CHOSEN.finding(
        f"{package.name} {package.installed[0].version or '?'} is installed, but nothing that was chosen needs it{brings}",
        package=package.name,
        version=package.installed[0].version,
        at=[package.installed[0].location, package.locked[0].location],
        remedy=f"uninstall {package.name}, or choose its group or extra (--group, --extra)",
    )


def _asking_groups(package: PackageComparison) -> set[str]:
    return {name for item in package.declared if (name := item.group or item.extra)}


def _matches(package: PackageComparison) -> bool:
    """Whether what stands here is pinned. Of doubles in one folder any may be it, and broken metadata says no version: both
    have rules of their own.
    """
    versions = [distribution.version for distribution in _side_by_side(package)]
    return None in versions or any(
        entry.version is None or parse.satisfies_pin(version, entry.version) for entry in package.locked for version in versions
    )


def _side_by_side(package: PackageComparison) -> list[InstalledDistribution]:
    """The distributions in the folder of the first, which hides those of later folders."""
    folder = package.installed[0].location.path.rpartition("/")[0]
    return [found for found in package.installed if found.location.path.rpartition("/")[0] == folder]


_SYNC = {"uv": "uv sync", "poetry": "poetry sync", "pdm": "pdm sync", "pipfile": "pipenv sync"}


def _differs(package: PackageComparison, case: Case) -> Finding:
    distribution, entry = package.installed[0], package.locked[0]
    pinned = ", ".join(sorted({e.version or "?" for e in package.locked}))
    sync = next((_SYNC.get(file.format) for file in case.facts.files if file.path == entry.location.path), None)
    return DIFFERS.finding(
        f"{package.name} {distribution.version or '?'} is installed, the lock says {pinned}",
        package=package.name,
        version=distribution.version,
        at=[*(e.location for e in package.locked), distribution.location],
        remedy=sync or (f"pip install {package.name}=={entry.version}" if entry.version else "install the lock again"),
    )


def _source(package: PackageComparison, case: Case) -> Iterator[Finding]:
    distribution = package.installed[0]
    if any(_same_source(entry, distribution, case) for entry in package.locked):
        return
    entry = package.locked[0]
    yield SOURCE.finding(
        f"{package.name} is installed from {_origin(distribution)}, the lock says {_locked_origin(entry)}",
        package=package.name,
        version=distribution.version,
        at=[entry.location, distribution.location],
        remedy="install the lock again",
    )


def _same_source(entry: LockedPackage, distribution: InstalledDistribution, case: Case) -> bool:
    """Whether an installed distribution came from where the entry says; a bare path entry matches its own kind."""
    direct = distribution.direct_url
    if direct is None:
        return entry.kind in ("index", "conda", "virtual") or distribution.editable or not _says_source(distribution, case)
    if direct.kind == "vcs":
        return entry.kind == "vcs" and _same_commit(entry, direct)
    if any(known in file.hashes for file in entry.files for known in direct.hashes):
        return True  # the very file that is locked, carried here by other means (a wheelhouse in an image)
    if direct.kind == "path":
        return entry.kind in ("path", "editable", "virtual") or (entry.kind == "url" and direct.url.startswith("file:"))
    return entry.kind == "url" and _same_url(entry, direct)


def _says_source(distribution: InstalledDistribution, case: Case) -> bool:
    """Whether the installer would have written direct_url.json (PEP 610): old ones did not, and egg-info never had it."""
    if not distribution.location.path.endswith(".dist-info"):
        return False
    installer = (distribution.installer or "").split(" ")[0].lower()
    if installer == "pip":
        python = parse.release(case.facts.target.python)
        return python is not None and python >= [3, 9]  # the first that comes with a pip that writes it
    return installer in ("uv", "poetry", "pdm")


def _same_url(entry: LockedPackage, direct: DirectUrl) -> bool:
    locked = entry.origin.url if entry.origin else None
    return not locked or _bare(locked) == _bare(direct.url)


def _bare(url: str) -> str:
    """Without scheme, login, fragment and percent signs: installers quote `+` or not."""
    return unquote(url.partition("#")[0].rpartition("://")[2].rpartition("@")[2].rstrip("/"))


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


def _locks_disagree(package: PackageComparison, case: Case) -> Iterator[Finding]:
    by_file: dict[str, set[str]] = {}
    for entry in package.locked:
        path = entry.location.path
        names = [f"{path} ({name})" for name in entry.groups or ()] if path in case.locked_by_section else [path]
        for name in names if entry.version is not None else ():
            by_file.setdefault(name, set()).add(entry.version or "")
    if len(by_file) < 2 or set.intersection(*by_file.values()):
        return
    if set.intersection(*({parse.version(text) or text for text in versions} for versions in by_file.values())):
        return  # 1.0 is 1.0.0
    said = "; ".join(f"{path} {', '.join(sorted(versions))}" for path, versions in sorted(by_file.items()))
    finding = DISAGREE.finding(
        f"locks disagree about {package.name}: {said}",
        package=package.name,
        at=[entry.location for entry in package.locked],
        remedy="lock both from the same declarations",
    )
    alone = len({entry.location.path for entry in package.locked}) < 2  # sections: the tool that locked them installs them so
    yield replace(finding, severity=Severity.LOW) if alone else finding


def _foreign(case: Case) -> Iterator[Finding]:
    """An editable install of another project around the environment."""
    environment = case.facts.environment
    for package in case.packages if environment is not None else ():
        direct = package.installed[0].direct_url if package.installed else None
        if package.locked or package.declared or direct is None or environment is None or not direct.editable:
            continue
        if _is_the_project(package.installed[0], case) or _locked_by_place(package.installed[0], case):
            continue
        folder = direct.url.removeprefix("file://").rstrip("/")
        if folder and environment.path.startswith(f"{folder}/"):
            yield FOREIGN.finding(
                f"the environment {environment.path} seems to be that of {package.name} in {folder}",
                package=package.name,
                at=[Location(path=environment.path)],
                remedy="name the environment that is meant with --python",
            )


def notes(case: Case) -> tuple[str, ...]:
    """A guess at an environment that is another project's: hardly anything of the lock is there, and much else is."""
    expected = [package for package in case.packages if package.expected]
    there = sum(1 for package in expected if package.installed)
    others = sum(1 for p in case.packages if p.installed and not (p.locked or p.declared or p.demands or p.name in INSTALLERS))
    if case.facts.environment is None or len(expected) < _ENOUGH or others < _ENOUGH or there * 5 > len(expected):
        return ()
    told = f"{there} of {len(expected)} locked packages are installed there, and {others} others"
    return (f"the environment {case.facts.environment.path} may belong to another project: {told}; --python names another",)


CHECK = Check(rules=(NOT_LOCKED, NOT_INSTALLED, DIFFERS, SOURCE, NOT_CHOSEN, FOREIGN, DISAGREE), run=run)
