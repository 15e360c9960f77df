"""A package index as a real HTTP server in this process: real small wheels, JSON and HTML pages, and faults on demand.

with TestIndex({"flask": [Rel("1.0", yanked="bad"), Rel("2.0", requires=["click>=8"])]}) as index:
    index.url                         # for --index-url; pip and uv install from it
    index.faults["flask"] = Slow(5)   # from now on
    index.counts["/simple/flask/"]    # requests by path; also .total, .connections, .logins
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from steadypin.model.parse import normalise
from tests.support.wheels import build_sdist, build_wheel, metadata

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Rel:
    """One release. `yanked` True or a reason; `tags` one wheel each; `uploaded` in ISO 8601; `metadata` says whether the server
    has the wheels' metadata apart (PEP 658).
    """

    version: str = field(kw_only=False)
    requires: Iterable[str] = ()
    requires_python: str | None = None
    extras: Iterable[str] = ()
    yanked: str | bool = False
    uploaded: str | None = "2024-01-01T00:00:00.000000Z"
    tags: Iterable[str] = ("py3-none-any",)
    sdist: bool = False
    files: Mapping[str, str | bytes] | None = None
    metadata: bool = True
    entry_points: str = ""


@dataclass(frozen=True)
class Proj:
    """A project with a PEP 792 status, where a bare list of releases is not enough."""

    releases: Iterable[Rel] = ()
    status: str | None = None
    reason: str | None = None


# Faults: what happens instead of the project's page -------------------------------------------------------------------------


@dataclass(frozen=True)
class Slow:
    """Says nothing for `seconds`; then answers."""

    seconds: float = 30.0


@dataclass(frozen=True)
class Drip:
    """Sends one byte every `pause` seconds, so that no single read times out."""

    pause: float = 0.05


@dataclass(frozen=True)
class Fails:
    """Answers `status` for the first `times` requests (for ever: None), then well; with `retry_after` as a header."""

    status: int = 503
    times: int | None = None
    retry_after: str | None = None


@dataclass(frozen=True)
class Truncated:
    """Announces the whole page and ends the connection in the middle."""


@dataclass(frozen=True)
class CutJson:
    """Half of a JSON page, as if it were whole."""


@dataclass(frozen=True)
class RedirectLoop:
    """Redirects to itself."""


@dataclass(frozen=True)
class Says:
    """Answers `body` as `content_type`, whatever was asked for."""

    body: bytes
    content_type: str = JSON_TYPE


@dataclass(frozen=True)
class Huge:
    """A page of `size` bytes, made while it is sent; `compressed` sends it as a gzip bomb."""

    size: int = 200 * MEBIBYTE
    compressed: bool = False


@dataclass(frozen=True)
class Closed:
    """Ends the connection without a word; `reset` by RST."""

    reset: bool = False


@dataclass(frozen=True)
class NeedsLogin:
    """401 unless this user and password are sent."""

    user: str = "user"
    password: str = "s3cret"


@dataclass(frozen=True)
class RedirectsTo:
    """Redirects to another address."""

    url: str


Fault = RedirectsTo | Slow | Drip | Fails | Truncated | CutJson | RedirectLoop | Says | Huge | Closed | NeedsLogin


@dataclass(frozen=True, kw_only=True)
class _File:
    name: str
    data: bytes
    release: Rel
    core: bytes | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class TestIndex:
    """The server; `projects` are releases (or a `Proj`) by name. A context manager; `url` is the Simple API root.

    `kinds`: which of "json" and "html" it speaks. `cache_control` is sent with every page, `etags` says whether pages have one.
    `login` guards everything. `tls` is a PEM file with the server's key and certificate.
    """

    __test__ = False  # not a test class, whatever its name

    def __init__(
        self,
        projects: Mapping[str, Iterable[Rel] | Proj] | None = None,
        *,
        kinds: Iterable[str] = ("json", "html"),
        cache_control: str | None = "max-age=600",
        etags: bool = True,
        ranges: bool = True,
        login: NeedsLogin | None = None,
        tls: Path | None = None,
    ) -> None:
        self.kinds = tuple(kinds)
        self.cache_control = cache_control
        self.etags = etags
        self.ranges = ranges
        self.login = login
        self.faults: dict[str, Fault] = {}
        self.counts: Counter[str] = Counter()
        self.logins: list[str] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.projects: dict[str, Proj] = {}
        self.files: dict[str, dict[str, _File]] = {}
        for name, releases in (projects or {}).items():
            self.add(name, releases)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.index = self
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def root(self) -> str:
        """The server's address, without a slash at the end."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """For `--index-url`."""
        return f"{self.root}/simple"

    @property
    def total(self) -> int:
        """All requests so far."""
        return sum(self.counts.values())

    def add(self, name: str, releases: Iterable[Rel] | Proj) -> None:
        """Add a project, or put another in its place; also while the server runs."""
        project = releases if isinstance(releases, Proj) else Proj(tuple(releases))
        files = [file for release in project.releases for file in _build(name, release)]
        self.projects[normalise(name)] = project
        self.files[normalise(name)] = {file.name: file for file in files}

    def __enter__(self) -> TestIndex:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def stop(self) -> None:
        """Kill the server in the middle: no new connections, existing ones cut."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def page(self, name: str, kind: str) -> bytes:
        """The page of a known project."""
        return self._json_page(name) if kind == "json" else self._html_page(name)

    def _json_page(self, name: str) -> bytes:
        project = self.projects[name]
        document: dict[str, Any] = {
            "meta": {"api-version": "1.4"},
            "name": name,
            "versions": [release.version for release in project.releases],
            "files": [_as_json(name, file) for file in self.files[name].values()],
        }
        if project.status:
            status = {"status": project.status, "reason": project.reason}
            document["project-status"] = {key: value for key, value in status.items() if value}
        return json.dumps(document).encode()

    def _html_page(self, name: str) -> bytes:
        project = self.projects[name]
        head = '<meta name="pypi:repository-version" content="1.4">'
        if project.status:
            head += f'<meta name="pypi:project-status" content="{project.status}">'
        if project.reason:
            head += f'<meta name="pypi:project-status-reason" content="{html.escape(project.reason)}">'
        links = "\n".join(_as_html(name, file) for file in self.files[name].values())
        return f"<!DOCTYPE html><html><head>{head}<title>{name}</title></head><body>\n{links}\n</body></html>".encode()


def _build(name: str, release: Rel) -> list[_File]:
    words: dict[str, Any] = {
        "requires": tuple(release.requires),
        "requires_python": release.requires_python,
        "files": release.files,
    }
    extras = tuple(release.extras)
    core = metadata(name, release.version, requires=words["requires"], requires_python=release.requires_python, extras=extras)
    made = []
    for tag in release.tags:
        filename, data = build_wheel(name, release.version, tag=tag, extras=extras, entry_points=release.entry_points, **words)
        made.append(_File(name=filename, data=data, release=release, core=core if release.metadata else None))
    if release.sdist:
        filename, data = build_sdist(name, release.version, **words)
        made.append(_File(name=filename, data=data, release=release, core=None))
    return made


def _as_json(name: str, file: _File) -> dict[str, Any]:
    release = file.release
    core = {"sha256": hashlib.sha256(file.core).hexdigest()} if file.core is not None else False
    shown: dict[str, Any] = {
        "filename": file.name,
        "url": f"/files/{name}/{file.name}",
        "hashes": {"sha256": file.sha256},
        "size": len(file.data),
        "yanked": release.yanked,
        "core-metadata": core,
    }
    if release.requires_python is not None:
        shown["requires-python"] = release.requires_python
    if release.uploaded is not None:
        shown["upload-time"] = release.uploaded
    return shown


def _as_html(name: str, file: _File) -> str:
    release = file.release
    attributes = {"href": f"../../files/{name}/{file.name}#sha256={file.sha256}"}
    if release.requires_python is not None:
        attributes["data-requires-python"] = release.requires_python
    if release.yanked is not False:
        attributes["data-yanked"] = "" if release.yanked is True else str(release.yanked)
    if file.core is not None:
        attributes["data-core-metadata"] = f"sha256={hashlib.sha256(file.core).hexdigest()}"
    text = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {text}>{file.name}</a><br>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    index: TestIndex

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        with self.server.index.lock:
            self.server.index.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        index = self.server.index
        path = urlsplit(self.path).path  # a client that takes us for its proxy sends a whole URL
        with index.lock:
            index.counts[path] += 1
            if header := self.headers.get("Authorization"):
                index.logins.append(header)
        if index.login is not None and not self._admitted(index.login):
            return
        parts = path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 1:
            self._send(200, self._root(index), "text/html")
        elif parts[0] == "simple" and len(parts) == 2:
            self._project(index, parts[1])
        elif parts[0] == "files" and len(parts) == 3:
            self._file(index, parts[1], parts[2])
        else:
            self._send(404, b"not here", "text/plain")

    def _root(self, index: TestIndex) -> bytes:
        return "".join(f'<a href="{name}/">{name}</a>\n' for name in sorted(index.projects)).encode()

    def _project(self, index: TestIndex, name: str) -> None:
        if not self.path.partition("?")[0].endswith("/"):
            self._send(301, b"", "text/plain", {"Location": f"/simple/{name}/"})
            return
        fault = index.faults.get(name)
        if fault is not None and self._misbehave(index, name, fault):
            return
        if name not in index.projects:
            self._send(404, b"unknown", "text/plain")
            return
        self._page(index, name)

    def _kind(self, index: TestIndex) -> str:
        accepted = self.headers.get("Accept", "*/*")
        wants_json = JSON_TYPE in accepted or ("json" not in accepted and "html" not in accepted and index.kinds == ("json",))
        return "json" if "json" in index.kinds and wants_json else "html"

    def _page(self, index: TestIndex, name: str) -> None:
        kind = self._kind(index)
        if kind not in index.kinds:
            self._send(406, b"only JSON here", "text/plain")
            return
        body = index.page(name, kind)
        headers = {"Vary": "Accept"}
        if index.cache_control is not None:
            headers["Cache-Control"] = index.cache_control
        if index.etags:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == headers["ETag"]:
                self._send(304, b"", None, headers)
                return
        self._send(200, body, JSON_TYPE if kind == "json" else "text/html; charset=utf-8", headers)

    def _file(self, index: TestIndex, name: str, filename: str) -> None:
        files = index.files.get(name, {})
        file = files.get(filename.removesuffix(".metadata"))
        data = None if file is None else file.core if filename.endswith(".metadata") else file.data
        if data is None:
            self._send(404, b"no such file", "text/plain")
        elif index.ranges and (asked := self.headers.get("Range", "")).startswith("bytes="):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last or len(data) - 1), len(data) - 1)
            self._send(206, data[start : end + 1], None, {"Content-Range": f"bytes {start}-{end}/{len(data)}"})
        else:
            self._send(200, data, "application/octet-stream")

    def _admitted(self, login: NeedsLogin) -> bool:
        expected = "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        if self.headers.get("Authorization") == expected:
            return True
        self._send(401, b"who are you?", "text/plain", {"WWW-Authenticate": 'Basic realm="index"'})
        return False

    def _send(self, status: int, body: bytes, content_type: str | None, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    # Each fault returns True when the request is dealt with, False when the page follows after all.

    def _misbehave(self, index: TestIndex, name: str, fault: Fault) -> bool:
        known = {
            Slow: self._slow,
            Drip: self._drip,
            Fails: self._fail,
            Truncated: self._truncate,
            CutJson: self._cut_json,
            RedirectLoop: self._loop,
            RedirectsTo: self._redirect,
            Says: self._say,
            Huge: self._flood,
            Closed: self._close,
        }
        if isinstance(fault, NeedsLogin):
            return not self._admitted(fault)
        answer: bool = known[type(fault)](index, name, fault)
        return answer

    def _slow(self, index: TestIndex, name: str, fault: Any) -> bool:
        self.close_connection = index.stopping.wait(fault.seconds)
        return self.close_connection

    def _drip(self, index: TestIndex, name: str, fault: Any) -> bool:
        self._start(JSON_TYPE, 10 * MEBIBYTE)
        while not index.stopping.is_set():
            self.wfile.write(b" ")
            time.sleep(fault.pause)
        return True

    def _fail(self, index: TestIndex, name: str, fault: Any) -> bool:
        with index.lock:
            seen = index.counts[f"/simple/{name}/"]
        if fault.times is not None and seen > fault.times:
            return False
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        self._send(fault.status, b"not now", "text/plain", headers)
        return True

    def _truncate(self, index: TestIndex, name: str, fault: Any) -> bool:
        body = index.page(name, self._kind(index))
        self._start(JSON_TYPE, len(body))
        self.wfile.write(body[: len(body) // 2])
        return True

    def _cut_json(self, index: TestIndex, name: str, fault: Any) -> bool:
        body = index.page(name, "json")
        self._send(200, body[: len(body) // 2], JSON_TYPE)
        return True

    def _loop(self, index: TestIndex, name: str, fault: Any) -> bool:
        self._send(302, b"", None, {"Location": self.path})
        return True

    def _redirect(self, index: TestIndex, name: str, fault: Any) -> bool:
        self._send(302, b"", None, {"Location": fault.url})
        return True

    def _say(self, index: TestIndex, name: str, fault: Any) -> bool:
        self._send(200, fault.body, fault.content_type)
        return True

    def _flood(self, index: TestIndex, name: str, fault: Any) -> bool:
        block = b" " * MEBIBYTE
        if fault.compressed:
            member = gzip.compress(block * 8)
            body = member * (fault.size // (8 * MEBIBYTE))
            self._send(200, body, JSON_TYPE, {"Content-Encoding": "gzip"})
            return True
        self._start(JSON_TYPE, fault.size)
        for _ in range(fault.size // MEBIBYTE):
            self.wfile.write(block)
        return True

    def _close(self, index: TestIndex, name: str, fault: Any) -> bool:
        self.close_connection = True
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True

    def _start(self, content_type: str, length: int) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        self.end_headers()
