"""CycloneDX 1.6 as JSON: what is installed (without an environment: what is locked), how it depends, and its known flaws.

A component is a distribution with its package URL. The hashes are those of the files that a lock allows for exactly this
version. Licences are left out: nobody has looked at them. A flaw is listed where its version is a component; what the team has
decided about it is its analysis.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

from steadypin.codec import dumps
from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Suppressed
from steadypin.model.installed import InstalledDistribution
from steadypin.model.locked import LockedFile, LockedPackage
from steadypin.model.report import Report
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown
from steadypin.values import dataclass

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
_ALGORITHMS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_DIGEST = re.compile(r"[a-f0-9]{32}|[a-f0-9]{40}|[a-f0-9]{64}|[a-f0-9]{96}|[a-f0-9]{128}", re.IGNORECASE)
_ROOT = "project"
_MANY = 64
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_configuration",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""The justifications of OpenVEX, with which an exception may begin its reason, in the words of CycloneDX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Component:
    """One version of a package, from what is installed or from what locks say."""

    package: PackageComparison
    version: str
    installed: InstalledDistribution | None = None
    locked: tuple[LockedPackage, ...] = ()
    optional: bool = False

    @property
    def purl(self) -> str:
        """The package URL (type pypi), which is also the reference within the document."""
        version = f"@{_quoted(self.version)}" if self.version else ""
        plain = f"pkg:pypi/{_quoted(self.package.name)}{version}"
        kind, url, revision = self._origin()
        if kind == "vcs" and url:
            address = url if url.startswith("git+") else f"git+{url}"
            return f"{plain}?vcs_url={_quoted(f'{address}@{revision}' if revision else address)}"
        return f"{plain}?download_url={_quoted(url)}" if kind == "url" and url else plain

    def _origin(self) -> tuple[str, str | None, str | None]:
        direct = self.installed.direct_url if self.installed else None
        if direct is not None:
            return direct.kind, direct.url, direct.revision
        origin = next((entry.origin for entry in self.locked if entry.origin is not None), None)
        return (origin.kind, origin.url, origin.revision) if origin else ("index", None, None)


def render(report: Report, presentation: Presentation) -> str:
    """One document; the presentation changes nothing. Its serial number follows from what it says, its time is the facts'."""
    del presentation
    components = sorted(_components(report), key=lambda component: component.purl)
    document: dict[str, Any] = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": _metadata(report),
        "components": [_row(component) for component in components],
        "dependencies": list(_dependencies(components, report)),
        "vulnerabilities": list(_vulnerabilities(components, report)),
    }
    serial = UUID(bytes=hashlib.sha256(dumps(document).encode()).digest()[:16], version=4).urn
    return dumps({"serialNumber": serial, **document}) + "\n"


def _quoted(text: str) -> str:
    return quote(shown(text), safe="")


def _components(report: Report) -> Iterator[_Component]:
    for package in report.packages:
        if package.installed:
            first = package.installed[0]
            same = tuple(entry for entry in package.locked if parse.satisfies_pin(first.version, entry.version))
            yield _Component(package=package, version=first.version or "", installed=first, locked=same)
        elif report.environment is None:
            yield from _locked_components(package)


def _locked_components(package: PackageComparison) -> Iterator[_Component]:
    versions: dict[str, list[LockedPackage]] = {}
    for entry in package.locked:
        if entry.version is not None:
            versions.setdefault(entry.version, []).append(entry)
    expected = {entry.version for entry in package.expected}
    for version, entries in sorted(versions.items()):
        yield _Component(package=package, version=version, locked=tuple(entries), optional=version not in expected)


def _metadata(report: Report) -> dict[str, Any]:
    target = {"python": report.target.python, "platform": report.target.platform, "environment": report.environment or ""}
    properties = [{"name": f"steadypin:{name}", "value": shown(value)} for name, value in target.items() if value]
    gaps = sorted({f"{shown(gap.stage)} {shown(gap.reason)}: {shown(gap.subject)}" for gap in report.gaps})
    properties += [{"name": "steadypin:not-found-out", "value": gap} for gap in gaps]
    metadata: dict[str, Any] = {
        "timestamp": report.taken_at,
        "tools": {"components": [{"type": "application", "name": "steadypin", "version": report.version}]},
        "properties": properties,
    }
    if report.project:
        metadata["component"] = {"type": "application", "bom-ref": _ROOT, "name": shown(report.project)}
    return metadata


def _row(component: _Component) -> dict[str, Any]:
    package = component.package
    facts = {
        "direct": "true" if package.direct else "",
        "editable": "true" if component.installed and component.installed.editable else "",
        "layer": (component.installed.layer or "") if component.installed else "",
    }
    row: dict[str, Any] = {
        "type": "library",
        "bom-ref": component.purl,
        "name": shown(package.name),
        "scope": "optional" if component.optional else "required",
        "purl": component.purl,
    }
    if component.version:
        row["version"] = shown(component.version)
    if properties := [{"name": f"steadypin:{name}", "value": shown(value)} for name, value in facts.items() if value]:
        row["properties"] = properties
    if references := _references(component):
        row["externalReferences"] = references
    return row


