"""Today's pins, installed and tested before anything moves: what every verdict of an upgrade is measured against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError
from steadypin.model.gap import Gap
from steadypin.model.parse import satisfies_pin
from steadypin.model.trial import Verdict
from steadypin.model.upgrade import Baseline
from steadypin.pipeline.preparing import Scene, interpreter, leave_out
from steadypin.pipeline.trying import Likely, Trials, named_tests
from steadypin.trials.sandbox.lab import Lab
from steadypin.values import replace

_SETUPTOOLS = re.compile(r"No module named '(?:pkg_resources|setuptools)")
_BUNDLED = "import ensurepip; print(getattr(ensurepip, '_SETUPTOOLS_VERSION', ''))"

MOST_REFUSED = 10
"""Pins that may be left out because they cannot be installed; more means that something else is wrong."""

PATIENCE = 3
"""Whole runs of the baseline that may be flaky before it is taken to be."""


def fit(scene: Scene, lab: Lab) -> None:
    """Make the first environment. What can be installed no more, and is not installed in the project's own environment
    either, is left out, and said; where another version is installed there, that is tried. Raises CommandError with the
    names of what else cannot be installed.
    """
    try:
        lab.prepare(scene.mover.pins(scene.today))
        return
    except CommandError as error:
        refused = lab.environment.refused(scene.mover.pins(scene.today))
        if not refused or len(refused) > MOST_REFUSED:
            raise
        installed = {d.name: d.version for d in scene.facts.installed}
        needed = [name for name in refused if scene.facts.environment is None or _is_needed(name, scene, installed)]
        if needed:
            without = " ".join(f"--without {name}" for name in needed)
            raise CommandError(
                f"not installable any more: {', '.join(needed)}\n" + "\n".join(f"{name}: {refused[name]}" for name in needed),
                output=error.output,
                hint=f"leave what no test needs out ({without}), or install from an index that still has it",
            ) from None
    leave_out(scene, refused, installed)
    lab.prepare(scene.mover.pins(scene.today))


def _bring_setuptools(scene: Scene, trials: Trials, error: str) -> bool:
    """Whether the tests miss what environments of Pythons before 3.12 are made with and no pin names; it is tried with then.

    Releases of today, which a resolver takes where nothing is pinned, have no pkg_resources any more.
    """
    known = {p.name for p in scene.facts.locked} | {d.name for d in scene.facts.installed} | scene.mover.without
    if not _SETUPTOOLS.search(error) or "setuptools" in known:
        return False
    python = interpreter(scene)
    asked = [python if Path(python).is_file() else str(trials.lab.environment.python), "-I", "-c", _BUNDLED]
    try:
        version = process.run(asked, timeout=60, environment=process.scrubbed_environment()).stdout.strip()
    except CommandError:
        return False
    if not version:
        return False
    if "setuptools" in scene.today:
        scene.today = {**scene.today, "setuptools": version}
    else:
        scene.mover.beside = {**scene.mover.beside, "setuptools": version}
    detail = f"the tests need it and no pin names it: tried with {version}, as `python -m venv` brings it"
    scene.gaps.append(Gap(subject="setuptools", stage="trials", reason="not-pinned", detail=detail))
    return True


def _another(command: str) -> str:
    return "give another with --test" + (" (-o addopts= leaves out pytest's own addopts)" if "pytest" in command else "")


def _is_needed(name: str, scene: Scene, installed: Mapping[str, str | None]) -> bool:
    """Whether the project's environment has it as it is pinned; another version, and one from an index instead of from
    elsewhere, is what the project runs with.
    """
    pinned = name in installed and satisfies_pin(installed[name], scene.today.get(name))
    return pinned and name not in scene.problem.set_aside


def check_baseline(scene: Scene, trials: Trials, likely: Likely) -> Baseline:
    """The tests on today's pins; `likely` makes the pins that are tried next, should they pass.

    Raises CommandError where they cannot be installed or the command cannot start.
    """
    pins = scene.mover.pins(scene.today)
    if trials.limits.timeout:
        trials.timeout = trials.limits.timeout
    judged = trials.judge(pins, "baseline", likely=likely)
    if judged.verdict is Verdict.FAILED and _bring_setuptools(scene, trials, judged.run.error):
        pins = scene.mover.pins(scene.today)
        judged = trials.judge(pins, "baseline", likely=likely)
    if judged.verdict is Verdict.FAILED and not (trials.run_counts().total or scene.request.allow_failing):
        # known from before; what it lacked, a variable or a service, may be there now
        trials.reproduced.clear()
        judged = trials.judge(pins, "baseline", again=True)
    for _ in range(PATIENCE - 1):
        if judged.verdict is not Verdict.FLAKY:
            break
        judged = trials.judge(pins, "baseline", again=True)
    if judged.run.outcome == "cannot-start":
        raise CommandError(f"the test command cannot start: {judged.run.error or scene.command}", hint=_another(scene.command))
    if (
        judged.verdict is Verdict.FAILED
        and scene.request.allow_failing
        and judged.run.outcome in ("failed", "collection-error")
    ):
        trials.forgiven |= judged.failed
        judged = replace(judged, verdict=Verdict.PASSED)
        trials.judged[pins.digest] = judged
    run = judged.run
    return Baseline(
        verdict=judged.verdict,
        outcome=run.outcome,
        tests=run.tests,
        seconds=run.seconds,
        failed=named_tests(judged.failed),
        error=run.error,
        log=run.log,
    )
