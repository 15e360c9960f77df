"""What a team allows: packages, sources, indexes, and how fresh a release may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.checks.rule import Case, Check
from steadypin.model.comparison import PackageComparison
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity

FORBIDDEN = Rule(
    id="forbidden-package",
    title="A package that the policy forbids",
    severity=Severity.HIGH,
    why="The team has decided against it: for its licence, its upkeep or its past.",
    bad='`forbidden = ["pycrypto"]`, and requirements.txt pins pycrypto',
    good="replace it, or take it off the list together",
)
REQUIRED = Rule(
    id="required-package",
    title="A package that the policy requires is missing",
    severity=Severity.HIGH,
    why="The team counts on it everywhere: an agent that reports errors, a patch, a certificate bundle.",
    bad='`required = ["sentry-sdk"]`, and neither environment nor lock has it',
    good="declare it and lock again",
)
VCS = Rule(
    id="vcs-not-allowed",
    title="Version control as a source, where the policy wants releases",
    severity=Severity.HIGH,
    why="A repository can vanish, be rewritten or be out of reach of a build; no index has checked what it holds.",
    bad='`allow-vcs = false`, and uv.lock has `source = { git = "…" }`',
    good="publish a release on an index of your own and pin that",
)
EDITABLE = Rule(
    id="editable-not-allowed",
    title="An editable install, where the policy wants none",
    severity=Severity.HIGH,
    why="What runs is whatever lies in that folder at the moment, on this machine alone.",
    bad="`allow-editable = false`, and `-e ../shared` stands in requirements.txt",
    good="install a built wheel, or a release from an index",
)
INDEX = Rule(
    id="index-not-allowed",
    title="An index that the policy does not name",
    severity=Severity.HIGH,
    why="Whoever runs an index decides what a name means: a second one is how dependency confusion begins.",
    bad='`allowed-indexes = ["https://index.example/simple"]`, and a lock names another',
    good="mirror the package on an index that is allowed",
)
FRESH = Rule(
    id="release-too-new",
    title="A release that is younger than the cooldown",
    severity=Severity.MEDIUM,
    why="Most malicious and broken releases are found within days; the cooldown lets others find them. It counts for what your "
    "dependencies bring as well.",
    bad="`cooldown = 7d`, and a release of yesterday is installed",
    good="stay on the version before until it is old enough; except a security fix with a reason and `until`",
)


def run(case: Case) -> Iterator[Finding]:
    """Nothing is forbidden unless the policy says so."""
    names = {package.name: package for package in case.packages}
    for name in case.policy.forbidden:
        if package := names.get(name):
            yield from _forbidden(package)
    for name in case.policy.required:
        if name not in case.comparison.own:
            yield from _required(name, names.get(name), case)
    for package in case.packages:
        yield from _sources(package, case)
        yield from _fresh(package, case)
    if case.policy.allowed_indexes:
        for file in case.facts.files:
            yield from _indexes(file, [_bare(url) for url in case.policy.allowed_indexes])


def _forbidden(package: PackageComparison) -> Iterator[Finding]:
    if not (package.installed or package.locked or package.declared):
        return
    state = "installed" if package.installed else "locked" if package.locked else "declared"
    yield FORBIDDEN.finding(
        f"{package.name} is {state}, and the policy forbids it",
        package=package.name,
        version=package.current,
        at=_places(package),
        remedy=f"remove {package.name}, or what needs it",
    )


def _required(name: str, package: PackageComparison | None, case: Case) -> Iterator[Finding]:
    """Where an environment is at hand it must be there, else in a lock; a lock that is there must have it as well."""
    installed, locked = (bool(package.installed), bool(package.locked)) if package else (False, False)
    lacking = [case.facts.environment is not None and not installed, case.comparison.has_lock and not locked]
    if not any(lacking):
        return
    state = "neither installed nor locked" if not (installed or locked) else "not locked" if installed else "not installed"
    files = [Location(path=file.path, line=1) for file in case.facts.files if file.role != "manifest"]
    yield REQUIRED.finding(
        f"the policy requires {name}, and it is {state}",
        package=name,
        at=_places(package) if package and (installed or locked) else files,
        remedy=f"declare {name} and lock again" if not locked else "install the lock again",
    )


def _places(package: PackageComparison) -> list[Location]:
    written = [item.location for item in package.declared] + [entry.location for entry in package.locked]
    return written or [found.location for found in package.installed]


def _sources(package: PackageComparison, case: Case) -> Iterator[Finding]:
    if not case.policy.allow_vcs:
        yield from _source(VCS, package, _of_kind(package.locked, "vcs"), _installed_from(package, vcs=True))
    if not case.policy.allow_editable:
        yield from _source(EDITABLE, package, _of_kind(package.locked, "editable"), _installed_from(package, vcs=False))


def _of_kind(entries: Iterable[LockedPackage], kind: str) -> list[Location]:
    return [entry.location for entry in entries if entry.kind == kind]


def _installed_from(package: PackageComparison, *, vcs: bool) -> list[Location]:
    found = package.installed[:1]
    if vcs:
        return [d.location for d in found if d.direct_url and d.direct_url.kind == "vcs" and not d.editable]
    return [d.location for d in found if d.editable or (d.direct_url and d.direct_url.editable)]


def _source(rule: Rule, package: PackageComparison, locked: list[Location], installed: list[Location]) -> Iterator[Finding]:
    if not locked and not installed:
        return
    how = "from version control" if rule is VCS else "as an editable"
    yield rule.finding(
        f"{package.name} is {'locked' if locked else 'installed'} {how}, and the policy does not allow that",
        package=package.name,
        version=package.current,
        at=[*locked, *installed],
        remedy=f"pin a release of {package.name} from an index",
    )


def _indexes(file: SourceFile, allowed: list[str]) -> Iterator[Finding]:
    named = {url: Location(path=file.path, line=1) for url in file.index_urls}
    for package in file.packages:
        origin = package.origin
        if package.kind == "index" and origin and origin.url and "://" in origin.url:
            named[origin.url] = min(named.get(origin.url, package.location), package.location, key=lambda at: at.line or 0)
    for url, place in named.items():
        if "://" in url and not any(_is_below(_bare(url), root) for root in allowed):
            yield INDEX.finding(
                f"{file.path} names the index {url}, which the policy does not allow",
                at=[place],
                remedy="take the packages from an allowed index and lock again",
                about=_bare(url),
            )


def _bare(url: str) -> str:
    """Without scheme and login; hosts are case-insensitive."""
    host, slash, path = url.rpartition("://")[2].partition("/")
    return f"{host.rpartition('@')[2].lower()}{slash}{path}".rstrip("/")


def _is_below(url: str, root: str) -> bool:
    return url == root or url.startswith(f"{root}/")


def _fresh(package: PackageComparison, case: Case) -> Iterator[Finding]:
    """Where an index said when, and where the lock does: `check` asks no index."""
    limit = case.policy.cooldown_days
    if limit <= 0:
        return
    ages = {package.current: package.age_days} if package.age_days is not None else {}
    for entry in package.locked if case.locked_ages else ():
        age = case.locked_ages.get((package.name, entry.version or ""))
        if age is not None and entry.kind == "index":
            ages.setdefault(entry.version, age)
    for version, age in sorted(ages.items(), key=str):
        if age < limit:
            places = [entry.location for entry in package.locked if entry.version == version] or [
                e.location for e in package.locked
            ]
            yield FRESH.finding(
                f"{package.name} {version} is {age} day{'' if age == 1 else 's'} old, younger than the cooldown of {limit}",
                package=package.name,
                version=version,
                at=places or [found.location for found in package.installed[:1]],
                remedy=f"stay below {version} until it is {limit} days old",
            )


def undated(facts: Facts) -> int:
    """How many locked releases of an index have an age that neither an index nor the lock tells."""
    entries = (entry for entry in facts.locked if entry.kind == "index" and entry.version and not entry.uploaded)
    return len({(entry.name, entry.version) for entry in entries})


def notes(case: Case) -> tuple[str, ...]:
    """A policy that was not judged is said: how young a release is only an index knows, and the locks of some tools."""
    if case.policy.cooldown_days <= 0 or case.facts.lookups:
        return ()
    unknown = undated(case.facts)
    if not unknown:
        return ()
    what = f"for {unknown} of the locked releases" if case.locked_ages else "here"
    return (
        f"the cooldown of {case.policy.cooldown_days} days was not judged {what}: no index was asked (steadypin audit does)",
    )


CHECK = Check(rules=(FORBIDDEN, REQUIRED, VCS, EDITABLE, INDEX, FRESH), run=run)
