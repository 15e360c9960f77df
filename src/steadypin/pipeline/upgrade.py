"""Carry a plan out: baseline, each stage tried, culprits named, what is green kept, the tested lock written."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from steadypin.config import Settings
from steadypin.errors import StaleInput, UsageError
from steadypin.locking import commits
from steadypin.locking.atomic import finish
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.plan import Plan
from steadypin.model.trial import Verdict
from steadypin.model.upgrade import UpgradeResult
from steadypin.pipeline import planning
from steadypin.pipeline.carrying import carry_out
from steadypin.pipeline.changelogs import with_evidence
from steadypin.pipeline.delivering import NOT_WRITTEN, write
from steadypin.pipeline.environment import project_folder
from steadypin.pipeline.executing import opened
from steadypin.pipeline.lifting import Lifting, edit, lift
from steadypin.pipeline.older import built_gaps
from steadypin.pipeline.preparing import Scene, UpgradeRequest, installer, interpreter, prepare
from steadypin.pipeline.progress import Tell
from steadypin.trials.sandbox.claims import own_folder
from steadypin.trials.sandbox.lab import Lab
from steadypin.trials.sandbox.tree import ignored_settings
from steadypin.values import replace


def upgrade(
    facts: Facts, settings: Settings, request: UpgradeRequest, *, made: Plan | None = None, tell: Tell
) -> UpgradeResult:
    """The result. Raises UsageError, StaleInput, ResolverError, CommandError, Inconclusive (a red baseline is a result, not an
    error).
    """
    started = monotonic()
    _check(made, facts, request)
    if request.branch_per_stage:
        commits.refuse(settings.root)
    lifting = lift(facts, settings, request.plan) if request.plan.edit_manifest else Lifting(facts=facts)
    scene = prepare(lifting.facts, settings, request, made, tell)
    scratch = project_folder(settings)
    base, tools = interpreter(scene), installer(scene)
    lab = Lab.open(settings.root, own_folder(scratch), base=base, installer=tools, also=request.copy)
    try:
        with _termination_as_interrupt(), opened(scene, lab, scratch, tell) as trials:
            result = carry_out(scene, trials)
            edited = edit(facts, settings.root, lifting.caps, dict(result.lock))
            result = replace(result, edits=tuple(edited.edits), gaps=(*result.gaps, *edited.gaps))
            if (request.apply or request.branch_per_stage) and result.confirmed and result.moved:
                result = write(scene, lab, result, lifting.caps, intent=_intent(settings))
    finally:
        lab.close()
    if result.culprits:
        tell("what changelogs say of the culprits")
        result = with_evidence(result, facts, settings)
    return replace(
        result,
        seconds=round(monotonic() - started, 3),
        test_seconds=round(trials.test_seconds, 3),
        runs=trials.run_counts(),
        journal=str(trials.journal.path),
        flaky=tuple(sorted(trials.seen_flaky)),
        gaps=tuple(
            sorted(
                {
                    *result.gaps,
                    *scene.gaps,
                    *lifting.gaps,
                    *map(_note, lab.notes),
                    *_older(scene, result),
                    *_ignored(settings, result),
                }
            )
        ),
    )


def finish_writing(settings: Settings) -> tuple[Path, ...]:
    """End the writing that a crash of an earlier upgrade has cut off: the files that were written now. Raises OutputError."""
    return finish(_intent(settings))


def _intent(settings: Settings) -> Path:
    return project_folder(settings) / "intent.json"


def _check(made: Plan | None, facts: Facts, request: UpgradeRequest) -> None:
    """Raises StaleInput for a plan of other pins, UsageError for one that needs more than was allowed."""
    if made is not None and planning.is_stale(made, facts):
        raise StaleInput("the plan was made from other pins than stand here now", hint="plan again")
    if made is not None and made.edits and not request.plan.edit_manifest:
        places = ", ".join(edit.place for edit in made.edits[:5])
        raise UsageError(f"the plan lifts caps in {places}", hint="allow it with --edit-manifest, or plan without it")


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """A build server that cancels a job ends it with SIGTERM; what runs then has to be ended as after Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(result: UpgradeResult) -> int:
    """0: everything moved and is green; 1: some held by the tests; 3: inconclusive; 2: not done, or not written."""
    if any(gap.reason == NOT_WRITTEN for gap in result.gaps):
        return 2
    if result.baseline.verdict is not Verdict.PASSED:
        return 2 if result.stopped else 3
    if result.stopped and not (result.confirmed and result.moved):
        return 2
    if not result.confirmed:
        return 3
    return 1 if result.held or result.culprits or result.stopped else 0


def _ignored(settings: Settings, result: UpgradeResult) -> Iterator[Gap]:
    """Why tests may be red in the copy alone."""
    if result.baseline.verdict is Verdict.FAILED:
        for path in ignored_settings(settings.root):
            detail = f"git ignores it, so the tests ran without it; --copy {path} gives it to them"
            yield Gap(subject=path, stage="trials", reason="ignored", detail=detail)


def _older(scene: Scene, result: UpgradeResult) -> Iterable[Gap]:
    """What of the first and the last environment was built with older tools."""
    return built_gaps(scene.older, (scene.today, dict(result.lock)))


def _note(text: str) -> Gap:
    return Gap(subject="project", stage="trials", reason="not-installed", detail=text)
