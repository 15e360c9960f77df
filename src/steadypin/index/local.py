"""Indexes and find-links on this disk: folders are listed, pages are read; nothing is downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from steadypin.errors import NetworkError
from steadypin.index.filenames import sdist_version, wheel_version
from steadypin.index.pages import Page, read_page
from steadypin.model.parse import normalise
from steadypin.text import printable

_PAGE_LIMIT = 64 * 1024 * 1024


def path_of(url: str) -> Path:
    """The path of a file URL, or of a plain path. Raises ValueError for what cannot be a path."""
    if not url.startswith("file:"):
        return Path(url).expanduser()
    path = urlsplit(url).path
    if os.name != "nt":
        return Path(unquote(path))
    from urllib.request import url2pathname  # knows drive letters; brings the whole HTTP client with it

    return Path(url2pathname(path))


def read_local_index(root: Path, url: str, name: str) -> Page | None:
    """The page of project `name` in the file index at `root`; None where the index does not have it.

    As pip does, the project's folder must have an `index.html`. Raises NetworkError "unreadable" and what `read_page` raises.
    """
    body = _read(root / name / "index.html")
    return None if body is None else read_page(body, "text/html", url=f"{url}/{name}/", name=name)


def read_flat(location: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    """(base URL, files in the words of PEP 691) of a find-links place on this disk: a folder, or an HTML page.

    A place that does not exist is empty, as for pip. Raises NetworkError "unreadable".
    """
    try:
        path = path_of(location).absolute()
        base = path.as_uri() + ("/" if path.is_dir() else "")
        if path.is_dir():
            names = sorted(child.name for child in path.iterdir())
            return base, tuple({"filename": entry, "url": base + quote(entry)} for entry in names)
    except (OSError, ValueError) as error:
        raise _unreadable(location, error) from None
    body = _read(path)
    return base, () if body is None else read_page(body, "text/html", url=base, name="").files


def by_project(files: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The files of a flat listing by the projects that they may belong to."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for name in names_of(str(file.get("filename", ""))):
            found.setdefault(name, []).append(file)
    return found


def names_of(filename: str) -> tuple[str, ...]:
    """The normalised names that a distribution file may belong to (an old sdist's can be cut in several places)."""
    if filename.endswith(".whl"):
        name = normalise(filename.split("-", 1)[0])
        return (name,) if wheel_version(filename, name) else ()
    parts = filename.split("-")
    candidates = (normalise("-".join(parts[:count])) for count in range(1, min(len(parts), 12)))
    return tuple(name for name in candidates if sdist_version(filename, name))


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as stream:
            body = stream.read(_PAGE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(str(path), error) from None
    if len(body) > _PAGE_LIMIT:
        raise NetworkError(f"{printable(str(path))}: too large for a page of an index", reason="too-large")
    return body


def _unreadable(location: str, error: Exception) -> NetworkError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return NetworkError(f"{printable(location)}: {printable(reason)}", reason="unreadable", hint="check its permissions")
