"""Why a package does or does not make a check fail: which rule, exception, baseline or threshold decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from steadypin import checks
from steadypin.checks.installers import INSTALLERS
from steadypin.checks.judgement import decision
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.model.comparison import PackageComparison
from steadypin.model.parse import normalise
from steadypin.pipeline import baseline, check


def why(settings: Settings, request: check.Request, name: str) -> tuple[str, ...]:
    """Lines for people about one package. Raises SteadypinError where a check could not be made."""
    facts = check.read(settings, request)
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    case = Case(facts=facts, comparison=compare(facts, settings.policy, selection), policy=settings.policy)
    package = next((found for found in case.comparison.packages if found.name == normalise(name)), None)
    known = None if request.no_baseline else baseline.load(settings.root, request.baseline)
    today = date.fromisoformat(facts.taken_at[:10])
    lines = list(_ledgers(package, case)) if package else [f"{normalise(name)} is neither declared, locked nor installed"]
    found = [finding for finding in checks.findings(case) if finding.package == normalise(name)]
    for finding in found:
        lines += [f"{finding.rule}: {finding.message}", f"  {decision(finding, settings.policy, today, known)}"]
    if not found:
        lines.append("no rule has anything to say of it")
        lines += _reasons(package, case) if package else ()
    silent = sorted(checks.unasked(facts))
    if silent:
        lines.append(f"not asked, because what they judge by was not read: {', '.join(silent)}")
    return tuple(lines)


def _ledgers(package: PackageComparison, case: Case) -> Iterator[str]:
    """Where it stands."""
    declared = ", ".join(f"{item.requirement} ({item.location})" for item in package.declared)
    locked = ", ".join(f"{entry.version or entry.kind} ({entry.location})" for entry in package.locked)
    installed = ", ".join(f"{found.version or '?'} ({found.location.path})" for found in package.installed)
    yield f"{package.name}: declared {declared or 'nowhere'}; locked {locked or 'nowhere'}"
    yield f"  installed {installed or ('nowhere' if case.facts.environment else 'unknown: no environment was read')}"


def _reasons(package: PackageComparison, case: Case) -> Iterator[str]:
    """What excuses it before any rule speaks."""
    if package.name in case.comparison.own:
        yield "  it is the project itself"
    elif package.name in INSTALLERS:
        yield "  it is an installer, which no lock is meant to hold (--exact counts it)"
    elif package.installed and not package.locked and (package.declared or package.name in case.optional):
        yield "  a group, an extra or a declaration brings it, so it is no stranger (--no-dev and --exact count it)"
    elif package.locked and not package.expected and not package.installed:
        yield "  only a group or extra that was not chosen brings it (--group, --extra)"
    elif package.installed and package.locked:
        yield "  what is installed is what is locked"