def _references(component: _Component) -> list[dict[str, Any]]:
    """The files that locks allow. Hashes whose file a lock does not name stand at the package URL: any of them will do."""
    named: dict[str, set[str]] = {}
    for entry in component.locked:
        for file in entry.files:
            hashes = named.setdefault(_address(file) or component.purl, set())
            hashes.update(file.hashes)
    rows = ((url, _hashes(digests)) for url, digests in sorted(named.items()))
    return [{"type": "distribution", "url": url, "hashes": hashes} for url, hashes in rows if hashes]


def _address(file: LockedFile) -> str | None:
    """URL or file name as an IRI reference."""
    written = file.url or file.filename
    return quote(shown(written), safe="/:?#[]@!$&'()*+,;=%~") if written else None


def _hashes(digests: Iterable[str]) -> list[dict[str, str]]:
    split = sorted({(name, digest.lower()) for name, _, digest in (text.partition(":") for text in digests)})
    return [
        {"alg": _ALGORITHMS[name], "content": digest}
        for name, digest in split
        if name in _ALGORITHMS and _DIGEST.fullmatch(digest)
    ]


def _dependencies(components: list[_Component], report: Report) -> Iterator[dict[str, Any]]:
    """Who needs whom: by what installed distributions ask for, or by the edges of the locks. Of a name with very many
    versions, which no tool writes, nobody can say which one is needed.
    """
    references: dict[str, list[str]] = {}
    for component in components:
        references.setdefault(component.package.name, []).append(component.purl)
    known = {name: purls for name, purls in references.items() if len(purls) <= _MANY}
    if report.project:
        direct = {purl for c in components if c.package.direct for purl in known.get(c.package.name, ())}
        yield {"ref": _ROOT, "dependsOn": sorted(direct)}
    needs: dict[str, set[str]] = {}
    for by, name in _installed_edges(report) if report.environment is not None else _locked_edges(report):
        needs.setdefault(by, set()).update(known.get(name, ()))
    for component in components:
        found = sorted(needs.get(component.package.name, set()) - {component.purl})
        yield {"ref": component.purl, **({"dependsOn": found} if found else {})}


def _installed_edges(report: Report) -> Iterator[tuple[str, str]]:
    for package in report.packages:
        yield from ((demand.by, package.name) for demand in package.demands if demand.declared is None)


def _locked_edges(report: Report) -> Iterator[tuple[str, str]]:
    for package in report.packages:
        for entry in package.locked:
            yield from ((package.name, edge.name) for edge in entry.dependencies if report.target.applies(edge.marker))
            yield from ((parse.normalise(by), package.name) for by in entry.via)


def _vulnerabilities(components: list[_Component], report: Report) -> Iterator[dict[str, Any]]:
    """One entry for each flaw and each decision about it, with the components that have it."""
    references = {(c.package.name, c.version): c.purl for c in components}
    rows: dict[str, dict[str, Any]] = {}
    affected: dict[str, set[str]] = {}
    for match, said in _flaws(report):
        reference = references.get((match.name, match.version))
        if reference is not None:
            key = f"{match.primary} {dumps(said)}"
            rows.setdefault(key, {**_flaw(match), **said})
            affected.setdefault(key, set()).add(reference)
    for key, row in sorted(rows.items()):
        yield {**row, "affects": [{"ref": reference} for reference in sorted(affected[key])]}


def _flaws(report: Report) -> Iterator[tuple[AdvisoryMatch, dict[str, Any]]]:
    for finding in report.findings:
        if finding.advisory is not None:
            yield finding.advisory, {"recommendation": shown(finding.remedy)} if finding.remedy else {}
    for entry in report.suppressed:
        if entry.finding.advisory is not None:
            yield entry.finding.advisory, {"analysis": _analysis(entry)}


def _flaw(match: AdvisoryMatch) -> dict[str, Any]:
    row: dict[str, Any] = {"id": shown(match.primary), "source": {"name": "OSV"}}
    if others := sorted({shown(known) for known in match.ids if known != match.primary}):
        row["references"] = [{"id": other, "source": {"name": "OSV"}} for other in others]
    if match.severity is not None:
        score = {} if match.score is None else {"score": match.score}
        row["ratings"] = [{"severity": str(match.severity), **score}]
    if match.summary:
        row["description"] = shown(match.summary)
    if addresses := sorted({_address(LockedFile(url=url)) or "" for url in match.references}):
        row["advisories"] = [{"url": url} for url in addresses]
    return row


def _analysis(entry: Suppressed) -> dict[str, str]:
    """An exception is the team's word that it knows, not that it is safe, unless it begins with a justification."""
    label, _, rest = entry.reason.strip().partition(":")
    until = f" (until {entry.until})" if entry.until else ""
    if label not in _JUSTIFICATIONS:
        return {"detail": shown(f"Accepted{until}: {entry.reason}")}
    found = {"state": "not_affected", "justification": _JUSTIFICATIONS[label]}
    detail = shown(rest.strip() + until)
    return {**found, "detail": detail} if detail.strip() else found
