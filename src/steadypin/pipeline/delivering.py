"""What was proved goes where it belongs: into the project's files, or onto a branch for each stage."""

from __future__ import annotations

from pathlib import Path

from steadypin.errors import OutputError, SourceError, SteadypinError
from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.locking.commits import ROOM, SIGN, Step, commit
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.gap import Gap
from steadypin.model.upgrade import UpgradeResult
from steadypin.pipeline import planning
from steadypin.pipeline.environment import cache_dir
from steadypin.pipeline.preparing import Scene, interpreter
from steadypin.pipeline.writing import Writing
from steadypin.resolution.uv import find_uv
from steadypin.transport.cache import Cache
from steadypin.trials.results import Versions, differences
from steadypin.trials.sandbox.lab import Lab
from steadypin.values import replace

Caps = tuple[DeclaredRequirement, ...]

NOT_WRITTEN = "not-written"
"""The reason of the gap where the tested lock was asked for and could not be written."""


def write(scene: Scene, lab: Lab, result: UpgradeResult, caps: Caps, *, intent: Path) -> UpgradeResult:
    """Write the lock that was tested and raise the `caps` that stand against it, or commit both stage by stage.

    What cannot be written leaves every file as it was, and a gap in the result, which may have cost hours. Raises OutputError
    where there is no room or no right to write.
    """
    try:
        return _written(scene, lab, result, caps, intent)
    except OutputError:
        raise
    except SteadypinError as error:
        hint = f" ({error.hint})" if error.hint else ""
        where = f"{error.location.path}: " if isinstance(error, SourceError) and error.location else ""
        gap = Gap(subject="lock", stage="locking", reason=NOT_WRITTEN, detail=f"{where}{error.message}{hint}")
        return replace(result, gaps=(*result.gaps, gap))


def _written(scene: Scene, lab: Lab, result: UpgradeResult, caps: Caps, intent: Path) -> UpgradeResult:
    prefix = Path(scene.facts.environment.path) if scene.facts.environment else None
    routing = route(index_url=scene.settings.index_url, extra_index_urls=scene.settings.extra_index_urls, prefix=prefix)
    cache = Cache(cache_dir(scene.settings))
    with IndexClient(routing, cache=cache, offline=scene.settings.offline) as client:
        if scene.request.branch_per_stage:
            return _branch(scene, lab, result, caps, client)
        written, gaps = _writing(scene, lab, dict(result.lock), caps, client).write(intent)
    return replace(result, written=written, gaps=(*result.gaps, *gaps))


def _writing(scene: Scene, lab: Lab, lock: Versions, caps: Caps, client: IndexClient) -> Writing:
    found = find_uv(folder=None)
    return Writing(
        facts=scene.facts,
        root=scene.settings.root,
        today=scene.today,
        lock=lock,
        via=scene.mover.askers(lock),
        files_of=client.files,
        uv_command=found.command if found else (),
        python=interpreter(scene),
        variables=dict(planning.pip_of(scene.facts, scene.settings).variables),
        tree=lab.copy.pristine,
        caps=caps,
    )


def _branch(scene: Scene, lab: Lab, result: UpgradeResult, caps: Caps, client: IndexClient) -> UpgradeResult:
    """One commit for each stage that moved anything, each on a branch of its own."""
    steps: list[Step] = []
    before: Versions = scene.today
    gaps: tuple[Gap, ...] = ()
    for stage in result.stages:
        lock = dict(stage.lock)
        moved = differences(before, lock)
        if not moved:
            continue
        contents, gaps = _writing(scene, lab, lock, caps, client).contents()
        words = "\n".join(f"- {name}: {before.get(name) or 'new'} -> {lock.get(name) or 'removed'}" for name in moved)
        message = f"Upgrade: {stage.title}\n\n{words}\n\n{SIGN}{result.command}\n"
        steps.append(Step(branch=f"{ROOM}/stage-{stage.number}", message=message, contents=contents))
        before = lock
    return replace(result, written=commit(scene.settings.root, steps), gaps=(*result.gaps, *gaps))
