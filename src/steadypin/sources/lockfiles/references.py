"""One requirement as pip takes it: a PEP 508 line, a bare URL, a local path or archive, or what follows `-e`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from steadypin.model.locked import Origin
from steadypin.model.parse import plain_pin, requirement
from steadypin.sources.lockfiles.parts import file_name, is_name, marker_text, readable_requirement
from steadypin.text import redact
from steadypin.values import dataclass

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_VCS = ("git", "hg", "svn", "bzr")
_PLAIN = ("http", "https", "ftp", "file")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma")
_OPERATORS = r"[<>=!~\s\"']"
_EGG = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[([^\]]*)\])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a line asks for. `requirement` is its PEP 508 text without credentials, None where it has no name."""

    kind: str
    name: str | None = None
    version: str | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None
    origin: Origin | None = None
    requirement: str | None = None


def parse_reference(text: str) -> Reference | None:
    """A requirement without its options; None where it is not one."""
    if pin := plain_pin(text):
        return Reference(kind="index", name=pin[0], version=pin[1], requirement=text)
    if is_url(text):
        return _split_marker(text, "; ", _bare_url)
    body, _, _ = text.partition(";")
    if _is_path(body.strip()):
        return _split_marker(text, ";", _local_path)
    if not readable_requirement(text):
        return None
    return _named(requirement(text))


def _named(parsed: Requirement | None) -> Reference | None:
    if parsed is None:
        return None
    marker = None if parsed.marker is None else str(parsed.marker)
    extras = tuple(sorted(parsed.extras))
    if parsed.url is None:
        return Reference(
            kind="index",
            name=parsed.name,
            version=exact_version(parsed),
            extras=extras,
            marker=marker,
            requirement=str(parsed),
        )
    return Reference(
        kind=url_kind(parsed.url),
        name=parsed.name,
        extras=extras,
        marker=marker,
        origin=url_origin(parsed.url),
        requirement=_direct(parsed.name, extras, parsed.url, marker),
    )


def exact_version(parsed: Requirement) -> str | None:
    """The version of a single `==` without a wildcard, or of a single `===`; None for anything else."""
    if len(parsed.specifier) != 1:
        return None
    specifier = next(iter(parsed.specifier))
    exact = specifier.operator == "===" or (specifier.operator == "==" and not specifier.version.endswith(".*"))
    return specifier.version if exact else None


def is_url(text: str) -> bool:
    """Whether a text begins with a scheme that installers know."""
    found = _SCHEME.match(text)
    return found is not None and (found[1].lower() in _PLAIN or is_vcs(found[1]))


def is_vcs(scheme: str) -> bool:
    """Whether a URL's scheme is that of a version control system ("git+https", "git")."""
    return scheme.lower().partition("+")[0] in _VCS


def url_kind(url: str) -> str:
    """ "vcs", "path" (a file: URL) or "url"."""
    scheme = url.partition(":")[0].lower()
    if is_vcs(scheme):
        return "vcs"
    return "path" if scheme == "file" else "url"


def url_origin(url: str) -> Origin:
    """The origin of a direct URL, without credentials: for VCS URLs the repository, its reference and the subdirectory."""
    bare, _, fragment = url.partition("#")
    subdirectory = _fragment(fragment, "subdirectory")
    kind = url_kind(url)
    if kind != "vcs":
        return Origin(kind=kind, url=redact(url), subdirectory=subdirectory)
    repository, revision = _split_revision(bare)
    return Origin(kind=kind, url=redact(repository), revision=revision, subdirectory=subdirectory)


def _fragment(fragment: str, name: str) -> str | None:
    for part in fragment.split("&"):
        key, equals, value = part.partition("=")
        if equals and key == name:
            return unquote(value) or None
    return None


def _split_revision(url: str) -> tuple[str, str | None]:
    """`repository@reference`: an "@" before the last path begins belongs to a login."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url, None
    host, slash, path = rest.partition("/")
    repository, at, revision = path.rpartition("@")
    return (f"{scheme}://{host}{slash}{repository}", revision or None) if at else (url, None)


def _split_marker(text: str, separator: str, make: Callable[[str, str | None], Reference | None]) -> Reference | None:
    body, _, written = text.partition(separator)
    marker = None
    if written.strip():
        marker = marker_text(written.strip())
        if marker is None:
            return None
    return make(body.strip(), marker)


def _bare_url(url: str, marker: str | None) -> Reference | None:
    """A URL that stands alone: a wheel's file name gives the project, `#egg=` may."""
    wheel = _wheel_name(url)
    name, extras = (wheel, ()) if wheel is not None else egg(url)
    return Reference(
        kind=url_kind(url),
        name=name,
        extras=extras,
        marker=marker,
        origin=url_origin(url),
        requirement=None if name is None else _direct(name, extras, url, marker),
    )


def _local_path(path: str, marker: str | None) -> Reference:
    bare, extras = _strip_extras(path)
    return Reference(
        kind="path",
        name=_wheel_name(bare),
        extras=extras,
        marker=marker,
        origin=Origin(kind="path", url=bare),
    )


def parse_editable(target: str) -> Reference:
    """The one word after `-e`: a path with extras, a VCS URL with `#egg=`, or `name @ URL` in quotes."""
    if is_url(target):
        name, extras = egg(target)
        return Reference(
            kind="editable",
            name=name,
            extras=extras,
            origin=url_origin(target),
            requirement=None if name is None else _direct(name, extras, target, None),
        )
    parsed = requirement(target) if " @ " in target and readable_requirement(target) else None
    if parsed is not None and parsed.url is not None:
        extras = tuple(sorted(parsed.extras))
        return Reference(
            kind="editable",
            name=parsed.name,
            extras=extras,
            origin=url_origin(parsed.url),
            requirement=_direct(parsed.name, extras, parsed.url, None),
        )
    bare, extras = _strip_extras(target)
    return Reference(kind="editable", extras=extras, origin=Origin(kind="path", url=bare))


def egg(url: str) -> tuple[str | None, tuple[str, ...]]:
    """Name and extras of a URL's `#egg=` fragment."""
    found = re.fullmatch(_EGG, _fragment(url.partition("#")[2], "egg") or "")
    return (found[1], _extras(found[2] or "")) if found else (None, ())


def _extras(text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip().lower() for part in text.split(",") if is_name(part.strip())}))


def _strip_extras(path: str) -> tuple[str, tuple[str, ...]]:
    start = path.rfind("[")
    if start < 1 or not path.endswith("]") or "]" in path[start:-1] or len(path) - start < 3:
        return path, ()
    return path[:start], _extras(path[start + 1 : -1])


def _is_path(text: str) -> bool:
    """Whether pip would take a text for a path or a local archive, without looking at the disk."""
    before, at, _ = text.partition("@")
    if at and is_name(_strip_extras(before.strip())[0].strip()):
        return False
    bare = _strip_extras(text)[0]
    if bare.startswith((".", "/", "~/")) or bare.lower().endswith(_ARCHIVES):
        return True
    return ("/" in bare or "\\" in bare) and not re.search(_OPERATORS, bare)


def _wheel_name(url: str) -> str | None:
    """The project that a wheel's file name begins with."""
    filename = file_name(url) or ""
    parts = filename.removesuffix(".whl").split("-")
    return parts[0] if filename.endswith(".whl") and len(parts) in (5, 6) and is_name(parts[0]) else None


def _direct(name: str, extras: tuple[str, ...], url: str, marker: str | None) -> str:
    listed = f"[{','.join(extras)}]" if extras else ""
    condition = f" ; {marker}" if marker else ""
    return f"{name}{listed} @ {redact(url)}{condition}"
