"""Drift alone: the same judgement as an audit, over what lies on this disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steadypin.config import Settings
from steadypin.errors import SteadypinError
from steadypin.model.facts import Facts
from steadypin.model.report import Report
from steadypin.pipeline import audit
from steadypin.pipeline import facts as reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check besides environment, locks and manifests."""

    files_only: bool = False
    snapshot: Path | None = None
    advisories: bool = False


def run(settings: Settings, request: Request) -> Report:
    """The report of a check. A file that cannot be read, and a project without any lock, are errors: never "no drift"."""
    facts = reading.gather(
        settings,
        reading.Request(
            no_environment=request.files_only,
            snapshot=request.snapshot,
            ledgers=frozenset({"advisories"} if request.advisories else ()),
            lenient=False,
        ),
    )
    _require_lock(facts)
    return audit.report(facts, settings, command="check")


def _require_lock(facts: Facts) -> None:
    if facts.locked:
        return
    if any(file.role == "lock" for file in facts.files):
        return  # an empty lock is one
    read = ", ".join(file.path for file in facts.files) or "no lock or manifest at all"
    raise SteadypinError(
        f"no lock to check against (read: {read})",
        hint="make one: steadypin pin, uv lock, or pip-compile --generate-hashes; or name it with --lock",
    )
