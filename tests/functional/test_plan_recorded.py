"""The plan of a real project of more than 300 packages, on recorded facts and answers: the same everywhere and always."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import random
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from steadypin import codec
from steadypin.comparison import compare
from steadypin.model.facts import Facts
from steadypin.model.plan import Plan
from steadypin.pipeline.facts import FACTS
from steadypin.planning.bounds import higher
from steadypin.planning.goal import Goal
from steadypin.planning.plan import make_plan
from steadypin.reporters.plan_json import KIND
from steadypin.reporters.plans import PLAN_REPORTERS
from steadypin.reporters.reporter import Presentation
from steadypin.resolution import recorded

FOLDER = Path(__file__).parents[1] / "data" / "plans"
NAMES = sorted(path.name.removesuffix(".json.xz") for path in FOLDER.glob("*.json.xz"))
AGAIN = "import sys; from tests.functional.test_plan_recorded import digest_of; print(digest_of(sys.argv[1]))"


@lru_cache(maxsize=4)
def kept(name: str) -> tuple[Facts, recorded.Recorded]:
    """The facts and the resolver of a recording."""
    document = json.loads(lzma.decompress((FOLDER / f"{name}.json.xz").read_bytes()))
    facts = codec.decode(json.dumps(document["facts"]), Facts, kind=FACTS, path=name)
    return facts, recorded.load(json.dumps(document["answers"]), path=name)


@lru_cache(maxsize=4)
def planned(name: str) -> Plan:
    facts, resolver = kept(name)
    return make_plan(facts, compare(facts), resolver, Goal())


def digest_of(name: str) -> str:
    """Of everything that is in the plan."""
    return hashlib.sha256(codec.encode(planned(name), kind=KIND).encode()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_the_recorded_one(name: str) -> None:
    plan = planned(name)
    assert len(plan.stages[-1].lock) > 300
    printed = PLAN_REPORTERS["terminal"].render(plan, Presentation(width=120))
    assert printed == (FOLDER / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_neither_hashing_nor_the_order_of_what_was_read_matters(name: str) -> None:
    """Answers and releases in another order, and another seed of Python's hashes."""
    facts, resolver = kept(name)
    rng = random.Random(7)
    shuffled = replace(facts, projects=tuple(rng.sample(facts.projects, len(facts.projects))))
    answers = resolver.recording.answers
    other = recorded.Recorded(recording=replace(resolver.recording, answers=tuple(rng.sample(answers, len(answers)))))
    plan, again = planned(name), make_plan(shuffled, compare(shuffled), other, Goal())
    assert (plan.stages, plan.holds, plan.couplings) == (again.stages, again.holds, again.couplings)
    root = Path(__file__).parents[2]
    variables = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, name], cwd=root, env=variables, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == digest_of(name), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_is_behind_moves_or_is_held(name: str) -> None:
    facts, _ = kept(name)
    plan = planned(name)
    last = {package.name: package.version for package in plan.stages[-1].lock}
    held = {hold.name for hold in plan.holds}
    for package in compare(facts).packages:
        if package.name in last and package.latest and higher(package.latest.version, last[package.name]):
            assert package.name in held
    assert all(hold.because for hold in plan.holds)
    assert plan.stats.resolver_runs <= 4 + len(plan.stages) + len(held).bit_length()
