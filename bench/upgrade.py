"""Runs and wall time of an upgrade beside linear doctoring (each pin raised alone, on top of what passed), on the samples.

    python -m bench.upgrade [SAMPLE ...]      needs the index; prints one row a sample, and what moving an environment costs

The doctor is simulated with our own trials: the same environments, the same test command, one run for the baseline, one for
everything and one for each pin. It is what most tools do; none of them tests what it writes in the end.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import monotonic

from steadypin.cli.settings import settings_for
from steadypin.model.trial import Verdict
from steadypin.model.upgrade import UpgradeResult
from steadypin.pipeline import facts as reading
from steadypin.pipeline import planning
from steadypin.pipeline import upgrade as upgrading
from steadypin.pipeline.executing import opened
from steadypin.pipeline.preparing import Scene, UpgradeRequest, installer, interpreter, prepare
from steadypin.pipeline.trying import Trials
from steadypin.trials.results import differences
from steadypin.trials.sandbox.lab import Lab
from tests.support.samples import NAMES, copy


def main() -> int:
    print(f"{'sample':<16}{'tool':<12}{'runs':>6}{'seconds':>9}{'in tests':>10}  result")
    for name in sys.argv[1:] or [name for name in NAMES if name != "container_ready"]:
        with tempfile.TemporaryDirectory() as scratch:
            root = copy(name, Path(scratch))
            settings = settings_for(root, cache_dir=Path(scratch) / "cache")
            facts = planning.gather(settings, reading.Request(no_environment=True))
            request = UpgradeRequest(all_at_once=True, bisect=False)
            started = monotonic()
            result = upgrading.upgrade(facts, settings, request, tell=silent)
            row(
                name,
                "steadypin",
                result.runs.total,
                monotonic() - started,
                result.test_seconds,
                f"{len(result.kept)} kept, {'green' if result.confirmed else 'not confirmed'}; culprits: {named(result)}",
            )
            scene = prepare(facts, settings, request, None, silent)
            doctor(name, scene, Path(scratch))
    return 0


def named(result: UpgradeResult) -> str:
    return ", ".join("+".join(culprit.changes) for culprit in result.culprits) or "none"


def silent(what: str, /, *, passing: bool = False) -> None:
    """Nobody reads along."""


def row(name: str, tool: str, runs: int, seconds: float, tests: float, words: str) -> None:
    print(f"{name:<16}{tool:<12}{runs:>6}{seconds:>9.1f}{tests:>10.1f}  {words}", flush=True)


def doctor(name: str, scene: Scene, scratch: Path) -> None:
    """Baseline, everything, then pin by pin."""
    started = monotonic()
    lab = Lab.open(scene.settings.root, scratch / "doctor", base=interpreter(scene), installer=installer(scene))
    with opened(scene, lab, scratch / "doctored", silent) as trials:
        _doctor(name, scene, trials, started)
    lab.close()


def _doctor(name: str, scene: Scene, trials: Trials, started: float) -> None:
    final = {package.name: package.version for package in scene.plan.stages[-1].lock}
    now = dict(scene.today)
    trials.judge(scene.mover.pins(now), "baseline")
    if trials.judge(scene.mover.pins(final), "search").verdict is Verdict.PASSED:
        now = final
    kept = now is final
    for pin in () if kept else [n for n in differences(now, final) if n in now and n in final]:
        moved = scene.mover.lock(now, final, {pin: final[pin]})
        if moved is not None and trials.run(scene.mover.pins(moved), "search").outcome == "passed":
            now = moved
    runs, seconds, tests = trials.run_counts().total, monotonic() - started, trials.test_seconds
    left = "green" if trials.judge(scene.mover.pins(now), "confirm").verdict is Verdict.PASSED else "RED"
    row(name, "one by one", runs, seconds, tests, f"{len(differences(scene.today, now))} kept, {left} when it is asked")
    overhead(name, scene, trials)


def overhead(name: str, scene: Scene, trials: Trials) -> None:
    """What lies between two runs: putting the tree back, and moving the environment by one package there and back."""
    final = {package.name: package.version for package in scene.plan.stages[-1].lock}
    one = next((n for n in differences(scene.today, final) if n in scene.today and n in final), None)
    if one is None:
        return
    pins, moved = scene.mover.pins(scene.today), scene.mover.pins({**scene.today, one: final[one]})
    trials.lab.prepare(pins)
    started = monotonic()
    for _ in range(3):
        trials.lab.prepare(moved)
        trials.lab.prepare(pins)
    print(
        f"{name:<16}{(monotonic() - started) / 6:.2f} s between two runs ({len(pins.versions)} distributions, {one} moves)",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
