"""Project pages of package indexes, from bytes to values: PEP 691 JSON and PEP 503 HTML, judged by their content type.

Both give the same list of files in the words of PEP 691, so that everything after this has one form to know. Nothing here
touches the world; every failure is a NetworkError with a short reason.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from steadypin.errors import NetworkError
from steadypin.index.filenames import sdist_version, wheel_version
from steadypin.model.parse import normalise
from steadypin.model.parse import version as parse_version
from steadypin.model.released import ReleaseFile
from steadypin.text import printable, redact
from steadypin.values import dataclass

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.2, text/html; q=0.01"
STATUSES = ("active", "archived", "deprecated", "quarantined")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:?00)").fullmatch
_HASHES = ("sha256", "sha512", "sha384", "sha224", "blake2b", "blake2s", "sha3_256", "sha3_512", "sha1", "md5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says: `files` are objects as in PEP 691, otherwise unchecked; `url` is where relative links start."""

    name: str
    url: str
    files: tuple[dict[str, Any], ...]
    status: str = "active"
    status_reason: str | None = None


def read_page(body: bytes, content_type: str, *, url: str, name: str) -> Page:
    """The page of project `name` (normalised).

    Raises NetworkError with reason "content-type", "not-json", "truncated", "api-version", "wrong-name", "not-html", or
    "no-files" for HTML that does not say that it is a page of an index and lists no file of the project: a login page, say.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON_TYPE or (kind in ("application/json", "application/vnd.pypi.simple.latest+json")):
        return _read_json(body, url, name)
    if kind in HTML_TYPES:
        return _read_html(body, url, name)
    raise _wrong(url, "content-type", f"the answer is {kind or 'of no stated type'}, not a page of a package index")


def _wrong(url: str, reason: str, what: str) -> NetworkError:
    return NetworkError(
        f"{printable(redact(url))}: {printable(what)}",
        reason=reason,
        hint="is this the URL of a package index (its /simple/ page), and no login page in between?",
    )


def _read_json(body: bytes, url: str, name: str) -> Page:
    document = _load(body, url)
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise _wrong(url, "not-json", "the answer has no list of files (PEP 691)")
    meta = document.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    version = meta.get("api-version", "1.0")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise _wrong(url, "api-version", f"the index speaks version {version} of the API; 1 is understood")
    found = document.get("name", name)
    if not isinstance(found, str) or normalise(found) != name:
        raise _wrong(url, "wrong-name", f"the answer is about {found}, not about {name}")
    status = document.get("project-status") or meta.get("project-status")
    status = status if isinstance(status, dict) else {"status": status}
    return Page(
        name=name,
        url=url,
        files=tuple(file for file in document["files"] if isinstance(file, dict)),
        status=_status(status.get("status")),
        status_reason=_reason(status.get("reason")),
    )


def _load(body: bytes, url: str) -> object:
    try:
        return json.loads(body)
    except RecursionError:
        raise _wrong(url, "not-json", "the answer is nested too deeply") from None
    except json.JSONDecodeError as error:
        cut = (body[:1] == b"{" and error.pos >= len(error.doc.rstrip()) - 1) or "Unterminated" in error.msg
        what = "the answer was cut off" if cut else "the answer is not JSON"
        raise _wrong(url, "truncated" if cut else "not-json", f"{what} ({error.msg}, character {error.pos})") from None
    except ValueError as error:
        raise _wrong(url, "not-json", f"the answer is not JSON ({error})") from None


def _status(value: object) -> str:
    return value if isinstance(value, str) and value in STATUSES else "active"


def _reason(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _read_html(body: bytes, url: str, name: str) -> Page:
    from steadypin.index.anchors import read_anchors

    text = body.decode("utf-8", "replace")
    anchors, meta, base = read_anchors(text)
    if not anchors and "<" not in text[:1024]:
        raise _wrong(url, "not-html", "the answer is not a page of a package index")
    version = meta.get("pypi:repository-version", "1.0")
    if version.partition(".")[0] != "1":
        raise _wrong(url, "api-version", f"the index speaks version {version} of the API; 1 is understood")
    start = _join(url, base) if base else url
    files = tuple(file for attributes in anchors if (file := _file_of(attributes)))
    if name and "pypi:repository-version" not in meta and not any(version_of(file["filename"], name) for file in files):
        raise _wrong(url, "no-files", f"the page lists no file of {name}")
    return Page(
        name=name,
        url=start,
        files=files,
        status=_status(meta.get("pypi:project-status")),
        status_reason=_reason(meta.get("pypi:project-status-reason")),
    )


def _file_of(attributes: dict[str, str | None]) -> dict[str, Any] | None:
    """One anchor of a PEP 503 page in the words of PEP 691."""
    href = attributes.get("href") or ""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    algorithm, _, digest = parts.fragment.partition("&")[0].partition("=")
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata", "false"))
    yanked = attributes.get("data-yanked") or "" if "data-yanked" in attributes else None
    return {
        "filename": unquote(parts.path.rpartition("/")[2]),
        "url": href.partition("#")[0],
        "hashes": {algorithm: digest} if algorithm in _HASHES and digest else {},
        "requires-python": attributes.get("data-requires-python"),
        "yanked": False if yanked is None else yanked or True,
        "core-metadata": (metadata or "true") != "false",
    }


def published(value: object) -> str | None:
    """An upload time (PEP 700) as ISO 8601 in UTC to the second; None where it is not a time."""
    if not isinstance(value, str):
        return None
    try:
        if _UTC(value):
            datetime.fromisoformat(value[:19])  # or there is no such day
            return value[:19] + "Z"
        parsed = datetime.fromisoformat(value)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def yanked_reason(value: object) -> str | None:
    """None for a file that is not yanked, else the reason, "" where none was given (PEP 592, 691)."""
    if value is True or value == "":
        return ""
    return value if isinstance(value, str) else None


def version_of(filename: object, name: str) -> str | None:
    """The version text of a wheel or sdist of the project, None for anything else."""
    if not isinstance(filename, str):
        return None
    return wheel_version(filename, name) if filename.endswith(".whl") else sdist_version(filename, name)


def files_of(page: Page, version: str | None = None) -> tuple[ReleaseFile, ...]:
    """Every wheel and sdist of the page with what installing it needs, or those of one version (PEP 440 equality)."""
    wanted = parse_version(version) if version is not None else None
    found = []
    for file in page.files:
        text = version_of(file.get("filename"), page.name)
        parsed = parse_version(text) if text else None
        if parsed is None or (version is not None and parsed != wanted):
            continue
        found.append(_release_file(file, page.url))
    return tuple(found)


def _release_file(file: dict[str, Any], base: str) -> ReleaseFile:
    hashes = file.get("hashes")
    size = file.get("size")
    python = file.get("requires-python")
    address = file.get("url")
    return ReleaseFile(
        filename=file["filename"],
        url=_join(base, address if isinstance(address, str) else ""),
        hashes=tuple(sorted(f"{key}:{value}" for key, value in hashes.items() if isinstance(value, str)))
        if isinstance(hashes, dict)
        else (),
        size=size if type(size) is int and size >= 0 else None,
        requires_python=python if isinstance(python, str) and python else None,
        published=published(file.get("upload-time")),
        yanked=yanked_reason(file.get("yanked", False)),
        metadata=bool(file.get("core-metadata", file.get("dist-info-metadata", False))),
    )


def _join(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address
