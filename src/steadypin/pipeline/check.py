"""Drift alone: the same judgement as an audit, over what lies on this disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.checks import drift, health, judgement, pins, policy, unasked
from steadypin.comparison.applicable import file_group
from steadypin.config import Settings
from steadypin.errors import SteadypinError, UsageError
from steadypin.model.facts import Facts
from steadypin.model.installed import PythonEnvironment
from steadypin.model.parse import normalise
from steadypin.model.report import Report
from steadypin.pipeline import audit, baseline
from steadypin.pipeline import facts as reading
from steadypin.text import nearest
from steadypin.values import dataclass, replace

if TYPE_CHECKING:
    from steadypin.model.baseline import Baseline


_OTHER_NAMES = frozenset({"dev", "dev-packages", "develop", "default", "main"})
"""What tools call the groups that they all have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check besides environment, locks and manifests.

    `verify_files`: installed files against RECORD. `baseline` names the file of known findings; None means the project's own,
    if it has one, and `no_baseline` none at all.
    """

    files_only: bool = False
    snapshot: Path | None = None
    advisories: bool = False
    verify_files: bool = False
    baseline: Path | None = None
    no_baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The report, and the one command that repairs what it speaks of ("" where there is none)."""

    report: Report
    repair: str = ""


def run(settings: Settings, request: Request) -> Checked:
    """The report of a check. A file that cannot be read, and a project without any lock, are errors: never "no drift"."""
    known = None if request.no_baseline else baseline.load(settings.root, request.baseline)
    return judge(read(settings, request), settings, known)


def read(settings: Settings, request: Request) -> Facts:
    """What a check looks at. Raises SteadypinError where there is no lock, or one that cannot be read."""
    wanted = reading.Request(
        no_environment=request.files_only,
        without="--files-only",
        snapshot=request.snapshot,
        ledgers=frozenset({"advisories"} if request.advisories else ()),
        lenient=False,
    )
    facts = reading.gather(settings, wanted)
    _require_lock(facts)
    if settings.groups or settings.extras:
        _require_names(facts, settings)
    return _with_files(facts) if request.verify_files else facts


def judge(facts: Facts, settings: Settings, known: Baseline | None = None) -> Checked:
    """What there is to say of the facts, beyond what the baseline knows."""
    report = audit.report(facts, settings, command="check", baseline=known)
    if not report.failing:
        return Checked(report=report)
    from steadypin.checks import repair

    policy = settings.policy
    chosen = repair.Chosen(groups=settings.groups, extras=settings.extras, no_dev=policy.no_dev or policy.exact)
    return Checked(report=report, repair=repair.command(facts, report.failing, chosen))


def families() -> Mapping[str, frozenset[str]]:
    """The ids of the rules that a plain check judges by, in families."""
    plain = (drift.CHECK, pins.CHECK, health.CHECK, policy.CHECK)
    named = {check.run.__module__.rpartition(".")[2]: check.rules for check in plain}
    return {name: frozenset(rule.id for rule in rules) for name, rules in {**named, "exceptions": judgement.RULES}.items()}


def renew_baseline(settings: Settings, request: Request, given: Path | None, *, prune: bool) -> tuple[Path, baseline.Written]:
    """The baseline file of the project as it is today: where it belongs, and what it will say."""
    facts = read(settings, request)
    report = judge(facts, settings).report
    file = baseline.place(settings.root, given)
    old = baseline.load(settings.root, file if file.is_file() else None)
    return file, baseline.renewed(old, report, unasked(facts), prune=prune)


def _require_lock(facts: Facts) -> None:
    if facts.locked:
        return
    if any(file.role == "lock" for file in facts.files):
        return  # an empty lock is one
    read = ", ".join(file.path for file in facts.files) or "no lock or manifest at all"
    raise SteadypinError(
        f"no lock to check against (read: {read})",
        hint="; ".join(
            ("make one: steadypin pin, uv lock, or pip-compile --generate-hashes; or name it with --lock", *facts.notes)
        ),
    )


def _require_names(facts: Facts, settings: Settings) -> None:
    """A misspelt group or extra would look at nothing and call it no drift. Where none is known, nothing can be misspelt."""
    known = {name for item in facts.declared for name in (item.group, item.extra) if name}
    for file in facts.files:
        known |= {*file.groups, *file.extras} - {""}
        known |= {found} if file.format == "requirements" and (found := file_group(file.path)) else set()
        for package in file.packages:
            known.update(package.groups or (), (edge.under.partition(":")[2] for edge in package.dependencies if edge.under))
    names = {normalise(name) for name in known}
    for name in (*settings.groups, *settings.extras):
        if names and normalise(name) not in names | _OTHER_NAMES:
            close = nearest(normalise(name), sorted(names))
            guess = f"did you mean {close}? " if close else ""
            raise UsageError(
                f"no group or extra is called {name!r} here", hint=f"{guess}there are: {', '.join(sorted(names)[:12])}"
            )


def _with_files(facts: Facts) -> Facts:
    """Compare installed files with their RECORD, where the environment lies on this disk."""
    environment = facts.environment
    if environment is None or not _is_on_disk(environment):
        what = "no environment" if environment is None else f"an environment of kind {environment.kind}"
        raise SteadypinError(
            f"installed files cannot be verified: {what}", hint="name an environment on this disk with --python"
        )
    from steadypin.sources.record import verify_files

    inside = [d for d in environment.distributions if _is_inside(d.location.path, environment)]
    folders = [path for path in environment.paths if _is_inside(path, environment)]
    checked = verify_files(inside, site_folders=folders, prefix=environment.path)
    return replace(facts, file_check=checked)


def _is_on_disk(environment: PythonEnvironment) -> bool:
    return environment.kind not in ("image", "snapshot", "sbom", "zipapp") and Path(environment.path).is_dir()


def _is_inside(path: str, environment: PythonEnvironment) -> bool:
    """Files of a base Python that lends its packages, or of an editable's source folder, are nobody's drift."""
    return path.startswith(environment.path)
