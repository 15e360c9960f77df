"""Whether a lock is older than what it was made from, by the rule of each format, checked offline.

uv          the requirements that the lock repeats, against the manifests of its members
Poetry      `content-hash`: SHA-256 of the sections of pyproject.toml that matter, as sorted JSON
PDM         `content_hash`: the same idea over other sections; newer locks list their inputs instead
pipenv      `_meta.hash`: SHA-256 of the Pipfile as sorted JSON
pip-compile no rule of its own: what the input asks for must be pinned, and what is pinned for the input must be asked for

None means fresh, or that nothing can be said: a lock is called stale only on evidence.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from steadypin.errors import SourceError
from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.remembered import remembered
from steadypin.sources.asked import asked_by_lock, asked_by_manifests, difference
from steadypin.sources.compiled import compiled_staleness
from steadypin.sources.reading import read_bytes


def staleness(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    """Why the lock is stale, as a sentence; None where it is fresh or nothing can be said.

    `files` are the project's files as read; manifests that a rule needs as raw data are read again below `root`.
    """
    rule = _RULES.get(lock.format)
    return rule(lock, files, root) if rule else None


def _uv(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    if lock.path.endswith(".py.lock") or not lock.freshness:
        return None
    if renamed := _other_name(lock, files, root):
        return renamed
    manifests = {name: file for name in lock.roots if (file := _manifest_of(name, files))}
    texts = {name: text for name, file in manifests.items() if _says_all(text := _read(file.path, root) or "")}
    members = {name: manifests[name] for name in texts}
    if not members:
        return None
    inheriting = frozenset(name for name, file in members.items() if file is not _root_of(lock, files))
    asked = asked_by_lock(lock, members), asked_by_manifests(lock, members)
    found = difference(*asked, requires_python=lock.requires_python, inheriting=inheriting)
    if found:
        return f"the lock was made when the project asked for something else: {found}"
    return _other_indexes(lock, texts.values(), root)


def _root_of(lock: SourceFile, files: Iterable[SourceFile]) -> SourceFile | None:
    """The manifest beside the lock."""
    folder = posixpath.dirname(lock.path)
    return next((file for file in files if file.format == "pyproject" and posixpath.dirname(file.path) == folder), None)


def _other_name(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    found, known = _root_of(lock, files), set(map(parse.normalise, lock.roots))
    if found is None or not known:
        return None
    if found.project_name and parse.normalise(found.project_name) not in known:
        return f"the lock was made for {', '.join(lock.roots[:3])}, and the project is called {found.project_name} now"
    folders = tuple(
        include.path.partition("*")[0].removeprefix("./") for include in found.includes if include.kind == "workspace"
    )
    members = [file for file in files if file.format == "pyproject" and file.path.startswith(folders) and file is not found]
    strange = [file for file in members if file.project_name and parse.normalise(file.project_name) not in known]
    new = [file.project_name or "" for file in strange if _is_managed(_read(file.path, root) or "")]
    return f"{', '.join(new[:3])} came to the workspace since" if new and not posixpath.dirname(lock.path) else None


def _is_managed(pyproject: str) -> bool:
    """Whether uv takes a project for its own: a member can say that it is not."""
    return _table(_parsed(pyproject) or {}, "tool", "uv").get("managed") is not False


def _other_indexes(lock: SourceFile, manifests: Iterable[str], root: Path) -> str | None:
    """Where the project names its default index, the packages of the lock are from the indexes that it names."""
    if (root / posixpath.dirname(lock.path) / "uv.toml").exists():
        return None
    told = [_indexes(text) for text in manifests]
    named = {_bare(url) for urls in told for url in urls}
    if not any("" in urls for urls in told):
        return None
    other = next((url for url in lock.index_urls if "://" in url and _bare(url) not in named), None)
    return f"its packages are from {other}, an index that pyproject.toml does not name" if other else None


@remembered
def _indexes(pyproject: str) -> list[str]:
    """The URLs of [tool.uv], and "" where one of them takes the place of the default."""
    tool = _table(_parsed(pyproject) or {}, "tool", "uv")
    tables = (
        [entry for entry in tool.get("index", []) if isinstance(entry, dict)] if isinstance(tool.get("index"), list) else []
    )
    extra = tool.get("extra-index-url", [])
    urls = [entry.get("url") for entry in tables] + [tool.get("index-url"), *(extra if isinstance(extra, list) else [])]
    is_told = "index-url" in tool or any(entry.get("default") is True for entry in tables)
    return [url for url in urls if isinstance(url, str)] + ([""] if is_told else [])


def _bare(url: str) -> str:
    return url.rpartition("://")[2].rpartition("@")[2].rstrip("/")


def _manifest_of(name: str, files: Iterable[SourceFile]) -> SourceFile | None:
    """The pyproject.toml of a workspace member."""
    named = (file for file in files if file.format == "pyproject" and file.project_name)
    return next((file for file in named if parse.normalise(file.project_name or "") == parse.normalise(name)), None)


@remembered
def _says_all(pyproject: str) -> bool:
    """Whether [project] holds all that the member asks for, so that no build is needed to know it."""
    project = _table(_parsed(pyproject) or {}, "project")
    dynamic = project.get("dynamic", [])
    return (
        bool(project) and isinstance(dynamic, list) and not {"dependencies", "optional-dependencies"} & set(map(str, dynamic))
    )


def _poetry(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    written = dict(lock.freshness).get("content-hash")
    pyproject = _beside(lock, root, "pyproject.toml")
    if written is None or pyproject is None:
        return None
    hashes = _poetry_hashes(pyproject, (lock.generated_by or "").rpartition(" ")[2])
    return _unless(written in hashes, "pyproject.toml", "content-hash") if hashes else None


@remembered
def _poetry_hashes(pyproject: str, writer: str) -> list[str | None]:
    """The hashes that the Poetry which wrote the lock could have meant; of an unknown Poetry, those of all. None of a manifest
    that cannot be read.
    """
    document, known = _parsed(pyproject), parse.release(writer)
    if document is None:
        return []
    hashes = [_poetry_hash(document, groups=True)]
    if known is None or known < [2, 3]:
        hashes.append(_poetry_hash(document, groups=False))
    if known is None or known < [2]:
        hashes.append(_digest(_poetry_tool(document, legacy=True)))
    return hashes


def _poetry_hash(document: dict[str, Any], *, groups: bool) -> str | None:
    """Poetry 2: [project] and [dependency-groups] count too, and the tool's own table keeps its old form without them."""
    project = {
        key: value
        for key in ("requires-python", "dependencies", "optional-dependencies")
        if (value := _table(document, "project").get(key)) is not None
    }
    standard = {"project": project} if project else {}
    if groups and (table := _table(document, "dependency-groups")):
        standard["dependency-groups"] = table
    tool = _poetry_tool(document, legacy=not standard)
    return _digest({**standard, "tool": {"poetry": tool}} if standard else tool)


