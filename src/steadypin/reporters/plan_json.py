"""A plan as JSON: the names that scripts rely on, and the whole plan again so that `upgrade` can carry it out.

A plan file is taken back only if it says the same in both places: what a reviewer read is what will be done.
"""

from __future__ import annotations

import json
from typing import Any

from steadypin import codec
from steadypin.errors import StaleInput
from steadypin.model.plan import Change, Hold, Plan, PlanStats, Stage
from steadypin.reporters.quotes import document
from steadypin.reporters.reporter import Presentation
from steadypin.values import replace

KIND = "plan"


def render(plan: Plan, presentation: Presentation) -> str:
    """One document; the presentation changes nothing."""
    del presentation
    return codec.dump_document(plan_document(plan))


def plan_digest(plan: Plan) -> str:
    """64 hex digits over everything but what planning cost."""
    return codec.digest(replace(plan, stats=PlanStats()))


def plan_document(plan: Plan) -> dict[str, Any]:
    """`steadypin plan --format json`."""
    return {
        "schema_version": codec.SCHEMA_VERSION,
        "kind": KIND,
        "facts_digest": plan.facts_digest,
        "plan_digest": plan_digest(plan),
        "target": plan.target,
        "resolver": plan.resolver,
        "stages": [_stage(stage) for stage in plan.stages],
        "holds": [_hold(hold) for hold in plan.holds],
        "edits": [{"name": e.name, "place": e.place, "before": e.before, "after": e.after} for e in plan.edits],
        "couplings": [{"members": list(c.members), "because": list(c.because)} for c in plan.couplings],
        "stats": {"resolver_runs": plan.stats.resolver_runs, "seconds": plan.stats.seconds},
        "gaps": [{"subject": g.subject, "stage": g.stage, "reason": g.reason, "detail": g.detail} for g in plan.gaps],
        "value": codec.to_plain(plan),
    }


def load_plan(text: str, *, path: str) -> Plan:
    """The plan of a file. Raises StaleInput where it was edited, cut off, or written by another schema."""
    plan = codec.decode(text, Plan, kind=KIND, path=path)
    written = json.loads(text)
    if written != json.loads(codec.dumps(plan_document(plan))):
        raise StaleInput(
            f"{path}: the plan was edited after it was written",
            hint="plan again; to leave packages out use --only, --exclude or --to NAME=LEVEL",
        )
    return plan


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "number": stage.number,
        "title": stage.title,
        "risk": stage.risk,
        "changes": [_change(change) for change in stage.changes],
        "lock_digest": stage.lock_digest,
        "packages": {package.name: package.version for package in stage.lock},
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "kind": change.kind,
        "direct": change.direct,
        "coupled_with": list(change.coupled_with),
        "why": change.why,
        "cures": list(change.cures),
        "flaws": list(change.flaws),
        "links": [{"label": label, "url": url} for label, url in change.links],
        "changelog": [document(quote) for quote in change.quotes],
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "name": hold.name,
        "at": hold.at,
        "latest": hold.latest,
        "flaws": list(hold.flaws),
        "because": [
            {"kind": r.kind, "by": r.by, "requirement": r.requirement, "until": r.until, "release": r.release}
            for r in hold.because
        ],
    }
