"""The advisory database at its real size and at ten times that, and an audit with it beside pip-audit, in one run.

    python -m bench.advisories [--sizes 20000,200000] [--pins 500] [--repeat 5] [--pip-audit PATH]

Databases are made from the records of tests/data/advisories, repeated under new names and ids. pip-audit (left out where it
is not found) is given the same pins and asks a local server that holds the same records, so neither waits for a network.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from bench.measure import ENVIRONMENT, alternate

_PLAIN = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("PIP_")} | {"PIP_CONFIG_FILE": os.devnull}
"""Without the indexes of this machine's pip: they are not what is measured."""
SAMPLE = Path(__file__).parents[1] / "tests" / "data" / "advisories" / "sample.jsonl"
_LOOKUP = """
import json, sys, time
from pathlib import Path
def peak():
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else ()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))
pairs = [tuple(pair) for pair in json.loads(Path(sys.argv[2]).read_text())]
before = peak()
started = time.perf_counter()
from steadypin.advisories.store import open_store
with open_store(Path(sys.argv[1])) as store:
    matches, gaps = store.match(pairs)
seconds = time.perf_counter() - started
print(seconds, peak() - before, len(matches))
"""


def renamed(record: dict[str, Any], turn: int) -> dict[str, Any]:
    """The record about other packages."""
    mark = f"-{turn}" if turn else ""
    copy = json.loads(json.dumps(record))
    copy["id"] += mark
    copy["aliases"] = [alias + mark for alias in copy.get("aliases", [])]
    for entry in copy["affected"]:
        entry["package"]["name"] += mark
    return copy  # type: ignore[no-any-return]


def synthetic(size: int) -> Iterator[dict[str, Any]]:
    """That many records."""
    records = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return (renamed(records[number % len(records)], number // len(records)) for number in range(size))


def write_zip(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for record in synthetic(size):
            archive.writestr(record["id"] + ".json", json.dumps(record))


def pins(count: int) -> list[tuple[str, str]]:
    """Packages of the database, each at the highest plain version that a record lists."""
    found: dict[str, str] = {}
    for record in synthetic(20 * count):
        for entry in record["affected"]:
            plain = [version for version in entry.get("versions", []) if version.replace(".", "").isdigit()]
            if plain:
                found[entry["package"]["name"]] = plain[len(plain) // 2]
    return list(found.items())[:count]


class Service(BaseHTTPRequestHandler):
    """`/v1/query` of the OSV service, as far as pip-audit asks it."""

    by_name: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.by_name.get(query["package"]["name"].lower(), [])
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(size: int) -> ThreadingHTTPServer:
    for record in synthetic(size):
        for entry in record["affected"]:
            Service.by_name.setdefault(entry["package"]["name"].lower(), []).append(record)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, env=_PLAIN, check=False).stdout


def measure_database(root: Path, size: int, asked: Path, repeat: int) -> None:
    archive, cache = root / f"{size}.zip", root / f"cache{size}"
    write_zip(archive, size)
    script = str(Path(sys.executable).with_name("steadypin"))
    started = time.perf_counter()
    run(script, "db", "update", "--from", str(archive), "--cache-dir", str(cache))
    update = time.perf_counter() - started
    rows = [run(sys.executable, "-c", _LOOKUP, str(cache), str(asked)).split() for _ in range(repeat)]
    seconds = statistics.median(float(row[0]) for row in rows)
    memory = statistics.median(float(row[1]) for row in rows)
    found = f"lookup {1000 * seconds:6.1f} ms   +{memory:4.1f} MiB   {rows[0][2]} matches"
    print(f"{size:>7} records: update {update:6.2f} s   {found}")


def measure_audit(root: Path, size: int, chosen: list[tuple[str, str]], repeat: int, rival: str | None) -> None:
    project = root / "project"
    project.mkdir()
    lock = project / "requirements.txt"
    lock.write_text("".join(f"{name}=={version}\n" for name, version in chosen), encoding="utf-8")
    script = str(Path(sys.executable).with_name("steadypin"))
    common = (script, "audit", str(project), "--no-env", "--lock", str(lock), "--offline", "--format", "json", "--cache-dir")
    tasks: dict[str, Callable[[], object]] = {
        "steadypin without a database": lambda: run(*common, str(root / "empty")),
        "steadypin with its database": lambda: run(*common, str(root / f"cache{size}")),
    }
    if rival:
        server = serve(size)
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        options = ("-r", str(lock), "--no-deps", "--disable-pip", "-s", "osv", "--osv-url", url, "--progress-spinner", "off")
        tasks["pip-audit"] = lambda: run(rival, *options, "-f", "json", "--cache-dir", str(root / "pip-audit"))
    medians = alternate(tasks, repeat)
    for name, seconds in medians.items():
        print(f"{name:<30} {1000 * seconds:8.0f} ms   x{seconds / medians['steadypin with its database']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="20000,200000")
    parser.add_argument("--pins", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--pip-audit", default=shutil.which("pip-audit"))
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        chosen = pins(options.pins)
        asked = root / "pairs.json"
        asked.write_text(json.dumps(chosen), encoding="utf-8")
        for size in sizes:
            measure_database(root, size, asked, options.repeat)
        measure_audit(root, sizes[0], chosen, options.repeat, options.pip_audit)


if __name__ == "__main__":
    main()
