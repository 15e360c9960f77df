"""Reading the installed ledger in-process, beside whole processes of `uv pip list` and `pip list`, in one run, alternating.

    python -m bench.installed [--sizes 30,150,500,2000] [--repeat 7] [--from SITE_PACKAGES]

The environments are made from the real METADATA files of a site-packages folder (default: of the Python that runs this),
repeated under new names until the size is reached. Prints medians in milliseconds, ratios, and the peak memory of a process
that reads.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

from bench.measure import alternate

_READ = """
import resource, sys
from pathlib import Path
from steadypin.sources.environments import find_environment, read_environment
found = find_environment(Path("."), python=sys.argv[1], environ={})
read = read_environment(found, cache_dir=Path(sys.argv[2]))
print(len(read.distributions), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def build(root: Path, size: int, source: Path) -> Path:
    """A venv with `size` distributions that have real metadata; returns it."""
    environment = root / f"env{size}"
    venv.create(environment, symlinks=True, with_pip=False)
    site = next(environment.glob("lib/python*/site-packages"))
    real = sorted(folder for folder in source.glob("*.dist-info") if (folder / "METADATA").is_file())
    for number in range(size):
        origin = real[number % len(real)]
        name = origin.name.split("-")[0]
        version = origin.name.removesuffix(".dist-info").partition("-")[2]
        renamed = name if number < len(real) else f"{name}_{number // len(real)}"
        target = site / f"{renamed}-{version}.dist-info"
        target.mkdir()
        metadata = (origin / "METADATA").read_bytes()
        first = next(line for line in metadata.split(b"\n") if line.startswith(b"Name:"))
        (target / "METADATA").write_bytes(metadata.replace(first, f"Name: {renamed}".encode(), 1))
        for extra in ("WHEEL", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            if (origin / extra).is_file():
                shutil.copy(origin / extra, target / extra)
    return environment


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="30,150,500,2000")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--from", dest="source", type=Path, default=Path(sysconfig.get_path("purelib")))
    options = parser.parse_args()
    from steadypin.sources.environments import find_environment, read_environment

    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    print(f"{'size':>5} {'in-process':>11} {'uv pip list':>12} {'ratio':>6} {'pip list':>9} {'µs each':>8} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "cache")
        for size in map(int, options.sizes.split(",")):
            environment = build(Path(folder), size, options.source)
            found = find_environment(Path(folder), python=str(environment), environ={})
            python = str(environment / "bin" / "python")
            tasks: dict[str, Callable[[], object]] = {
                "in-process": lambda found=found: read_environment(found, cache_dir=cache),
                "uv": lambda python=python: run(uv, "pip", "list", "--python", python),
                "pip": lambda python=python: run(sys.executable, "-m", "pip", "--python", python, "list"),
            }
            if size > 500:
                del tasks["pip"]
            times = alternate(tasks, options.repeat)
            count, peak = run(sys.executable, "-c", _READ, str(environment), str(cache)).split()
            assert int(count) == size, (count, size)
            pip = f"{1000 * times['pip']:9.1f}" if "pip" in times else " " * 9
            ours, theirs = times["in-process"], times["uv"]
            print(
                f"{size:>5} {1000 * ours:>11.1f} {1000 * theirs:>12.1f} {ours / theirs:>6.2f}"
                f" {pip} {1e6 * ours / size:>8.1f} {float(peak):>9.1f}"
            )


if __name__ == "__main__":
    main()
