"""Credentials are taken out of URLs at the door, so that no later message, file name or cache can hold them."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from steadypin.values import dataclass, field

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """User and password for what lies under `prefix` (a URL without credentials). Its repr shows neither."""

    prefix: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def take_login(url: str) -> tuple[str, Login | None]:
    """The URL without user and password, and what was taken out, percent-decoded. Raises ValueError for a malformed URL."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    bare = urlunsplit(parts._replace(netloc=host))
    user, _, password = userinfo.partition(":")
    return bare, Login(prefix=bare, user=unquote(user), password=unquote(password))


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port) of a URL, with the scheme's port where it gives none. Raises ValueError for a malformed port."""
    parts: SplitResult = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower(), 0)


def login_for(url: str, logins: tuple[Login, ...]) -> Login | None:
    """The login to send with a request: that of the longest prefix, else one of the same origin, never one of another."""
    same = [login for login in logins if origin(login.prefix) == origin(url)]
    under = [login for login in same if url.startswith(login.prefix.rstrip("/") + "/") or url == login.prefix]
    return max(under, key=lambda login: len(login.prefix), default=same[0] if same else None)
