"""Pictures and texts of the documentation, made anew from the samples: `make screenshots`.

Needs Chromium and a network; `steadypin db update` first, so that advisories are known.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.browser import browser, program
from tests.support.command import PROGRAM

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "sample_projects"
BEGIN, END = "<!-- begin: written by make screenshots -->", "<!-- end -->"
PICTURES = (
    # sample, file, width of the window, dark, from where, height
    ("parking_api", "report.png", 1280, False, "body", 1000),
    ("parking_api", "report-phone.png", 390, False, "body", 844),
    ("coupled_stack", "report-dark.png", 1280, True, "#ages", 1210),
)


def main() -> None:
    if program() is None:
        sys.exit("needs Chromium (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch).resolve()
        for sample in sorted({row[0] for row in PICTURES}):
            audit(sample, folder)
        shutil.copy(folder / "parking_api.txt", HERE / "audit.txt")
        into_readme((folder / "parking_api.txt").read_text("utf-8"))
        with browser(folder / "profile") as tab:
            for sample, name, width, dark, part, height in PICTURES:
                tab.look(width=width, dark=dark)
                tab.open((folder / f"{sample}.html").as_uri())
                tab.screenshot(HERE / name, at=part, height=height)


def audit(sample: str, scratch: Path) -> None:
    """Build the sample's environment and keep what people see of its audit: the terminal's text, and the page."""
    folder = scratch / sample
    shutil.copytree(SAMPLES / sample, folder, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    subprocess.run([sys.executable, str(SAMPLES / "build_environment.py"), str(folder)], check=True)
    page = scratch / f"{sample}.html"
    words = [str(PROGRAM), "audit", sample, "--python", f"{sample}/.venv", "-o", str(page)]
    variables = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(words, cwd=scratch, env=variables, capture_output=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    for path, text in ((page, page.read_text("utf-8")), (page.with_suffix(".txt"), done.stdout)):
        path.write_text(text.replace(f"{scratch}{os.sep}", ""), encoding="utf-8", newline="\n")


def into_readme(text: str) -> None:
    """The README shows the output as it was printed, up to the findings that fail no audit, and its last line."""
    readme = HERE.parents[1] / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    shown, _, _ = text.partition("\nLOW ")
    last = text.rstrip("\n").rpartition("\n")[2]
    block = f"{BEGIN}\n```\n{shown.rstrip()}\n\n…\n\n{last}\n```\n{END}"
    readme.write_text(before + block + after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
