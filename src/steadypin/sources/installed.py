"""The installed ledger: `*.dist-info`, `*.egg-info`, `.egg-link` and eggs, read from their files and never imported.

Follows PEP 376 and the "recording installed projects" specification, PEP 610 (direct URLs) and PEP 660 (editables), and what
setuptools did before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.model.location import Location, Problem
from steadypin.model.parse import is_version, normalise
from steadypin.sources.filetree import DISK, SMALL_FILE, FileTree
from steadypin.sources.headers import Headers, end_of_headers, parse_headers
from steadypin.text import printable
from steadypin.values import dataclass, replace

_FIRST_READ = 16384
_LONGEST = 200
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EDITABLE_PTH = r"(?i)__editable__[._](?P<name>.+?)-(?P<version>[^-]+)\.pth"
_SECTION = r"\[(?P<extra>[^:\]]*)(?::(?P<marker>[^\]]*))?\]"
_SUFFIXES = (".dist-info", ".egg-info", ".egg-link", ".egg")
_NOT_THERE = (FileNotFoundError, NotADirectoryError)
_SAYS_REQUESTED = ("pip", "uv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What stands on a list of paths, and what could not be read there."""

    distributions: tuple[InstalledDistribution, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_listing(paths: Iterable[str], *, tree: FileTree = DISK) -> Listing:
    """The distributions on an ordered list of import paths, in that order and by name within one path; and what is wrong with
    the paths themselves (unreadable, leftovers of a broken uninstall).

    As for an interpreter, the first path that has a name hides the later ones; two of one name in the same path are a broken
    installation, and both are listed. Broken metadata gives an entry with `problems`. Never raises for what it reads.
    """
    seen: set[str] = set()
    distributions: list[InstalledDistribution] = []
    problems: list[Problem] = []
    ordered = list(dict.fromkeys(paths))
    for path in ordered:
        here = [item for item in _read_path(path, ordered, tree, problems) if item.name not in seen]
        seen.update(item.name for item in here)
        distributions += here
    return Listing(distributions=tuple(distributions), problems=tuple(problems))


def _read_path(path: str, paths: Sequence[str], tree: FileTree, problems: list[Problem]) -> list[InstalledDistribution]:
    try:
        names = sorted(tree.names(path))
    except _NOT_THERE:
        return _read_egg_file(path, tree) if path.lower().endswith(".egg") else []
    except OSError as error:
        problems.append(_problem(f"the folder cannot be read: {error.strerror or error}", path))
        return []
    if path.lower().endswith(".egg") and "EGG-INFO" in names:
        return [_from_egg_info(_join(tree, path, "EGG-INFO"), _stem(path, tree), tree)]
    found: list[InstalledDistribution] = []
    editable: set[str] = set()
    for name in names:
        if name.endswith(_SUFFIXES):
            found += _read_entry(path, name, paths, tree, problems)
        elif name.startswith("__editable__") and (match := re.fullmatch(_EDITABLE_PTH, name)):
            editable.add(normalise(match["name"]))
    return _settle(found, editable)


def _read_entry(
    path: str, name: str, paths: Sequence[str], tree: FileTree, problems: list[Problem]
) -> Iterable[InstalledDistribution]:
    place = _join(tree, path, name)
    if name.startswith("~"):  # pip renames to this while it uninstalls; left over, nothing can import or manage it
        problems.append(_problem(f"{name}: left over from an interrupted uninstall; remove it", place))
        return ()
    if name.endswith(".dist-info"):
        return (_from_dist_info(place, name[: -len(".dist-info")], tree),)
    if name.endswith(".egg-info"):
        return (_from_egg_info(place, name[: -len(".egg-info")], tree),)
    if name.endswith(".egg-link"):
        return _from_egg_link(place, name[: -len(".egg-link")], tree)
    prefix = path + tree.separator
    if any(other.startswith(prefix) and other.endswith(".egg") for other in paths):
        return ()  # easy-install.pth says which eggs count; they are paths of their own
    return _from_egg(place, name, tree)


def _from_dist_info(place: str, stem: str, tree: FileTree) -> InstalledDistribution:
    headers, problems = _read_headers(_join(tree, place, "METADATA"), tree)
    installer = _read_text(_join(tree, place, "INSTALLER"), tree)
    direct_url, url_problems = _read_direct_url(_join(tree, place, "direct_url.json"), tree)
    requested = tree.is_file(_join(tree, place, "REQUESTED"))
    return _distribution(
        headers,
        stem=stem,
        place=place,
        tree=tree,
        installer=installer,
        requested=requested or None,
        direct_url=direct_url,
        editable=direct_url is not None and direct_url.editable,
        problems=problems + url_problems,
    )


def _from_egg_info(place: str, stem: str, tree: FileTree, *, editable: bool = False) -> InstalledDistribution:
    """A folder with PKG-INFO and requires.txt (setuptools), or a single PKG-INFO file (distutils)."""
    folder = tree.is_dir(place)
    headers, problems = _read_headers(_join(tree, place, "PKG-INFO") if folder else place, tree, any_end=True)
    if folder and not headers.requires:
        headers = _with_requires_txt(headers, _read_text(_join(tree, place, "requires.txt"), tree))
    return _distribution(headers, stem=stem, place=place, tree=tree, editable=editable, problems=problems)


def _from_egg_link(place: str, stem: str, tree: FileTree) -> Iterable[InstalledDistribution]:
    """`setup.py develop`: the first line is the folder of the project, with its egg-info."""
    target = (_read_text(place, tree) or "").split("\n")[0].strip()
    try:
        names = tree.names(target) if target else []
    except (OSError, ValueError):
        names = []
    wanted = normalise(stem)
    for name in sorted(names):
        if name.endswith(".egg-info") and normalise(name[: -len(".egg-info")].split("-")[0]) == wanted:
            return (_from_egg_info(_join(tree, target, name), stem, tree, editable=True),)
    problem = _problem(f"points to {printable(target, 200) or 'nothing'}, where no egg-info of {stem} is", place)
    return (_distribution(Headers(), stem=stem, place=place, tree=tree, editable=True, problems=(problem,)),)


def _from_egg(place: str, name: str, tree: FileTree) -> Iterable[InstalledDistribution]:
    if not tree.is_dir(place):
        return _read_egg_file(place, tree)
    folder = _join(tree, place, "EGG-INFO")
    return (_from_egg_info(folder, name[: -len(".egg")], tree),) if tree.is_dir(folder) else ()


def _read_egg_file(place: str, tree: FileTree) -> list[InstalledDistribution]:
    from steadypin.sources.archives import ArchiveTree

    if not tree.is_file(place):
        return []
    stem = _stem(place, tree)
    try:
        archive = ArchiveTree(place, tree)
    except OSError as error:
        problem = _problem(f"not a readable egg: {error.strerror or error}", place)
        return [_distribution(Headers(), stem=stem, place=place, tree=tree, problems=(problem,))]
    return [_from_egg_info(f"{place}/EGG-INFO", stem, archive)]


def _read_headers(path: str, tree: FileTree, *, any_end: bool = False) -> tuple[Headers, tuple[Problem, ...]]:
    """The headers and what is wrong with the file. `any_end`: old tools ended PKG-INFO without a blank line."""
    try:
        content = tree.read(path, _FIRST_READ)
        if len(content) == _FIRST_READ and end_of_headers(content) < 0:
            content = tree.read(path, SMALL_FILE)
    except _NOT_THERE:
        return Headers(), (_problem("is missing", path),)
    except (OSError, ValueError) as error:
        return Headers(), (_problem(f"cannot be read: {getattr(error, 'strerror', None) or error}", path),)
    headers = parse_headers(content)
    missing = [key for key, value in (("Name", headers.name), ("Version", headers.version)) if not value]
    if missing:
        return headers, (_problem(f"no {' and no '.join(missing)} header: empty, cut off or not metadata", path),)
    if not headers.complete and not any_end and not content.endswith(b"\n"):
        return headers, (_problem("ends in the middle of its headers", path),)
    return headers, ()


def _read_text(path: str, tree: FileTree) -> str | None:
    try:
        return tree.read(path, 65536).decode("utf-8", "replace").strip() or None
    except (OSError, ValueError):
        return None


def _read_direct_url(path: str, tree: FileTree) -> tuple[DirectUrl | None, tuple[Problem, ...]]:
    try:
        content = tree.read(path, 65536)
    except _NOT_THERE:
        return None, ()
    except (OSError, ValueError) as error:
        return None, (_problem(f"cannot be read: {getattr(error, 'strerror', None) or error}", path),)
    from steadypin.sources.direct_url import parse_direct_url

    parsed = parse_direct_url(content)
    if parsed is None:
        return None, (_problem("not what PEP 610 describes", path),)
    return parsed, ()


def _with_requires_txt(headers: Headers, text: str | None) -> Headers:
    """requires.txt as PEP 508 texts: sections are `[extra]`, `[:marker]` or `[extra:marker]`."""
    if not text:
        return headers
    requires: list[str] = []
    extras: list[str] = []
    condition = ""
    for line in map(str.strip, text.splitlines()):
        if section := re.fullmatch(_SECTION, line):
            extra, marker = section["extra"].strip(), (section["marker"] or "").strip()
            parts = [f"({marker})"] if marker else []
            if extra:
                extras.append(extra)
                parts.append(f'extra == "{extra}"')
            condition = " and ".join(parts)
        elif line and not line.startswith("#"):
            requires.append(f"{line} ; {condition}" if condition else line)
    return Headers(
        name=headers.name,
        version=headers.version,
        requires=tuple(requires),
        requires_python=headers.requires_python,
        extras=headers.extras or tuple(dict.fromkeys(extras)),
        complete=headers.complete,
    )


def _distribution(
    headers: Headers,
    *,
    stem: str,
    place: str,
    tree: FileTree,
    installer: str | None = None,
    requested: bool | None = None,
    direct_url: DirectUrl | None = None,
    editable: bool = False,
    problems: tuple[Problem, ...] = (),
) -> InstalledDistribution:
    """One entry; where metadata does not say, name and version are those of the folder's own name."""
    parts = stem.split("-")
    raw_name = headers.name or parts[0]
    text = headers.version or (parts[1] if len(parts) > 1 and not headers.name else "")
    if not _NAME.fullmatch(raw_name) or len(raw_name) > _LONGEST:
        problems += (_problem(f"{printable(raw_name, 80)!r} is not a name that PEP 508 allows", place),)
        raw_name = raw_name[:_LONGEST]
    if text and not (len(text) <= _LONGEST and is_version(text)):
        problems += (_problem(f"{printable(text, 80)!r} is not a PEP 440 version", place),)
        text = text[:_LONGEST]
    return InstalledDistribution(
        name=normalise(raw_name),
        version=text or None,
        location=Location(path=place),
        raw_name=raw_name,
        requires=headers.requires,
        requires_python=headers.requires_python,
        extras=headers.extras,
        installer=installer,
        requested=requested,
        direct_url=direct_url,
        editable=editable,
        layer=tree.layer(place),
        problems=problems,
    )


def _settle(found: list[InstalledDistribution], editable: set[str]) -> list[InstalledDistribution]:
    """What only the whole folder tells: REQUESTED means something where an installer writes it, and .pth files of editables."""
    writers = {item.installer for item in found if item.requested and item.installer in _SAYS_REQUESTED}
    if writers:
        found = [
            replace(item, requested=False) if item.requested is None and item.installer in writers else item for item in found
        ]
    if editable:
        found = [replace(item, editable=True) if item.name in editable else item for item in found]
    return found


def _join(tree: FileTree, folder: str, name: str) -> str:
    return folder + tree.separator + name


def _stem(path: str, tree: FileTree) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _problem(message: str, place: str) -> Problem:
    return Problem(message=message, location=Location(path=place))
