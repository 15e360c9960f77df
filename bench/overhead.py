"""What an upgrade costs beside installing and testing, in an environment of about 150 real distributions.

    python -m bench.overhead [--turns 5]        needs the index once, to fill uv's cache

* From start to the first test, beyond what making the same environment costs uv (bar: 5 s). The plan
  is made before, as in CI; without one, planning comes on top.
* Between two runs: the tree put back and one package moved, there and back (bar: 0.5 s).
* Own processor time of one trial (bar: 5 % of one of 60 s).
"""

from __future__ import annotations

import argparse
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
SUITE = "import pathlib, time\npathlib.Path(r'{mark}').write_text(str(time.time()))\n"


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
    return time.perf_counter() - started


def first_test(project: Path, mark: Path, plan: Path, cache: Path) -> float:
    """Seconds from the start of the command to the first line of the suite."""
    mark.unlink(missing_ok=True)
    words = ["upgrade", str(project), "--no-env", "--plan", str(plan), "--max-runs", "1", "--forget", "-q"]
    started = time.time()
    subprocess.run([STEADYPIN, *words, "--cache-dir", str(cache)], env=ENVIRONMENT, capture_output=True, check=False)
    return float(mark.read_text()) - started


def start(root: Path, pins: dict[str, str], turns: int) -> None:
    project, mark, plan, cache = root / "project", root / "mark", root / "plan.json", root / "cache"
    project.mkdir()
    requirements = project / "requirements.txt"
    requirements.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    (project / "suite.py").write_text(SUITE.format(mark=mark))
    (project / "steadypin.toml").write_text('test = "python suite.py"\n')
    asked = ["plan", str(project), "--no-env", "--only", ONE[0], "-o", str(plan), "--cache-dir", str(cache), "-q"]
    subprocess.run([STEADYPIN, *asked], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    rows = [(alone(root / f"alone{turn}", requirements), first_test(project, mark, plan, cache)) for turn in range(turns + 1)][
        1:
    ]
    install, ours = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"start to first test: {ours:.2f} s, the install alone {install:.2f} s, beyond it {ours - install:.2f} s")


def moves(root: Path, pins: dict[str, str], turns: int) -> None:
    project = root / "project"
    found = find_uv()
    assert found is not None
    lab = Lab.open(project, root / "lab", base=sys.executable, installer=Uv(command=found.command))
    one, other = (Pins(versions=tuple(sorted((pins | dict([pin])).items()))) for pin in (ONE, OTHER))
    lab.prepare(one)
    place = Place(folder=lab.copy.folder, scripts=lab.environment.scripts, scratch=lab.folder, root=project)
    prepared, spent = [], []
    for turn in range(2 * turns):
        cpu, started = time.process_time(), time.perf_counter()
        lab.prepare((other, one)[turn % 2])
        prepared.append(time.perf_counter() - started)
        run_tests("python suite.py", place, timeout=60, log=root / "log")
        spent.append(time.process_time() - cpu)
    lab.close()
    print(f"between two runs, one of {len(pins)} distributions moves: {statistics.median(prepared):.2f} s")
    own = statistics.median(spent)
    print(f"own processor time of a trial: {own:.2f} s, {own / 60:.1%} of one of 60 s")


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
