"""A software bill of materials as the installed ledger: CycloneDX 1.2 to 1.7 and SPDX 2.2/2.3/3.0, as JSON.

Only components that are Python packages count: those with a `pkg:pypi/…` package URL (purl specification).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from steadypin.errors import SourceError
from steadypin.model.installed import DirectUrl, InstalledDistribution, PythonEnvironment
from steadypin.model.location import Location, Problem
from steadypin.model.parse import normalise, version
from steadypin.model.target import Target
from steadypin.text import printable, redact

LARGEST = 256 * 1024 * 1024
_DEEPEST = 32
_HINT = "give CycloneDX or SPDX as JSON"


def looks_like_sbom(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an SBOM in JSON."""
    found = re.search(rb'"bomFormat"\s*:\s*"CycloneDX"|"spdxVersion"\s*:|"@context"\s*:\s*"[^"]*spdx', head[:65536])
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and found is not None


def read_sbom(path: Path, *, target: Target) -> PythonEnvironment:
    """The Python packages of an SBOM, by name; an SBOM does not say for which Python, so `target` does.

    Raises SourceError where the file is unreadable or neither CycloneDX nor SPDX.
    """
    document = _load(path)
    seen: dict[tuple[str, str | None], InstalledDistribution] = {}
    problems: list[Problem] = []
    for purl, key in _purls(document, path):
        found = _distribution(purl, Location(path=str(path), key=key))
        if found is None:
            problems.append(
                Problem(message=f"not a package URL: {printable(purl, 120)!r}", location=Location(path=str(path), key=key))
            )
        else:
            seen.setdefault((found.name, found.version), found)
    ordered = sorted(seen.values(), key=lambda item: (item.name, item.version or ""))
    return PythonEnvironment(path=str(path), kind="sbom", target=target, distributions=tuple(ordered), problems=tuple(problems))


def _load(path: Path) -> Mapping[str, Any]:
    location = Location(path=str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=location) from None
    if len(content) > LARGEST:
        raise SourceError(f"has more than {LARGEST >> 20} MiB", location=location)
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not JSON: {printable(str(error), 120)}", location=location, hint=_HINT) from None
    if not isinstance(document, dict):
        raise SourceError("not an SBOM", location=location, hint=_HINT)
    return document


def _purls(document: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    """(package URL, key path) of every component that could be a Python package."""
    if document.get("bomFormat") == "CycloneDX":
        yield from _cyclonedx(document.get("components"), "components", 0)
    elif isinstance(document.get("spdxVersion"), str):
        for number, package in _objects(document.get("packages")):
            for _, reference in _objects(package.get("externalRefs")):
                if reference.get("referenceType") == "purl":
                    yield from _text(reference.get("referenceLocator"), f"packages[{number}]")
    elif isinstance(document.get("@graph"), list):
        for number, element in _objects(document["@graph"]):
            yield from _text(element.get("software_packageUrl") or element.get("packageUrl"), f"@graph[{number}]")
    else:
        raise SourceError("neither CycloneDX nor SPDX", location=Location(path=str(path)), hint=_HINT)


def _cyclonedx(components: object, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        return
    for number, component in _objects(components):
        here = f"{key}[{number}]"
        yield from _text(component.get("purl"), here)
        yield from _cyclonedx(component.get("components"), f"{here}.components", depth + 1)


def _objects(values: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, value in enumerate(values if isinstance(values, list) else ()):
        if isinstance(value, dict):
            yield number, value


def _text(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.lower().startswith("pkg:pypi/"):
        yield value, key


def _distribution(purl: str, location: Location) -> InstalledDistribution | None:
    """One entry from `pkg:pypi/NAME@VERSION?qualifiers#subpath`; None where it has no name."""
    rest = re.sub(r"^pkg:/*pypi/", "", purl, flags=re.IGNORECASE).split("#")[0]
    rest, _, query = rest.partition("?")
    quoted_name, _, quoted_version = rest.strip("/").partition("@")
    name, text = unquote(quoted_name), unquote(quoted_version).strip()
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return None
    problems: tuple[Problem, ...] = ()
    if text and version(text) is None:
        problems = (Problem(message=f"{printable(text, 80)!r} is not a PEP 440 version", location=location),)
    return InstalledDistribution(
        name=normalise(name),
        version=text or None,
        location=location,
        raw_name=name,
        direct_url=_origin(query),
        problems=problems,
    )


def _origin(query: str) -> DirectUrl | None:
    qualifiers = parse_qs(query, max_num_fields=64) if query.count("&") < 64 else {}
    if vcs := qualifiers.get("vcs_url"):
        url, _, revision = vcs[0].partition("@") if "://" not in vcs[0] else _split_revision(vcs[0])
        return DirectUrl(kind="vcs", url=redact(url.removeprefix("git+")), revision=revision or None)
    if download := qualifiers.get("download_url"):
        return DirectUrl(kind="url", url=redact(download[0]))
    return None


def _split_revision(url: str) -> tuple[str, str, str]:
    """The revision stands after the last @ of the path; an @ before the path belongs to a login."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    path, at, revision = path.partition("@")
    return f"{scheme}://{host}{slash}{path}", at, revision
