"""What is known to be unsafe, what the smallest cure is, and who is in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.comparison import Demand, PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.released import Project
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.values import replace

VULNERABLE = Rule(
    id="vulnerable",
    title="A version with a known vulnerability",
    severity=Severity.MEDIUM,
    why="It is public how to attack it. The severity is the advisory's own (CVSS v3 or v4), medium where it gives none.",
    bad="`jinja2 2.11.2` (PYSEC-2021-66, fixed in 2.11.3)",
    good="the smallest version that cures: `steadypin plan --to security`; else an exception with a reason and `until`",
)
MALICIOUS = Rule(
    id="malicious",
    title="A release that was published to do harm",
    severity=Severity.CRITICAL,
    why="Its code has run wherever it was installed, often while it was being installed.",
    bad="a package that a MAL- advisory names",
    good="remove it, treat the machine and every secret on it as known to others, and build anew",
)
STALE = Rule(
    id="advisories-stale",
    title="Advisories that are older than the limit",
    severity=Severity.LOW,
    why="What was found since then is not in this report (limit: `max-advisory-age`, default 30 days).",
    bad="an advisory database of last spring",
    good="`steadypin db update` before the audit, daily in CI",
)

_SHOWN_ALIASES = 3


def run(case: Case) -> Iterator[Finding]:
    """One finding for each flaw of each version that stands here, and one if the data is too old."""
    packages = {package.name: package for package in case.packages}
    locked = _locked_at(case)
    for match in case.facts.advisories:
        package = packages.get(match.name)
        if match.name not in case.comparison.own:
            yield _finding(match, package or PackageComparison(name=match.name), locked)
    yield from _stale(case)


def _locked_at(case: Case) -> Mapping[tuple[str, str], list[Location]]:
    places: dict[tuple[str, str], list[Location]] = {}
    for entry in case.facts.locked:
        if entry.name and entry.version:
            places.setdefault((entry.name, entry.version), []).append(entry.location)
    return places


def _finding(match: AdvisoryMatch, package: PackageComparison, locked: Mapping[tuple[str, str], list[Location]]) -> Finding:
    malicious = any(known.startswith("MAL-") for known in match.ids)
    rule = MALICIOUS if malicious else VULNERABLE
    finding = rule.finding(
        f"{match.name} {match.version}: {_title(match)}",
        package=match.name,
        version=match.version,
        at=_places(match, package, locked),
        remedy=f"remove {match.name} and renew every secret that it could read" if malicious else _remedy(match, package),
        about=match.primary,
    )
    own = rule.severity if malicious or match.severity is None else match.severity
    return replace(finding, severity=own, advisory=match)


def _title(match: AdvisoryMatch) -> str:
    others = [known for known in match.ids if known != match.primary]
    more = f" and {len(others) - _SHOWN_ALIASES} more" if len(others) > _SHOWN_ALIASES else ""
    aliases = f" ({', '.join(others[:_SHOWN_ALIASES])}{more})" if others else ""
    return f"{match.primary}{aliases}{': ' if match.summary else ''}{match.summary}"


def _places(
    match: AdvisoryMatch, package: PackageComparison, locked: Mapping[tuple[str, str], list[Location]]
) -> list[Location]:
    """Where a person would change this version: locks that pin it, the declaration, and only then the environment."""
    places = locked.get((match.name, match.version)) or [item.location for item in package.declared]
    return places or [found.location for found in package.installed if found.version == match.version][:1]


def _remedy(match: AdvisoryMatch, package: PackageComparison) -> str:
    """The smallest move that cures, and whether the pin or a requirement is in its way."""
    cures = [version for version in match.fixed_in if _is_offered(version, package.project)] or list(match.fixed_in)
    beyond = _first_beyond(match, package.project) if not cures else None
    if beyond is not None:
        return f"no fix is named, but it ends at {match.clear_above}: {_move([beyond], match, package, 'is above that')}"
    return _move(cures, match, package) if cures else _choices(match)


def _choices(match: AdvisoryMatch) -> str:
    below = f"pin {match.name}<{match.clear_below}, which it does not reach, " if match.clear_below else ""
    return f"no fixed version is known: {below}remove {match.name}, or except {match.primary} with a reason and `until`"


def _first_beyond(match: AdvisoryMatch, project: Project | None) -> str | None:
    """The first release above the last one that the records reach."""
    last = parse.version(match.clear_above or "")
    for release in project.releases if project is not None and last is not None else ():
        version = parse.version(release.version)
        if version is not None and last is not None and version > last and not version.is_prerelease and release.yanked is None:
            return release.version
    return None


def _move(cures: list[str], match: AdvisoryMatch, package: PackageComparison, said: str = "cures") -> str:
    accepted = next((version for version in cures if not any(demand.refuses(version) for demand in package.demands)), None)
    if accepted is not None:
        if not (package.locked or package.declared or package.demands):
            return f"pip install {match.name}=={accepted} (nothing here asks for it)"
        fault = " (your lock is at fault)" if any(entry.version == match.version for entry in package.locked) else ""
        return (
            f"move to {match.name}=={accepted}, which everything that asks for it accepts{fault}: steadypin plan --to security"
        )
    return f"{match.name}=={cures[0]} {said}, but {_blockers(cures[0], package.demands)}"


def _is_offered(version: str, project: Project | None) -> bool:
    """Whether the index has it, as far as the index was asked."""
    if project is None or not project.releases:
        return True
    wanted = parse.version(version)
    return any(release.yanked is None and parse.version(release.version) == wanted for release in project.releases)


def _blockers(version: str, demands: Iterable[Demand]) -> str:
    asked = [f"{_asker(demand)} asks for {_range(demand.requirement)}" for demand in demands if demand.refuses(version)]
    return ", ".join(asked[:3]) + (" …" if len(asked) > 3 else "")


def _asker(demand: Demand) -> str:
    return f"your cap ({demand.declared.location})" if demand.declared is not None else demand.by


def _range(text: str) -> str:
    requirement = parse.requirement(text)
    return str(requirement.specifier) if requirement else text


def _stale(case: Case) -> Iterator[Finding]:
    as_of = case.facts.advisories_as_of
    age = _days(as_of, case.facts.taken_at)
    if age is None or age <= case.policy.max_advisory_age_days:
        return
    yield STALE.finding(
        f"the newest advisory that was known is {age} days old ({(as_of or '')[:10]})",
        remedy="steadypin db update",
    )


def _days(earlier: str | None, later: str) -> int | None:
    if earlier is None:
        return None
    from datetime import date

    try:
        return (date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days
    except ValueError:
        return None


CHECK = Check(rules=(VULNERABLE, MALICIOUS, STALE), run=run)
