"""A web site that has everything an advisory is asked for: a zip with or without ranges, an OSV service, an index's JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Site:
    """One file with or without ranges and validators, an OSV service, and the index's JSON."""

    def __init__(self) -> None:
        self.base = ""
        self.file = b""
        self.etag = '"one"'
        self.ranges = True
        self.cut_after: int | None = None
        self.asked: list[str] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.page = 100
        self.fail: set[str] = set()
        self.answers: dict[str, bytes] = {}

    def ids(self, query: dict[str, Any]) -> dict[str, Any]:
        name = query["package"]["name"]
        found = [r for r in self.records.values() if any(a["package"]["name"] == name for a in r["affected"])]
        start = int(query.get("page_token", 0))
        rows = [{"id": r["id"], "modified": r["modified"]} for r in found[start : start + self.page]]
        more = {"next_page_token": str(start + self.page)} if start + self.page < len(found) else {}
        return {"vulns": rows, **more} if rows else {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    @property
    def site(self) -> Site:
        return self.server.site  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(f"{self.path} {self.headers.get('Range', '')}".strip())
        if any(word in self.path for word in site.fail):
            self.reply(503, b"")
        elif self.path in site.answers:
            self.reply(200, site.answers[self.path])
        elif self.path.startswith("/v1/vulns/"):
            known = site.records.get(self.path.rpartition("/")[2])
            self.reply(200 if known else 404, json.dumps(known).encode())
        elif self.path == "/all.zip":
            self.send_file()
        else:
            self.reply(404, b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.site.asked.append(f"POST {self.path} {len(body['queries'])}")
        if "querybatch" in self.site.fail:
            self.reply(503, b"")
        elif "POST" in self.site.answers:
            self.reply(200, self.site.answers["POST"])
        else:
            self.reply(200, json.dumps({"results": [self.site.ids(query) for query in body["queries"]]}).encode())

    def send_file(self) -> None:
        site, whole = self.site, self.site.file
        headers = {"ETag": site.etag} if site.etag else {}
        if site.etag and self.headers.get("If-None-Match") == site.etag:
            self.reply(304, b"", headers)
            return
        asked = self.headers.get("Range")
        if not site.ranges or asked is None or self.headers.get("If-Range", site.etag) != site.etag:
            self.reply(200, whole, headers)
            return
        start, end = (int(number) for number in asked.removeprefix("bytes=").split("-"))
        if start >= len(whole):
            self.reply(416, b"")
            return
        if site.cut_after is not None and start >= site.cut_after:
            self.close_connection = True
            return
        part = whole[start : end + 1]
        self.reply(206, part, {**headers, "Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(whole)}"})

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Site]:
    """A site on this machine for the length of a `with`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.site = Site()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.site.base = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    try:
        yield server.site  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
