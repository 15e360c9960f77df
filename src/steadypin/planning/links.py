"""What a reviewer opens: changelog, releases, comparison and repository, from the URLs that a project names.

Labels are read as the "Well-known labels" of the Core metadata specification say: without case, spaces and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from string import punctuation
from urllib.parse import urlsplit

from steadypin.text import redact

_KINDS = {
    "changelog": ("changelog", "changes", "changelogs", "whatsnew", "history", "news"),
    "releases": ("releasenotes", "releases", "release"),
    "source": ("source", "repository", "sourcecode", "github", "gitlab", "code", "homepage"),
}
_DROPPED = str.maketrans("", "", punctuation + " \t")
_HOSTED = re.compile(r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?(?:/.*)?$")
_MOST = 2000

Links = tuple[tuple[str, str], ...]


def reviewer_links(urls: Iterable[tuple[str, str]], before: str | None, after: str | None) -> Links:
    """(label, URL) pairs for a move, each URL once. The comparison is given where the repository's host has such pages, for
    tags of the usual form.
    """
    known = [(label.lower().translate(_DROPPED), url) for label, url in urls if _is_plain(url)]
    found = dict.fromkeys(pair for pair in _links(known, before, after))
    first: dict[str, str] = {}
    for label, url in found:
        if url not in first.values():
            first.setdefault(label, url)
    return tuple(first.items())


def _links(known: list[tuple[str, str]], before: str | None, after: str | None) -> Iterator[tuple[str, str]]:
    for kind in ("changelog", "releases"):
        yield from ((kind, url) for word in _KINDS[kind] for label, url in known if label == word)
    repository = next(
        (r for word in _KINDS["source"] for label, url in known if label == word and (r := _repository(url))), None
    )
    if repository is None:
        return
    inner = "/-" if "gitlab" in urlsplit(repository).netloc else ""
    yield "releases", f"{repository}{inner}/releases"
    if before and after:
        yield f"compare v{before}...v{after}", f"{repository}{inner}/compare/v{before}...v{after}"
    yield "repository", repository


def _repository(url: str) -> str | None:
    """The address of a repository on a host whose pages are known."""
    parts = urlsplit(url)
    match = _HOSTED.match(parts.path)
    if match is None or not re.fullmatch(r"(www\.)?git(hub|lab)\.[a-z.]+", parts.netloc):
        return None
    return f"https://{parts.netloc}/{match['owner']}/{match['name']}"


def _is_plain(url: str) -> bool:
    """Whether an address can be shown: of the web, without spaces, and without a login."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc and redact(url) == url
    return bool(plain) and len(url) < _MOST and not re.search(r"[\s<>\"'`|\\^{}()\[\]\x00-\x1f\x7f-\uffff]", url)
