"""Asking the index, beside whole processes of `uv pip list --outdated` and `pip list --outdated`, in one run, alternating.

    python -m bench.index [--size 150] [--repeat 7] [--without-pip]

The peers look at a folder with distributions of `index_names.txt` at version 0.0.1. Ours is a whole process too: start, ask
with `--refresh` (everything is asked again), end; "first" has an empty cache. Then what a warm cache costs in one process, for
30 to 2,000 names (real pages, repeated under new names). Prints medians in seconds or milliseconds, ratios and peak memory.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.measure import alternate

_ASK = """
import sys
from pathlib import Path
from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.transport.cache import Cache
names = Path(sys.argv[1]).read_text().split()
with IndexClient(route(), cache=Cache(Path(sys.argv[2])), refresh=sys.argv[3] == "refresh") as client:
    answers = client.ask(names)
import resource
print(len(answers.projects), answers.requests, len(answers.gaps), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def build(root: Path, names: list[str]) -> Path:
    """A venv whose distributions are all outdated; returns its site-packages."""
    environment = root / "env"
    venv.create(environment, symlinks=True, with_pip=False)
    site = next(environment.glob("lib/python*/site-packages"))
    for name in names:
        folder = site / f"{name.replace('-', '_')}-0.0.1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
        (folder / "RECORD").touch()
    return site


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def against_peers(root: Path, names: list[str], repeat: int, with_pip: bool) -> None:
    """Print whole processes side by side."""
    site = build(root, names)
    listed = root / "names.txt"
    listed.write_text("\n".join(names))

    def ours(cache: str, how: str) -> str:
        return run(sys.executable, "-c", _ASK, str(listed), str(root / cache), how)

    def first() -> str:
        shutil.rmtree(root / "empty", ignore_errors=True)
        return ours("empty", "refresh")

    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    python = str(site.parents[2] / "bin" / "python")
    tasks: dict[str, Callable[[], object]] = {
        "steadypin, first": first,
        "steadypin, refresh": lambda: ours("warm", "refresh"),
        "steadypin, fresh cache": lambda: ours("warm", "cached"),
        "uv … --outdated --no-cache": lambda: run(uv, "pip", "list", "--outdated", "--no-cache", "--python", python),
    }
    if with_pip:
        tasks["pip list --outdated"] = lambda: run(
            sys.executable, "-m", "pip", "--disable-pip-version-check", "list", "--outdated", "--path", str(site)
        )
    ours("warm", "refresh")
    print(f"{len(names)} packages, medians of {repeat}:")
    medians = alternate(tasks, repeat)
    for name, seconds in medians.items():
        print(f"  {name:26} {seconds:7.3f} s   {seconds / medians['steadypin, refresh']:6.2f} × refresh")
    for label, cache, how in (("refresh", "warm", "refresh"), ("fresh cache", "warm", "cached")):
        known, requests, gaps, memory = ours(cache, how).split()
        print(f"  {label}: {known} known, {requests} requests, {gaps} gaps, {memory} MiB at most")


def warm(root: Path, names: list[str], repeat: int) -> None:
    """Print what a warm cache costs by the number of names."""
    from steadypin.index.client import IndexClient
    from steadypin.index.condensed import encode
    from steadypin.index.places import BUCKET
    from steadypin.index.routing import route
    from steadypin.transport.cache import Cache, Entry

    cache = Cache(root / "many")
    routing = replace(route(), find_links=())
    routing = replace(routing, indexes=routing.indexes[:1])
    with IndexClient(routing, cache=Cache(root / "warm"), offline=True) as client:
        known = client.ask(names).projects
    many = [f"{names[number % len(names)]}-n{number}" for number in range(2000)]
    for number, name in enumerate(many):
        body = encode(replace(known[number % len(known)], name=name))
        cache.write(BUCKET, f"{routing.indexes[0]}/{name}/", Entry(status=200, body=body, fetched=0, max_age=0))
    print("warm cache, in one process:")
    for size in (30, 150, 500, 2000):
        with IndexClient(routing, cache=cache, offline=True) as client:
            medians = alternate({"ask": lambda size=size, client=client: client.ask(many[:size])}, repeat)
        print(f"  {size:5} names {medians['ask'] * 1000:8.1f} ms   {medians['ask'] / size * 1e6:6.0f} µs each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--without-pip", action="store_true", help="leave the slowest peer out")
    options = parser.parse_args()
    names = Path(__file__).with_name("index_names.txt").read_text().split()[: options.size]
    with tempfile.TemporaryDirectory() as folder:
        against_peers(Path(folder), names, options.repeat, not options.without_pip)
        warm(Path(folder), names, options.repeat)


if __name__ == "__main__":
    main()
