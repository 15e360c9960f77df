"""The `requests` side of a session; imported with the first request only.

Certificates are loaded once and not with every connection, and what the environment says about proxies is read once per host:
both would cost more time than most answers.
"""

from __future__ import annotations

import os
import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from steadypin.transport.manners import USER_AGENT, Manners

_HOSTS_AT_ONCE = 8


def open_session(manners: Manners) -> requests.Session:
    """A session with these manners. Raises OSError (also ssl.SSLError) for a CA bundle that cannot be used."""
    session = _Session(manners.proxy)
    session.max_redirects = manners.redirects
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.cert = manners.client_cert
    sizes: dict[str, Any] = {"pool_connections": _HOSTS_AT_ONCE, "pool_maxsize": manners.connections, "max_retries": 0}
    session.mount("https://", _Verifying(_ca_bundle(manners), **sizes))
    session.mount("http://", HTTPAdapter(**sizes))
    if manners.trusted_hosts:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    for host in manners.trusted_hosts:
        for prefix in (f"https://{host}/", f"https://{host}:"):
            session.mount(prefix, _Trusting(**sizes))
    return session


def _ca_bundle(manners: Manners) -> str:
    """pip's `cert`, else the variables that `requests` and other tools know, else the bundle that comes with `requests`."""
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    return manners.ca_bundle or next((path for path in named if path), None) or certifi.where()


class _Session(requests.Session):
    """Without the look into the environment before every request; ~/.netrc is still read."""

    def __init__(self, proxy: str | None) -> None:
        super().__init__()
        self._proxy = proxy
        self._seen: dict[tuple[str, str], dict[str, str]] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        return {"proxies": self._proxies_for(str(url)), "stream": stream, "verify": True, "cert": cert or self.cert}

    def _proxies_for(self, url: str) -> dict[str, str]:
        if self._proxy:
            return {"http": self._proxy, "https": self._proxy}
        parts = urlsplit(url)
        place = (parts.scheme, parts.netloc)
        if place not in self._seen:
            settings: Any = super().merge_environment_settings(url, {}, False, True, None)
            self._seen[place] = dict(settings["proxies"])
        return dict(self._seen[place])


class _Verifying(HTTPAdapter):
    """Verifies every certificate against one bundle, whatever a request or a redirect asks for."""

    def __init__(self, bundle: str, **sizes: Any) -> None:
        self._bundle = bundle
        self._context: ssl.SSLContext = create_urllib3_context()
        is_folder = Path(bundle).is_dir()
        self._context.load_verify_locations(None if is_folder else bundle, bundle if is_folder else None)
        super().__init__(**sizes)

    def init_poolmanager(self, *args: Any, **words: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **words)

    def proxy_manager_for(self, proxy: Any, **words: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **words)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, True, cert)
        return host, pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, self._bundle, cert)  # type: ignore[no-untyped-call]
        conn.ca_certs = conn.ca_cert_dir = None  # they are in the context already


class _Trusting(HTTPAdapter):
    """For hosts that pip is told to trust: certificates are not looked at."""

    def send(self, request: Any, *args: Any, **words: Any) -> Any:
        return super().send(request, *args, **{**words, "verify": False})
