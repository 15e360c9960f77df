"""Known flaws that the team has decided to live with: no reason for a plan to move anything, but said in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.checks.judgement import in_force, matches
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.plan import Hold, Plan, Reason
from steadypin.model.policy import Policy, Suppression
from steadypin.model.severity import Severity
from steadypin.values import replace

Accepted = tuple[tuple[AdvisoryMatch, Suppression], ...]


def accepted(facts: Facts, policy: Policy) -> Accepted:
    """The flaws of what stands here that an exception names, with that exception; one for some files only does not count."""
    today = facts.taken_at[:10]
    entries = [entry for entry in policy.suppressions if entry.path is None and in_force(entry, today)]
    return tuple(_first(facts.advisories, entries)) if entries else ()


def _first(flaws: Iterable[AdvisoryMatch], entries: list[Suppression]) -> Iterator[tuple[AdvisoryMatch, Suppression]]:
    for flaw in flaws:
        rule = "malicious" if any(known.startswith("MAL-") for known in flaw.ids) else "vulnerable"
        finding = Finding(
            rule=rule, severity=Severity.MEDIUM, message="", package=flaw.name, version=flaw.version, advisory=flaw
        )
        entry = next((entry for entry in entries if matches(entry, finding)), None)
        if entry is not None:
            yield flaw, entry


def without(facts: Facts, flaws: Accepted) -> Facts:
    """The facts as if nobody knew of these flaws."""
    if not flaws:
        return facts
    ids: dict[str, set[str]] = {}
    for flaw, _ in flaws:
        ids.setdefault(flaw.name, set()).update(flaw.ids)
    gone = {flaw for flaw, _ in flaws}
    rows = (row._replace(ids=tuple(known for known in row.ids if known not in ids.get(row.name, ()))) for row in facts.unsafe)
    return replace(
        facts,
        advisories=tuple(flaw for flaw in facts.advisories if flaw not in gone),
        unsafe=tuple(row for row in rows if row.ids),
    )


def told(made: Plan, flaws: Accepted, facts: Facts) -> Plan:
    """The plan with a word on each of these flaws that it leaves where it is."""
    newest = {project.name: project.releases[-1].version for project in facts.projects if project.releases}
    last = {package.name: package.version for package in made.stages[-1].lock} if made.stages else dict(made.base)
    holds = {hold.name: hold for hold in made.holds}
    for flaw, entry in flaws:
        if last.get(flaw.name) != flaw.version:
            continue
        until = f" until {entry.until}" if entry.until else ""
        reason = Reason(
            kind="policy", by=f"exception{until}", requirement=flaw.primary, until=entry.until, release=entry.reason
        )
        hold = holds.get(flaw.name, Hold(name=flaw.name, at=flaw.version, latest=newest.get(flaw.name)))
        known = tuple(dict.fromkeys((*hold.flaws, flaw.primary)))
        holds[flaw.name] = replace(hold, because=(*hold.because, reason), flaws=known)
    return replace(made, holds=tuple(hold for _, hold in sorted(holds.items())))
