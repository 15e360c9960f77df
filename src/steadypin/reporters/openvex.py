"""OpenVEX 0.2.0: one statement for each flaw of each version, and what the team has decided about it.

An exception is the team's word that it knows, not that it is safe: it stays "affected", with the reason as its action. Only a
reason that begins with one of the five justifications of the specification ("vulnerable_code_not_in_execute_path: …") says
"not_affected". Where advisories were read and none concerns what stands here, the document has no statements (the schema
of the specification wants one, and there is no true one to make).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from uuid import UUID

from steadypin.codec import dump_document, dumps
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.finding import Suppressed
from steadypin.model.gap import Gap
from steadypin.model.report import Report
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

CONTEXT = "https://openvex.dev/ns/v0.2.0"
JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)


def render(report: Report, presentation: Presentation) -> str:
    """One document; the presentation changes nothing. Its id follows from what it says, so equal reports give equal bytes."""
    del presentation
    open_flaws = [_open(finding.advisory, finding.remedy) for finding in report.findings if finding.advisory]
    excused = [_excused(entry, entry.finding.advisory) for entry in report.suppressed if entry.finding.advisory]
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "author": "steadypin",
        "role": "Document Creator",
        "timestamp": report.taken_at,
        "version": 1,
        "tooling": f"steadypin {report.version}{_not_found_out(report.gaps)}",
        "statements": _unique((*open_flaws, *excused)),
    }
    digest = hashlib.sha256(dumps(document).encode()).digest()
    return dump_document({"@id": UUID(bytes=digest[:16], version=4).urn, **document})


def _not_found_out(gaps: Iterable[Gap]) -> str:
    """What the statements do not rest on; the format has no other place for it."""
    counts = Counter(f"{shown(gap.stage)} {shown(gap.reason)}" for gap in gaps)
    told = ", ".join(f"{kind} ({number})" for kind, number in sorted(counts.items()))
    return f"; not found out: {told}" if told else ""


def _open(match: AdvisoryMatch, remedy: str) -> dict[str, Any]:
    return {**_about(match), "status": "affected", "action_statement": shown(remedy) or "no action is known"}


def _excused(entry: Suppressed, match: AdvisoryMatch) -> dict[str, Any]:
    label, _, rest = entry.reason.strip().partition(":")
    until = f" (until {entry.until})" if entry.until else ""
    if label in JUSTIFICATIONS:
        note = {"status_notes": shown(rest.strip() + until)} if rest.strip() or until else {}
        return {**_about(match), "status": "not_affected", "justification": label, **note}
    return {**_about(match), "status": "affected", "action_statement": shown(f"Accepted{until}: {entry.reason}")}


def _about(match: AdvisoryMatch) -> dict[str, Any]:
    vulnerability: dict[str, Any] = {"name": shown(match.primary)}
    if others := sorted(shown(known) for known in match.ids if known != match.primary):
        vulnerability["aliases"] = others
    if match.summary:
        vulnerability["description"] = shown(match.summary)
    return {"vulnerability": vulnerability, "products": [{"@id": package_url(match.name, match.version)}]}


def package_url(name: str, version: str) -> str:
    """The purl of a version (type pypi)."""
    return f"pkg:pypi/{quote(name, safe='')}@{quote(version, safe='', errors='replace')}"


def _unique(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each statement once, sorted."""
    return [statement for _, statement in sorted({dumps(statement): statement for statement in statements}.items())]
