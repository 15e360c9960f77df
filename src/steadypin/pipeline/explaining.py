"""Why a package does or does not make a check fail: which rule, exception, baseline or threshold decided."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin import checks
from steadypin.checks import advisories, dockerfile, drift, files, health, image, image_code, pins, policy, released
from steadypin.checks.installers import INSTALLERS
from steadypin.checks.judgement import decision
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.model.comparison import PackageComparison
from steadypin.model.parse import normalise
from steadypin.pipeline import baseline, check
from steadypin.text import nearest


def why(settings: Settings, request: check.Request, name: str) -> tuple[str, ...]:
    """Lines for people about one package. Raises SteadypinError where a check could not be made."""
    facts = check.read(settings, request)
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    case = Case(facts=facts, comparison=compare(facts, settings.policy, selection), policy=settings.policy)
    package = next((found for found in case.comparison.packages if found.name == normalise(name)), None)
    known = None if request.no_baseline else baseline.load(settings.root, request.baseline)
    today = facts.taken_at[:10]
    lines = list(_ledgers(package, case)) if package else [_nowhere(normalise(name), case)]
    found = [finding for finding in checks.findings(case) if finding.package == normalise(name)]
    for finding in found:
        lines += [f"{finding.rule}: {finding.message}", f"  {decision(finding, settings.policy, today, known)}"]
        lines += [f"  -> {finding.remedy}"] if finding.remedy else ()
    if not found:
        lines.append("no rule has anything to say of it")
        lines += _reasons(package, case) if package else ()
    lines += _unasked(checks.unasked(facts))
    return tuple(lines)


_ASKED_BY = (
    ("without --files-only", (drift, health)),
    ("steadypin check --verify-files", (files,)),
    ("steadypin check --advisories, or steadypin audit", (advisories,)),
    ("steadypin audit", (released, policy, pins)),
    ("steadypin audit --for-image", (image, image_code, dockerfile)),
)


def _unasked(silent: frozenset[str]) -> Iterator[str]:
    """The rules that could not speak, by the command that would let them."""
    for command, families in _ASKED_BY:
        names = [rule.id for family in families for rule in family.CHECK.rules if rule.id in silent]
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            yield f"not judged here ({command}): {', '.join(names[:8])}{more}"


def _nowhere(name: str, case: Case) -> str:
    close = nearest(name, (package.name for package in case.comparison.packages))
    return f"{name} is neither declared, locked nor installed{f'; did you mean {close}?' if close else ''}"


def _ledgers(package: PackageComparison, case: Case) -> Iterator[str]:
    """Where it stands."""
    declared = ", ".join(f"{item.requirement} ({item.location})" for item in package.declared)
    locked = ", ".join(
        f"{entry.version or ('without a version' if entry.kind == 'index' else entry.kind)} ({entry.location})"
        for entry in package.locked
    )
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
