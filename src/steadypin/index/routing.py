"""Which indexes are asked: the options', else those that pip itself would use for this user.

1. `--index-url`, `--extra-index-url` and `--find-links`. An `--index-url` stands alone: what pip's configuration adds to
   its own index is not added to this one.
2. pip's environment variables, then its configuration files (the audited environment's, the user's, the machine's), with the
   sections [global], [install] and [list], the later one first.
3. Where pip says nothing of indexes: UV_DEFAULT_INDEX, or UV_INDEX_URL, for users who have uv only. Other UV_ variables: no.
4. `DEFAULT_INDEX`.

Index URLs that a lock or a requirements file names are not asked: whoever can edit a file of the project could otherwise
have names and credentials sent to a place of their choice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from steadypin.errors import UsageError
from steadypin.index.pipconfig import PipSettings, read_pip_settings
from steadypin.transport.auth import Login, take_login
from steadypin.transport.session import Manners, shown_url
from steadypin.values import dataclass, field

DEFAULT_INDEX = "https://" + "pypi" + ".org/simple"
_LONGEST_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where to ask, and how. URLs are without credentials; `logins` has those, and shows them nowhere.

    `indexes` are http(s) or file URLs of Simple API roots, `find_links` folders, files or URLs of flat pages. `source` says who
    chose them.
    """

    indexes: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    manners: Manners = field(default_factory=Manners)
    source: str = "default"


def route(
    *,
    index_url: str | None = None,
    extra_index_urls: Iterable[str] = (),
    find_links: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    prefix: Path | None = None,
) -> Routing:
    """The routing for this user; `prefix` is the audited environment's folder, whose own pip configuration counts.

    Raises ConfigError for a pip configuration that pip itself would refuse, UsageError for an index URL that is none.
    """
    environ = os.environ if environ is None else environ
    pip = read_pip_settings(environ, prefix)
    extras, links = tuple(extra_index_urls), tuple(find_links)
    if index_url is not None:
        return _routing([index_url, *extras], links, pip, "option")
    indexes = [] if pip.no_index else [_first_index(pip, environ), *pip.extra_index_urls, *extras]
    return _routing(indexes, (*pip.find_links, *links), pip, "pip configuration" if pip.names_indexes else "default")


def _first_index(pip: PipSettings, environ: Mapping[str, str]) -> str:
    of_uv = "" if pip.names_indexes else environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")
    return pip.index_url or of_uv or DEFAULT_INDEX


def _routing(indexes: Iterable[str], links: tuple[str, ...], pip: PipSettings, source: str) -> Routing:
    logins: list[Login] = []
    bare = [_bare(url, logins).rstrip("/") for url in indexes]
    flat = [_bare(link, logins) if "://" in link else link for link in links]
    return Routing(
        indexes=tuple(dict.fromkeys(bare)),
        find_links=tuple(dict.fromkeys(flat)),
        logins=tuple(logins),
        manners=_manners(pip),
        source=source,
    )


def _bare(url: str, logins: list[Login]) -> str:
    try:
        bare, login = take_login(url.strip())
        parts = urlsplit(bare)
        usable = parts.scheme == "file" or (parts.scheme in ("http", "https") and parts.hostname and (parts.port or True))
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{shown_url(url)}: not the URL of an index", hint="give a URL that starts with https://, http:// or file://"
        )
    if login is not None:
        logins.append(login)
    return bare


def _manners(pip: PipSettings) -> Manners:
    usual = Manners()
    timeout = usual.read_timeout if pip.timeout is None else min(max(pip.timeout, 0.1), _LONGEST_TIMEOUT)
    return Manners(
        connect_timeout=min(usual.connect_timeout, timeout),
        read_timeout=timeout,
        deadline=max(usual.deadline, 2 * timeout),
        retries=usual.retries if pip.retries is None else min(max(pip.retries, 0), 10),
        proxy=pip.proxy,
        ca_bundle=pip.cert,
        client_cert=pip.client_cert,
        trusted_hosts=pip.trusted_hosts,
    )
