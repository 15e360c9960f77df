"""From facts to a report: compare, check, judge. Pure once the facts are there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin import __version__, checks
from steadypin.checks.judgement import judge
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.model.facts import Facts
from steadypin.model.report import Report
from steadypin.model.rule import Rule

if TYPE_CHECKING:
    from steadypin.model.baseline import Baseline


def report(facts: Facts, settings: Settings, *, command: str, baseline: Baseline | None = None) -> Report:
    """What an audit says of these facts under these settings, beyond what the baseline knows."""
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    comparison = compare(facts, settings.policy, selection)
    case = Case(facts=facts, comparison=comparison, policy=settings.policy)
    unasked = checks.unasked(facts)
    judged = judge(
        checks.findings(case),
        settings.policy,
        facts.taken_at[:10],
        baseline=baseline,
        unasked=unasked,
    )
    return Report(
        command=command,
        version=__version__,
        target=facts.target,
        taken_at=facts.taken_at,
        packages=case.packages,
        findings=judged.findings,
        suppressed=judged.suppressed,
        gaps=tuple(sorted(set(facts.gaps))),
        fail_on=settings.policy.fail_on,
        environment=facts.environment.path if facts.environment else None,
        files=tuple(file.path for file in facts.files),
        lookups=facts.lookups,
        advisories_as_of=facts.advisories_as_of,
        withdrawn=facts.withdrawn if settings.show_withdrawn else None,
        notes=(*facts.notes, *checks.notes(case)),
        rules=checks.rules(),
        unasked=tuple(sorted(unasked)),
        folder=_folder(settings.root),
        project=_project(facts),
    )


def _project(facts: Facts) -> str:
    """The name that the project gives itself, nearest to its root, else its folder's."""
    named = [(file.path.count("/"), file.project_name) for file in facts.files if file.project_name]
    return min(named)[1] if named else facts.root


def _folder(root: Path) -> str:
    """The project's folder, as paths of a repository are written; "" where it is here, or nowhere near."""
    try:
        inside = os.path.relpath(root if root.is_dir() else root.parent)
    except ValueError:  # another drive
        return ""
    return "" if inside == "." or inside.startswith("..") else Path(inside).as_posix()


def exit_code(result: Report, *, strict: bool) -> int:
    """1 with findings at or above the threshold, else 3 where gaps count, else 0."""
    if result.failing:
        return 1
    return 3 if strict and result.gaps else 0


def rules() -> tuple[Rule, ...]:
    """Every rule that there is, by id."""
    return checks.rules()
