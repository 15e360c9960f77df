"""What online sources share: one question to a service, through the cache; what goes wrong is a NetworkError."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Any

from steadypin.errors import NetworkError
from steadypin.transport.cache import DEFAULT_MAX_AGE, Cache, Entry
from steadypin.transport.session import Session, shown_url
from steadypin.values import dataclass

ANSWER_LIMIT = 64 * 1024 * 1024
_BUCKET = "advisories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body and when the server gave it (seconds since the epoch). An empty body: the server does not know (404)."""

    body: bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How to ask: `offline` takes what the cache has at any age and never asks, `refresh` asks whatever the cache has."""

    session: Session
    cache: Cache | None = None
    offline: bool = False
    refresh: bool = False

    def get(self, url: str, *, key: str = "", max_age: float = DEFAULT_MAX_AGE) -> Fetched:
        """GET; `key` tells apart what the URL does not. Raises NetworkError."""
        return self._ask(url, f"GET {url} {key}", None, max_age)

    def post(self, url: str, question: object) -> Fetched:
        """POST a JSON question. Raises NetworkError."""
        body = json.dumps(question, sort_keys=True, separators=(",", ":")).encode()
        return self._ask(url, f"POST {url} {body.decode()}", body, DEFAULT_MAX_AGE)

    def _ask(self, url: str, key: str, body: bytes | None, max_age: float) -> Fetched:
        entry = self.cache.read(_BUCKET, key) if self.cache else None
        if entry is not None and (self.offline or (entry.is_fresh(time.time()) and not self.refresh)):
            return Fetched(body=entry.body, at=entry.fetched)
        if self.offline:
            raise NetworkError(f"{shown_url(url)}: not asked, and nothing is known from before", reason="offline")
        fetched = self._fetch(url, body)
        if fetched.body:
            mapping(fetched, url)  # the page of a captive portal must not be kept as the answer
        if self.cache:
            status, lifetime = (200, max_age) if fetched.body else (404, min(max_age, DEFAULT_MAX_AGE))
            self.cache.write(_BUCKET, key, Entry(status=status, body=fetched.body, fetched=fetched.at, max_age=lifetime))
        return fetched

    def _fetch(self, url: str, body: bytes | None) -> Fetched:
        headers = {"Accept": "application/json"}
        if body is None:
            answer = self.session.get(url, headers=headers, body_limit=ANSWER_LIMIT)
        else:
            answer = self.session.post(url, body=body, headers={**headers, "Content-Type": "application/json"})
        if answer.status == 200 and answer.body:
            return Fetched(body=answer.body, at=time.time())
        if answer.status in (404, 410):
            return Fetched(body=b"", at=time.time())
        raise NetworkError(f"{shown_url(url)}: an answer without content ({answer.status})", reason="empty")


def mapping(fetched: Fetched, url: str) -> dict[str, Any]:
    """The JSON object of an answer. Raises NetworkError "not-json"."""
    try:
        plain = json.loads(fetched.body)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise NetworkError(f"{shown_url(url)}: the answer is not a JSON object", reason="not-json")
    return plain


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
