"""A new pylock.toml (PEP 751), put together by `packaging.pylock` and held to its validator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageSdist, PackageVcs, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from steadypin.errors import OutputError
from steadypin.model import parse
from steadypin.model.pins import PinnedLock, PinnedPackage
from steadypin.model.released import ReleaseFile
from steadypin.text import shown

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


def render_pylock(lock: PinnedLock) -> str:
    """The text. Raises OutputError where PEP 751 cannot say what is pinned."""
    minor = ".".join(lock.target.python.split(".")[:2])
    document = Pylock(
        lock_version=Version("1.0"),
        requires_python=SpecifierSet(f"=={minor}.*"),
        environments=[Marker(f"python_version == '{minor}'")],
        created_by="steadypin",
        packages=[_package(package) for package in lock.packages],
    )
    try:
        document.validate()
    except Exception as error:  # PylockValidationError and whatever an unusual value brings
        raise OutputError(f"not a valid pylock.toml: {error}", hint="write a requirements.txt instead") from None
    comments = [f"# {shown(sentence)}" for sentence in lock.header]
    comments += [f"# Not in this lock: {shown(problem.message)}" for problem in lock.left_out]
    comments += [f"# Not in this lock: {item.name} {shown(item.version or '?')} ({item.role})" for item in lock.apart]
    return "\n".join([*comments, *_table(document.to_dict())]) + "\n"


def _package(package: PinnedPackage) -> Package:
    name = canonicalize_name(package.name)
    tool = {"steadypin": {"role": package.role, **({"via": list(package.via)} if package.via else {})}}
    origin = package.origin
    if origin is not None and origin.kind == "vcs":
        vcs = PackageVcs(
            type=_vcs_type(origin.url),
            url=origin.url.removeprefix("git+"),
            requested_revision=origin.requested_revision,
            commit_id=origin.revision or "",
            subdirectory=origin.subdirectory,
        )
        return Package(name=name, vcs=vcs, tool=tool)
    if origin is not None:
        hashes = dict(value.split(":", 1) for value in origin.hashes)
        archive = PackageArchive(url=origin.url, hashes=hashes, subdirectory=origin.subdirectory)
        return Package(name=name, version=_version(package), archive=archive, tool=tool)
    sdist = next((file for file in package.files if not file.filename.endswith(".whl")), None)
    wheels = [PackageWheel(**_file(file)) for file in package.files if file.filename.endswith(".whl")]
    python = next((file.requires_python for file in package.files if file.requires_python), None)
    return Package(
        name=name,
        version=_version(package),
        requires_python=parse.specifiers(python) if python else None,
        index=package.index,
        sdist=PackageSdist(**_file(sdist)) if sdist else None,
        wheels=wheels or None,
        tool=tool,
    )


def _version(package: PinnedPackage) -> Version:
    parsed = parse.version(package.version)
    if parsed is None:
        raise OutputError(f"{package.name} {package.version}: not a PEP 440 version", hint="write a requirements.txt instead")
    return parsed


def _vcs_type(url: str) -> str:
    kind = url.partition("+")[0]
    return kind if kind in ("git", "hg", "svn", "bzr") else "git"


def _file(file: ReleaseFile) -> dict[str, Any]:
    published = datetime.fromisoformat(file.published.replace("Z", "+00:00")) if file.published else None
    return {
        "name": file.filename,
        "upload_time": published,
        "url": file.url,
        "size": file.size,
        "hashes": dict(value.split(":", 1) for value in file.hashes),
    }


# A small TOML writer, for what `Pylock.to_dict` gives: scalars, lists of scalars, tables, lists of tables.


def _table(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Scalars and inline values first, then sub-tables, as TOML demands."""
    for key, value in table.items():
        if key != "packages" and not _is_deep(key, value):
            yield f"{_key(key)} = {_inline(value)}"
    for key, value in table.items():
        if key == "packages":
            for package in value:
                yield from ("", "[[packages]]", *_table(package, "packages."))
        elif _is_deep(key, value):
            yield from _deep(f"{path}{_key(key)}", value)


def _is_deep(key: str, value: object) -> bool:
    return key == "tool" or (isinstance(value, Mapping) and key in ("vcs", "directory", "archive"))


def _deep(path: str, value: Mapping[str, Any]) -> Iterator[str]:
    nested = {key: item for key, item in value.items() if isinstance(item, Mapping) and path.endswith("tool")}
    flat = {key: item for key, item in value.items() if key not in nested}
    if flat:
        yield f"[{path}]"
        yield from (f"{_key(key)} = {_inline(item)}" for key, item in flat.items())
    for key, item in nested.items():
        yield from _deep(f"{path}.{_key(key)}", item)


def _inline(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return _list([_inline(item) for item in value])
    return _text(str(value))


def _list(items: list[str]) -> str:
    if len(items) > 1 and sum(map(len, items)) > 80:
        return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    return f"[{', '.join(items)}]"


def _text(value: str) -> str:
    """A basic string; JSON's escapes are TOML's, but for DEL and lone surrogates."""
    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE_KEY(key) else _text(key)
