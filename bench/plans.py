"""Put the plan of a project on this disk to the proof: nothing here is believed because steadypin says it.

Usage: python -m bench.plans FOLDER... [--target python=3.12]     (needs uv and an index; an interpreter of the target's minor)

For each: every stage is installed in a dry run into a clean environment; the last stage is compared with one compilation of
everything; every hold for a requirement or a Python is forced (refused outright, or + at the plan's end, where nothing may go
lower than the plan ends); no package is lost, and no stage undoes an earlier one. With `--stages` a uv.lock is asked for each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from steadypin.comparison import compare
from steadypin.config import Settings
from steadypin.locking.uv import UvLock
from steadypin.model.facts import Facts
from steadypin.pipeline import planning
from steadypin.pipeline.facts import Request
from tests.support.proofs import UV, Proof, versions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--target")
    parser.add_argument("--stages", action="store_true", help="ask uv.lock for every stage, too")
    options = parser.parse_args()
    print(f"{'project':<24} packages stages held refused+end/all  unlike at once  runs  seconds")
    return max(proved(folder, options.target, every=options.stages) for folder in options.folders)


def proved(folder: Path, target: str | None, *, every: bool) -> int:
    """Print a row and what is wrong; 1 if anything is."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(root=folder, target=target, cache_dir=Path(scratch) / "cache")
        facts = planning.gather(settings, Request(no_environment=True))
        started = time.monotonic()
        made = planning.plan(facts, settings, planning.PlanRequest())
        seconds = time.monotonic() - started
        proof = Proof(plan=made, root=folder.resolve(), scratch=Path(scratch))
        newest = {p.name: p.newest.version for p in compare(facts).packages if p.newest is not None}
        faults = [*proof.uninstallable(), *proof.undone(), *proof.lost(newest)]
        outcomes = proof.forced(outright=True)
        unlike = proof.unlike_everything_at_once()
        faults += [f"{name}: its newest release is possible" for name, outcome in outcomes.items() if outcome == "possible"]
        faults += list(unlocked(facts, proof)) if every else []
    counted = list(outcomes.values())
    forced = f"{counted.count('refused')}+{counted.count('refused at the end')}/{len(counted)}"
    counts = f"{len(proof.last):>8} {len(made.stages):>6} {len(made.holds):>4} {forced:>15} {len(unlike):>15}"
    print(f"{folder.name[:24]:<24} {counts} {made.stats.resolver_runs:>5} {seconds:>8.1f}", flush=True)
    for name, (once, last) in unlike.items():
        print(f"    at once {name} {once}, last stage {last}")
    for fault in faults:
        print(f"    WRONG {fault}")
    return 1 if faults else 0


def unlocked(facts: Facts, proof: Proof) -> list[str]:
    """Stages that uv would not write into the project's uv.lock."""
    faults = []
    for file in facts.files:
        if file.format == "uv" and file.role == "lock":
            minor = ".".join(proof.python.split(".")[:2])
            lock = UvLock(command=(UV,), folder=(proof.root / file.path).parent, target=facts.target, python=minor)
            base = dict(proof.plan.base)
            for stage in proof.plan.stages:
                refusal = lock.refusal({n: v for n, v in versions(stage).items() if base.get(n) != v})
                faults += [f"uv.lock, stage {stage.number}: {' '.join(refusal.split())[:300]}"] if refusal else []
    return faults


if __name__ == "__main__":
    sys.exit(main())
