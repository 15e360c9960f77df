"""What pip would use on this machine, in words that both resolvers understand.

uv reads nothing of pip's configuration, and pip-compile reads all of it in its own way. Both are therefore told the same:
indexes and find-links as options, or as variables where they carry a login (a command line is visible to everybody), and the
constraints of pip's configuration as constraints of the question.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from steadypin.model import parse
from steadypin.values import dataclass, field

_SECTIONS = ("global", "install")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the indexes. `logins` are (URL prefix, user, password)."""

    indexes: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    logins: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)
    trusted_hosts: tuple[str, ...] = ()


def index_options(access: Access) -> tuple[str, ...]:
    """Options that name the indexes, without logins; none for indexes where any of them needs one (see `index_variables`)."""
    options: list[str] = []
    if not access.logins:
        for place, url in enumerate(access.indexes):
            options += ["--extra-index-url" if place else "--index-url", url]
        options += [] if access.indexes else ["--no-index"]
    for link in access.find_links:
        options += ["--find-links", link]
    for host in access.trusted_hosts:
        options += ["--trusted-host", host]
    return tuple(options)


def index_variables(access: Access) -> tuple[tuple[str, str], ...]:
    """Environment variables for both tools: certificates, proxy, and indexes with their logins."""
    found: dict[str, str] = {}
    if access.ca_bundle:
        found.update({"SSL_CERT_FILE": access.ca_bundle, "PIP_CERT": access.ca_bundle})
    if access.proxy:
        found.update({"ALL_PROXY": access.proxy, "PIP_PROXY": access.proxy})
    if access.logins and access.indexes:
        first, *more = (_with_login(url, access.logins) for url in access.indexes)
        found.update({"UV_DEFAULT_INDEX": first, "PIP_INDEX_URL": first})
        found.update({"UV_INDEX": " ".join(more), "PIP_EXTRA_INDEX_URL": " ".join(more)} if more else {})
        found.update({"UV_INDEX_STRATEGY": "unsafe-best-match"})
    return tuple(sorted(found.items()))


def _with_login(url: str, logins: tuple[tuple[str, str, str], ...]) -> str:
    fitting = [login for login in logins if url.startswith(login[0])]
    if not fitting:
        return url
    _, user, password = max(fitting, key=lambda login: len(login[0]))
    parts = urlsplit(url)
    userinfo = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PipConstraints:
    """The constraints that pip's configuration sets for every install, the files that they are from, and those that could not
    be read.
    """

    lines: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def pip_constraints(environ: Mapping[str, str], configuration: Iterable[Path]) -> PipConstraints:
    """Read them; `configuration` are pip's files, the weakest first, and PIP_CONSTRAINT wins over them."""
    value = environ.get("PIP_CONSTRAINT") or next(filter(None, map(_named_constraint, reversed(list(configuration)))), "")
    lines: list[str] = []
    files, unread = [], []
    for name in value.split():
        try:
            lines += _constraint_lines(Path(name).expanduser().read_text(encoding="utf-8", errors="replace"))
            files.append(name)
        except (OSError, ValueError):
            unread.append(name)
    return PipConstraints(lines=tuple(sorted(set(lines))), files=tuple(files), unread=tuple(unread))


def _named_constraint(path: Path) -> str:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return ""
    found = ""
    for section in _SECTIONS:
        if parser.has_section(section):
            found = parser.get(section, "constraint", fallback="") or found
    return found


def _constraint_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        parsed = parse.requirement(line.split("#", 1)[0].strip())
        if parsed is not None and parsed.url is None:
            marker = f" ; {parsed.marker}" if parsed.marker else ""
            yield f"{parse.normalise(parsed.name)}{parsed.specifier}{marker}"