def _poetry_tool(document: dict[str, Any], *, legacy: bool) -> dict[str, Any]:
    """What matters of [tool.poetry]; in the legacy form absent sections count as null, except `group`."""
    table = _table(document, "tool", "poetry")
    old = ("dependencies", "source", "extras", "dev-dependencies")
    present = {key: table.get(key) for key in (*old, "group")}
    return {key: value for key, value in present.items() if value is not None or (legacy and key in old)}


def _pdm(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    facts = dict(lock.freshness)
    written = facts.get("content_hash", "").removeprefix("sha256:")
    pyproject = _beside(lock, root, "pyproject.toml")
    hashes = _pdm_hashes(pyproject) if written and pyproject is not None and "lock_inputs" not in facts else []
    return _unless(written in hashes, "pyproject.toml", "content_hash") if hashes else None


@remembered
def _pdm_hashes(pyproject: str) -> list[str | None]:
    """The hashes of PDM's versions: older ones did not know [dependency-groups] and hashed the overrides alone. None of a
    workspace, and where there is no [project].
    """
    document = _parsed(pyproject) or {}
    if not _table(document, "project") or _table(document, "tool", "pdm", "workspace"):
        return []
    project, tool = _table(document, "project"), _table(document, "tool", "pdm")
    common = {
        "sources": tool.get("source", []),
        "dependencies": project.get("dependencies", []),
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
    }
    resolution = _table(document, "tool", "pdm", "resolution")
    own = tool.get("dev-dependencies", {})
    hashes = []
    for groups in (own, _pdm_groups(document)):
        hashes.append(_digest({**common, "dev-dependencies": groups, "resolution": resolution}))
        for overrides in (resolution.get("overrides", {}), tool.get("overrides", {})):
            hashes.append(_digest({**common, "dev-dependencies": groups, "overrides": overrides}))
    return hashes


def _pdm_groups(document: dict[str, Any]) -> dict[str, list[Any]]:
    """[dependency-groups] and [tool.pdm.dev-dependencies] together, by normalised name."""
    groups: dict[str, list[Any]] = {}
    for table in (_table(document, "dependency-groups"), _table(document, "tool", "pdm", "dev-dependencies")):
        for name, entries in table.items():
            if isinstance(entries, list):
                groups[parse.normalise(name)] = [*groups.get(parse.normalise(name), []), *entries]
    return groups


def _pipenv(lock: SourceFile, files: Sequence[SourceFile], root: Path) -> str | None:
    written = dict(lock.freshness).get("pipfile-hash", "").removeprefix("sha256:")
    pipfile = _beside(lock, root, "Pipfile")
    hashes = _pipenv_hashes(pipfile) if written and pipfile is not None else []
    return _unless(written in hashes, "Pipfile", "hash") if hashes else None


@remembered
def _pipenv_hashes(pipfile: str) -> list[str | None]:
    """With and without package categories; none of a Pipfile without sources, to which pipenv adds its own."""
    document = _parsed(pipfile) or {}
    if "source" not in document:
        return []
    data = {
        "_meta": {"sources": document["source"], "requires": document.get("requires", {})},
        "default": document.get("packages", {}),
        "develop": document.get("dev-packages", {}),
    }
    known = {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
    categories = {name: value for name, value in document.items() if name not in known}
    return [_digest(data, separators=(",", ":")), _digest({**data, **categories}, separators=(",", ":"))]


def _unless(fresh: bool, manifest: str, word: str) -> str | None:
    return None if fresh else f"{manifest} was changed after the lock was written: its {word} does not match"


def _beside(lock: SourceFile, root: Path, name: str) -> str | None:
    return _read(posixpath.join(posixpath.dirname(lock.path), name), root)


def _read(shown: str, root: Path) -> str | None:
    """The text of a manifest that is TOML; None where there is none (which is reported elsewhere)."""
    try:
        return read_bytes(root / shown, shown=shown).decode("utf-8-sig")
    except (SourceError, ValueError):
        return None


def _parsed(text: str) -> dict[str, Any] | None:
    """The document; None where it cannot be read (which is reported elsewhere)."""
    from steadypin import toml

    try:
        return toml.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(document: dict[str, Any], *key: str) -> dict[str, Any]:
    value: Any = document
    for part in key:
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _digest(data: object, *, separators: tuple[str, str] | None = None) -> str | None:
    """SHA-256 of the data as JSON with sorted keys; None where JSON cannot hold it (a date), which these tools refuse too."""
    import hashlib
    import json

    try:
        text = json.dumps(data, sort_keys=True, separators=separators)
    except (TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


_RULES: dict[str, Callable[[SourceFile, Sequence[SourceFile], Path], str | None]] = {
    "uv": _uv,
    "poetry": _poetry,
    "pdm": _pdm,
    "pipfile": _pipenv,
    "requirements": compiled_staleness,
}
