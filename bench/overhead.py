"""What an upgrade costs beside installing and testing, in an environment of about 150 real distributions.

    python -m bench.overhead [--turns 5]        needs the index once, to fill uv's cache

* From start to the first test, beyond what making the same environment costs uv (bar: 5 s). Who of the two goes first changes
  from turn to turn, and what one has written is on the disk before the other starts. The plan is made before, as in CI;
  without one, planning comes on top.
* Between two runs: the tree put back and one package moved, there and back, after a suite that has imported it (bar: 0.5 s).
* Own processor time of one trial (bar: 5 % of one of 60 s): all that the program itself has used from its start to its end,
  reading the project and searching for a culprit included, by the number of runs.
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
import time
from pathlib import Path

from bench.audit import STEADYPIN, UV, real_environment, site_of
from bench.measure import ENVIRONMENT
from steadypin.resolution.uv import find_uv
from steadypin.trials.runner.run import Place, run_tests
from steadypin.trials.sandbox.installers import Uv
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.pins import Pins

ONE, OTHER = ("idna", "3.6"), ("idna", "3.7")
MOVING = ("idna", "certifi", "click", "attrs", "packaging", "urllib3")
SUITE = """import time
now = time.time()
import importlib.metadata, pathlib, sys
import attr, certifi, click, idna, packaging.version, urllib3
mark = pathlib.Path(r"{mark}")
if not mark.exists():
    mark.write_text(str(now))
sys.exit(importlib.metadata.version("click") > "8.1.8")
"""
MEASURED = """import atexit, pathlib, time
atexit.register(lambda: pathlib.Path(r"{spent}").write_text(str(time.process_time())))
from steadypin.cli.entry import main
main()
"""


def pins_of(environment: Path) -> dict[str, str]:
    stems = (info.name.removesuffix(".dist-info").partition("-") for info in site_of(environment).glob("*.dist-info"))
    found = {name.replace("_", "-").lower(): version for name, _, version in stems}
    return {name: version for name, version in found.items() if name not in ("pip", "setuptools", "wheel")} | dict([ONE])


def alone(folder: Path, requirements: Path) -> float:
    """Seconds that uv needs for the environment."""
    started = time.perf_counter()
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    words = ["pip", "install", "-q", "--no-deps", "--link-mode", "copy", "--python", str(folder), "-r", str(requirements)]
    subprocess.run([UV, *words], check=True)
    took = time.perf_counter() - started
    shutil.rmtree(folder)
    os.sync()
    return took


def first_test(words: list[str], mark: Path) -> float:
    """Seconds from the start of the command to the first line of the suite."""
    mark.unlink(missing_ok=True)
    started = time.time()
    subprocess.run([STEADYPIN, *words, "--max-runs", "1"], env=ENVIRONMENT, capture_output=True, check=False)
    took = float(mark.read_text()) - started
    os.sync()
    return took


def whole(words: list[str], spent: Path) -> None:
    """The processor time of a whole upgrade that looks for a culprit, by its runs."""
    result = spent.with_suffix(".json")
    program = [sys.executable, "-c", MEASURED.format(spent=spent), *words, "--format", "json", "-o", str(result)]
    subprocess.run(program, env=ENVIRONMENT, capture_output=True, check=False)
    runs = sum(
        json.loads(result.read_text())["runs"][name] for name in ("baseline", "search", "versions", "confirm", "repeated")
    )
    own = float(spent.read_text())
    print(f"own processor time of {runs} runs: {own:.2f} s, {own / runs:.2f} s each, {own / runs / 60:.1%} of one of 60 s")


def start(root: Path, pins: dict[str, str], turns: int) -> None:
    project, mark, plan = root / "project", root / "mark", root / "plan.json"
    project.mkdir()
    requirements = project / "requirements.txt"
    requirements.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    (project / "suite.py").write_text(SUITE.format(mark=mark))
    (project / "steadypin.toml").write_text('test = "python suite.py"\n')
    common = ["--no-env", "--cache-dir", str(root / "cache"), "-q"]
    only = [word for name in MOVING for word in ("--only", name)]
    subprocess.run(
        [STEADYPIN, "plan", str(project), *only, "-o", str(plan), *common],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    words = ["upgrade", str(project), "--plan", str(plan), "--forget", *common]
    installs: list[float] = []
    ours: list[float] = []
    for turn in range(turns + 1):
        if turn % 2:
            installs.append(alone(root / "alone", requirements))
        ours.append(first_test(words, mark))
        if turn % 2 == 0:
            installs.append(alone(root / "alone", requirements))
    rows = [statistics.median(column[1:]) for column in (installs, ours)]
    print(f"start to first test: {rows[1]:.2f} s, the install alone {rows[0]:.2f} s, beyond it {rows[1] - rows[0]:.2f} s")
    whole([*words, "--all-at-once"], root / "spent")


def moves(root: Path, pins: dict[str, str], turns: int) -> None:
    project = root / "project"
    found = find_uv()
    assert found is not None
    lab = Lab.open(project, root / "lab", base=sys.executable, installer=Uv(command=found.command))
    one, other = (Pins(versions=tuple(sorted((pins | dict([pin])).items()))) for pin in (ONE, OTHER))
    lab.prepare(one)
    place = Place(folder=lab.copy.folder, scripts=lab.environment.scripts, scratch=lab.folder, root=project)
    prepared = []
    for turn in range(2 * turns):
        run_tests("python suite.py", place, timeout=60, log=root / "log")
        started = time.perf_counter()
        lab.prepare((other, one)[turn % 2])
        prepared.append(time.perf_counter() - started)
    lab.close()
    print(f"between two runs, one of {len(pins)} distributions moves: {statistics.median(prepared):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pins = pins_of(real_environment(root))
        start(root, pins, asked.turns)
        moves(root, pins, asked.turns)


if __name__ == "__main__":
    main()
