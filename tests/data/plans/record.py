"""Record what a plan of a real project rests on: its facts, and every answer of the resolver.

Usage: python tests/data/plans/record.py FOLDER NAME --target python=3.13     (needs uv and PyPI)

Writes NAME.json.xz (facts and answers) and NAME.txt (the plan as it is printed) beside this file. What a plan does not look at is
left out, and addresses of indexes are replaced.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from steadypin.comparison import compare
from steadypin.config import Settings
from steadypin.model import parse
from steadypin.model.facts import Facts
from steadypin.model.released import Project
from steadypin.pipeline import facts as reading
from steadypin.planning.goal import Goal
from steadypin.planning.plan import make_plan
from steadypin.reporters.plans import PLAN_REPORTERS
from steadypin.reporters.reporter import Presentation
from steadypin.resolution import recorded
from steadypin.resolution.choose import Circumstances, choose

HERE = Path(__file__).parent
HOSTS = re.compile(r"(?<=https://)(?:pypi|files\.pythonhosted)\.org")
OLDER = 3
"""So many releases below today's are kept of each project."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--target", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(root=options.folder, target=options.target, cache_dir=Path(scratch))
        facts = slim(reading.gather(settings, reading.Request(no_environment=True, ledgers=frozenset({"index"}))))
        recorder = recorded.Recorder(solver=choose("uv", Circumstances(cache_dir=Path(scratch))))
        plan = make_plan(facts, compare(facts), recorder, Goal())
    kept = {"facts": json.loads(reading.saved(facts)), "answers": json.loads(recorded.save(without_words(recorder.recording)))}
    text = HOSTS.sub("index.example", json.dumps(kept, separators=(",", ":"), sort_keys=True))
    (HERE / f"{options.name}.json.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    (HERE / f"{options.name}.txt").write_text(
        PLAN_REPORTERS["terminal"].render(plan, Presentation(width=120)), encoding="utf-8"
    )


def slim(facts: Facts) -> Facts:
    """The facts without what says where and how they were read, and without releases and files that no plan looks at."""
    standing = {package.name: package.version for package in facts.locked}
    target = replace(facts.target, tags=tuple(tag for tag in facts.target.tags if "2_17" in tag or "-any" in tag))
    projects = tuple(_slim(project, standing.get(project.name)) for project in facts.projects)
    return replace(facts, target=target, projects=projects, gaps=(), notes=(), root="project")


def _slim(project: Project, standing: str | None) -> Project:
    here = parse.version(standing or "")
    below = [i for i, r in enumerate(project.releases) if here and (parse.version(r.version) or here) < here]
    releases = project.releases[max(0, len(below) - OLDER) :] if below else project.releases[-OLDER:]
    return replace(project, releases=tuple(release._replace(wheels=release.wheels[:1]) for release in releases))


def without_words(recording: recorded.Recording) -> recorded.Recording:
    """The answers without the resolver's prose."""
    answers = tuple(
        (asked, replace(answer, output="", conflicts=tuple(replace(row, text="") for row in answer.conflicts)))
        for asked, answer in recording.answers
    )
    return replace(recording, answers=answers)


if __name__ == "__main__":
    main()
