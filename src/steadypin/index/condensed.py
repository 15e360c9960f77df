"""A project in the small form that the cache keeps: columns, sorted once, read back several times faster than a page.

A release's wheels have `*` for the version, because most releases of a project then have the same ones, and share them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from packaging.version import Version

from steadypin.index.pages import Page, published, version_of, yanked_reason
from steadypin.model.parse import version as parse_version
from steadypin.model.released import Project, Release
from steadypin.values import dataclass, field

FORMAT = 2
"""Goes into the name of the cache's bucket; raise it with every change of what is written."""


@dataclass(slots=True)
class _Draft:
    """The files of one version, while they are gathered."""

    text: str
    version: Version
    times: list[object] = field(default_factory=list)
    all_yanked: bool = True
    reason: str = ""
    requires_python: str | None = None
    wheels: dict[str, None] = field(default_factory=dict)
    sdist: bool = False


def project_of(page: Page, index: str) -> Project:
    """The page's files gathered into releases, ascending by PEP 440."""
    drafts, unreadable = _gather(page)
    ordered = sorted(drafts, key=lambda draft: draft.version)
    return Project(
        name=page.name,
        index=index,
        releases=tuple(_release(draft) for draft in ordered),
        status=page.status,
        status_reason=page.status_reason,
        unreadable=unreadable,
    )


def _gather(page: Page) -> tuple[Iterable[_Draft], int]:
    by_text: dict[str, _Draft | None] = {}
    by_version: dict[Version, _Draft] = {}
    for file in page.files:
        text = version_of(file.get("filename"), page.name)
        if text is None:
            continue
        if text not in by_text:
            parsed = parse_version(text)
            by_text[text] = None if parsed is None else by_version.setdefault(parsed, _Draft(text=text, version=parsed))
        draft = by_text[text]
        if draft is not None:
            _add(draft, text, file)
    return by_version.values(), sum(1 for draft in by_text.values() if draft is None)


def _add(draft: _Draft, text: str, file: dict[str, Any]) -> None:
    filename: str = file["filename"]
    if filename.endswith(".whl"):
        draft.wheels[filename.replace(f"-{text}-", "-*-", 1)] = None
    else:
        draft.sdist = True
    draft.times.append(file.get("upload-time"))
    if draft.all_yanked:
        reason = yanked_reason(file.get("yanked", False))
        draft.all_yanked = reason is not None
        draft.reason = draft.reason or reason or ""
    if draft.requires_python is None:
        python = file.get("requires-python")
        draft.requires_python = python if isinstance(python, str) and python else None


def _release(draft: _Draft) -> Release:
    return Release(
        version=draft.text,
        published=_earliest(draft.times),
        yanked=draft.reason if draft.all_yanked else None,
        requires_python=draft.requires_python,
        wheels=tuple(draft.wheels),
        sdist=draft.sdist,
    )


def _earliest(times: Iterable[object]) -> str | None:
    """The first of the times that are times. Nearly always all are in UTC, and their texts sort as they do."""
    texts = [time for time in times if isinstance(time, str)]
    if texts and all(text.endswith("Z") for text in texts) and (first := published(min(texts))):
        return first
    return min((time for text in texts if (time := published(text))), default=None)


def encode(project: Project) -> bytes:
    """The project as compact JSON."""
    wheels: dict[tuple[str, ...], int] = {}
    pythons: dict[str | None, int] = {}
    rows = project.releases
    columns = {
        "versions": "\n".join(row.version for row in rows),
        "published": "\n".join(row.published or "" for row in rows),
        "wheel_of": [wheels.setdefault(row.wheels, len(wheels)) for row in rows],
        "python_of": [pythons.setdefault(row.requires_python, len(pythons)) for row in rows],
        "sdist": "".join("1" if row.sdist else "0" for row in rows),
        "yanked": {str(at): row.yanked for at, row in enumerate(rows) if row.yanked is not None},
    }
    whole = {
        "name": project.name,
        "index": project.index,
        "status": project.status,
        "status_reason": project.status_reason,
        "unreadable": project.unreadable,
        "wheels": list(wheels),
        "pythons": list(pythons),
        **columns,
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def decode(data: bytes) -> Project | None:
    """The project that `encode` wrote; None for anything else."""
    try:
        whole = json.loads(data)
        return Project(
            name=whole["name"],
            index=whole["index"],
            releases=_rows(whole),
            status=whole["status"],
            status_reason=whole["status_reason"],
            unreadable=whole["unreadable"],
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


def _rows(whole: dict[str, Any]) -> tuple[Release, ...]:
    if not whole["versions"]:
        return ()
    versions = whole["versions"].split("\n")
    pythons = whole["pythons"]
    wheels = [tuple(names) for names in whole["wheels"]]
    yanked: list[str | None] = [None] * len(versions)
    for at, reason in whole["yanked"].items():
        yanked[int(at)] = reason
    columns = (
        versions,
        [text or None for text in whole["published"].split("\n")],
        yanked,
        [pythons[at] for at in whole["python_of"]],
        [wheels[at] for at in whole["wheel_of"]],
        [mark == "1" for mark in whole["sdist"]],
    )
    return tuple(map(Release._make, zip(*columns, strict=True)))
