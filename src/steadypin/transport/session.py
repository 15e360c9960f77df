"""One polite way to the network: bounded in time, size, attempts and redirects; every response is closed.

`requests` is imported on the first request, because a run on a warm cache needs none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from steadypin.errors import NetworkError
from steadypin.text import printable, redact
from steadypin.transport.auth import Login, login_for, origin
from steadypin.transport.manners import MEGABYTE as MEGABYTE
from steadypin.transport.manners import Manners as Manners
from steadypin.values import dataclass

if TYPE_CHECKING:
    import requests

ANSWERS = (200, 206, 304, 404, 410)
"""Status codes that are answers; every other one is a failure."""
_BODILESS = (304, 404, 410)
RETRIED = (408, 425, 429, 500, 502, 503, 504, 520, 522, 524)
_TRANSIENT = frozenset({"timeout", "connection", "dns", "truncated", "proxy"} | {f"http-{status}" for status in RETRIED})
_UNREACHABLE = frozenset({"timeout", "connection", "dns", "proxy", "tls", "http-429", "http-502", "http-503", "http-504"})
_GIVE_UP_AFTER = 4
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: header names in lower case, the body decoded; `url` is the last one after redirects, without login."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """A pool of connections with `Manners`. Usable from several threads."""

    def __init__(self, manners: Manners | None = None, *, logins: tuple[Login, ...] = ()) -> None:
        self.manners = manners or Manners()
        self.requests = 0
        self._logins = logins
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._failures: dict[tuple[str, str, int], list[_Failure]] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every idle connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, body_limit: int | None = None) -> Answer:
        """GET `url`; the answer has one of the `ANSWERS` codes.

        Raises NetworkError with reason "timeout", "connection", "dns", "tls", "proxy", "redirects", "truncated", "encoding",
        "too-large", "bad-url" or "http-<status>".
        """
        return self._request("GET", url, dict(headers or {}), None, body_limit or self.manners.body_limit)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST `body` to a service where a repetition does no harm; otherwise as `get`."""
        return self._request("POST", url, dict(headers or {}), body, self.manners.body_limit)

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int) -> Answer:
        place = _place(url)
        end = time.monotonic() + self.manners.deadline
        attempt = 0
        while True:
            self._refuse_if_unreachable(place, url)
            try:
                answer = self._once(method, url, headers, body, limit, end)
            except _Failure as failure:
                wait = self._patience(failure, attempt, end)
                if wait is None:
                    self._remember(place, failure)
                    raise _explain(url, failure) from None
                time.sleep(wait)
                attempt += 1
            else:
                self._failures.pop(place, None)
                return answer

    def _patience(self, failure: _Failure, attempt: int, end: float) -> float | None:
        """Seconds to wait before the next attempt, None to give up."""
        if failure.reason not in _TRANSIENT or attempt >= self.manners.retries:
            return None
        wait = self.manners.backoff * 2**attempt if failure.retry_after is None else failure.retry_after
        if wait > self.manners.longest_wait or time.monotonic() + wait >= end:
            return None
        return wait

    def _refuse_if_unreachable(self, place: tuple[str, str, int], url: str) -> None:
        failures = self._failures.get(place, [])
        if len(failures) >= _GIVE_UP_AFTER:
            raise _explain(url, _Failure(failures[-1].reason, f"not asked any more after {_GIVE_UP_AFTER} failures in a row"))

    def _remember(self, place: tuple[str, str, int], failure: _Failure) -> None:
        if failure.reason in _UNREACHABLE:
            with self._lock:
                self._failures.setdefault(place, []).append(failure)

    def _once(self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int, end: float) -> Answer:
        session = self._counted()
        left = max(end - time.monotonic(), 0.01)
        timeouts = (min(self.manners.connect_timeout, left), min(self.manners.read_timeout, left))
        login = login_for(url, self._logins)
        try:
            response = session.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=(login.user, login.password) if login else None,
                timeout=timeouts,
                stream=True,
            )
        except Exception as error:
            raise _classify(error) from None
        try:
            return self._read(response, limit, end)
        finally:
            response.close()

    def _read(self, response: requests.Response, limit: int, end: float) -> Answer:
        status = response.status_code
        if status not in ANSWERS or status in _BODILESS:
            with suppress(_Failure):  # a connection whose answer was read to its end can be used again
                self._body(response.raw, _CHUNK, end)
        if status not in ANSWERS:
            raise _Failure(f"http-{status}", "", retry_after=_retry_after(response.headers.get("retry-after")))
        body = b"" if status in _BODILESS else self._body(response.raw, limit, end)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(url=_without_login(response.url), status=status, headers=headers, body=body)

    def _body(self, raw: Any, limit: int, end: float) -> bytes:
        read = getattr(raw, "read1", raw.read)  # read1 gives what has arrived, so that the deadline is looked at
        chunks: list[bytes] = []
        size = 0
        while True:
            try:
                chunk = read(_CHUNK, decode_content=True)
            except Exception as error:
                raise _classify(error) from None
            if not chunk:
                break
            size += len(chunk)
            chunks.append(chunk)
            if size > limit or (raw.tell() or 0) > self.manners.wire_limit:
                raise _Failure("too-large", f"more than {min(limit, self.manners.wire_limit) // MEGABYTE} MiB")
            if time.monotonic() > end:
                raise _Failure("timeout", f"not finished after {self.manners.deadline:g} s")
        if getattr(raw, "length_remaining", None):
            raise _Failure("truncated", "the connection ended before the answer did")
        return b"".join(chunks)

    def _counted(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                from steadypin.transport.adapter import open_session

                try:
                    self._session = open_session(self.manners)
                except OSError as error:
                    raise _Failure("tls", f"the CA bundle cannot be used: {_detail(error)}") from None
            self.requests += 1
            return self._session


class _Failure(Exception):
    """One attempt that failed."""

    def __init__(self, reason: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110: a number or a date)."""
    if not value:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value[:12])
    from email.utils import parsedate_to_datetime  # brings a mail package and sockets, for a header that is seldom a date

    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _classify(error: Exception) -> _Failure:
    """What went wrong, from the exceptions of requests, urllib3, http.client and the operating system."""
    chain = " ".join(_kinds(error))
    for words, reason in _SYMPTOMS:
        if any(word in chain for word in words):
            return _Failure(reason, _detail(error))
    return _Failure("connection", _detail(error))


_SYMPTOMS = (
    (("TooManyRedirects",), "redirects"),
    (("InvalidURL", "InvalidSchema", "MissingSchema", "LocationParseError", "UnicodeError", "InvalidHeader"), "bad-url"),
    (("ProxyError",), "proxy"),
    (("NameResolutionError", "gaierror"), "dns"),
    (("Timeout",), "timeout"),
    (("SSLError", "SSLCertVerificationError", "SSLEOFError"), "tls"),
    (("DecodeError", "ContentDecodingError"), "encoding"),
    (("IncompleteRead", "ChunkedEncodingError", "InvalidChunkLength"), "truncated"),
    (("OSError", "No such file"), "connection"),
)


def _kinds(error: BaseException, depth: int = 6) -> list[str]:
    inner = (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__)
    found = [type(error).__name__]
    if depth:
        for part in inner:
            if isinstance(part, BaseException) and part is not error:
                found += _kinds(part, depth - 1)
    return found


def _detail(error: BaseException) -> str:
    """The innermost sentence, without the names of Python objects."""
    inner = getattr(error, "reason", None) or next((part for part in error.args if isinstance(part, BaseException)), None)
    if isinstance(inner, BaseException) and inner is not error:
        return _detail(inner)
    text = (getattr(error, "strerror", None) if isinstance(error, OSError) else None) or str(error)
    return text.rpartition(">: ")[2] or type(error).__name__


def _explain(url: str, failure: _Failure) -> NetworkError:
    said = _WORDS.get(failure.reason) or f"answered {failure.reason.removeprefix('http-')}"
    detail = f" ({printable(redact(failure.detail), 200)})" if failure.detail else ""
    hint = _HINTS.get(failure.reason, "try again later, or work from what is known with --offline")
    return NetworkError(f"{shown_url(url)}: {said}{detail}", reason=failure.reason, hint=hint)


_WORDS = {
    "timeout": "no answer in time",
    "connection": "cannot be reached",
    "dns": "the host name is not known",
    "tls": "the connection is not secure",
    "proxy": "the proxy does not let us through",
    "redirects": "too many redirects",
    "truncated": "the answer was cut off",
    "encoding": "the answer is not compressed as it claims",
    "too-large": "the answer is too large",
    "bad-url": "this is not a usable URL",
}
_HINTS = {
    "tls": "set REQUESTS_CA_BUNDLE, or `cert` in pip's configuration, to your organisation's CA bundle",
    "proxy": "check HTTPS_PROXY, or `proxy` in pip's configuration",
    "http-401": "give the index's credentials in ~/.netrc or in the index URL of pip's configuration",
    "http-403": "give the index's credentials in ~/.netrc or in the index URL of pip's configuration",
    "bad-url": "check the index URL",
}


def shown_url(url: str) -> str:
    """A URL as it may be shown."""
    return printable(redact(url))


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return url if "@" not in parts.netloc else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _place(url: str) -> tuple[str, str, int]:
    try:
        return origin(url)
    except ValueError:
        raise _explain(url, _Failure("bad-url", "")) from None
