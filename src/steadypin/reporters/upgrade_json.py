"""The result of an upgrade as JSON: the names that scripts and the checklist rely on."""

from __future__ import annotations

from typing import Any

from steadypin import codec
from steadypin.model.trial import Culprit
from steadypin.model.upgrade import Held, Move, UpgradeResult
from steadypin.reporters.quotes import document
from steadypin.reporters.reporter import Presentation


def render(result: UpgradeResult, presentation: Presentation) -> str:
    """One document; the presentation changes nothing."""
    del presentation
    return codec.dump_document(result_document(result))


def result_document(result: UpgradeResult) -> dict[str, Any]:
    """`steadypin upgrade --format json`."""
    runs, baseline = result.runs, result.baseline
    return {
        "schema_version": codec.SCHEMA_VERSION,
        "kind": "upgrade",
        "plan_digest": result.plan_digest,
        "command": result.command,
        "python": result.python,
        "baseline": {
            "verdict": baseline.verdict.value,
            "outcome": baseline.outcome,
            "tests": baseline.tests,
            "seconds": baseline.seconds,
            "failed": list(baseline.failed),
            "error": baseline.error,
            "log": baseline.log,
        },
        "stages": [
            {
                "number": stage.number,
                "title": stage.title,
                "verdict": stage.verdict.value,
                "runs": stage.runs,
                "changes": list(stage.changes),
                "lock_digest": stage.lock_digest,
            }
            for stage in result.stages
        ],
        "kept": [_move(move) for move in result.kept],
        "moved": [_move(move) for move in result.moved],
        "culprits": [_culprit(culprit) for culprit in result.culprits],
        "held": [_held(item) for item in result.held],
        "edits": [{"name": e.name, "place": e.place, "before": e.before, "after": e.after} for e in result.edits],
        "together": [list(names) for names in result.together],
        "confirmed": result.confirmed,
        "runs": {
            "total": runs.total,
            "baseline": runs.baseline,
            "search": runs.search,
            "versions": runs.versions,
            "confirm": runs.confirm,
            "repeated": runs.repeated,
            "remembered": runs.remembered,
            "cancelled": runs.cancelled,
            "lost": runs.lost,
        },
        "seconds": result.seconds,
        "test_seconds": result.test_seconds,
        "flaky": list(result.flaky),
        "lock": dict(result.lock),
        "written": list(result.written),
        "journal": result.journal,
        "stopped": result.stopped,
        "gaps": [{"subject": g.subject, "stage": g.stage, "reason": g.reason, "detail": g.detail} for g in result.gaps],
    }


def _move(move: Move) -> dict[str, Any]:
    return {"name": move.name, "before": move.before, "after": move.after}


def _culprit(culprit: Culprit) -> dict[str, Any]:
    return {
        "changes": list(culprit.changes),
        "kind": culprit.kind,
        "last_good": culprit.last_good,
        "first_bad": culprit.first_bad,
        "failing_tests": list(culprit.failing_tests),
        "error": culprit.error,
        "boundary": culprit.boundary,
        "changelog": [{"name": name, **document(quote)} for name, quote in culprit.quotes],
        "confidence": round(culprit.confidence, 4),
        "freed": culprit.freed,
    }


def _held(item: Held) -> dict[str, Any]:
    return {"name": item.name, "before": item.before, "at": item.at, "wanted": item.wanted, "because": item.because}
