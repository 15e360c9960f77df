"""Checking installed files against RECORD, beside `sha256sum` over the same files, in one run, alternating.

    python -m bench.record [--repeat 7] [--from SITE_PACKAGES] [--files 40000]

The files are those of a site-packages folder (default: of the Python that runs this), copied until there are enough.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measure import alternate


def copies(source: Path, root: Path, wanted: int) -> list[Path]:
    """Site folders with together at least `wanted` files."""
    sites: list[Path] = []
    count = 0
    while count < wanted:
        site = root / f"lib{len(sites)}" / "site-packages"
        shutil.copytree(source, site, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        sites.append(site)
        count += sum(1 for path in site.rglob("*") if path.is_file())
    return sites


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--files", type=int, default=40_000)
    parser.add_argument("--from", dest="source", type=Path, default=Path(sysconfig.get_path("purelib")))
    options = parser.parse_args()
    from steadypin.sources.installed import read_listing
    from steadypin.sources.record import verify_files

    with tempfile.TemporaryDirectory() as folder:
        sites = copies(options.source, Path(folder), options.files)
        read = [(str(site), read_listing([str(site)]).distributions) for site in sites]

        def ours() -> int:
            return sum(verify_files(found, site_folders=[site], prefix=folder).files for site, found in read)

        command = f"find {folder} -type f -print0 | xargs -0 sha256sum > /dev/null"
        tasks: dict[str, Callable[[], object]] = {
            "ours": ours,
            "sha256sum": lambda: subprocess.run(command, shell=True, check=True),
        }
        times = alternate(tasks, options.repeat)
        ratio = times["ours"] / times["sha256sum"]
        print(f"{ours()} files: {times['ours']:.2f} s, sha256sum {times['sha256sum']:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
