"""GitHub Actions workflows (and composite actions): what their `run` steps install by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.sources.manifests.nodes import child, entries, items, load_nodes, place_of, text_of
from steadypin.sources.manifests.shell import add_installs

if TYPE_CHECKING:
    from yaml import Node


def read_workflow(data: bytes, path: str) -> SourceFile:
    """One workflow. Raises SourceError where it is not YAML."""
    root = load_nodes(data, path)
    draft = Draft(path)
    seen: set[int] = set()
    for name, job in entries(child(root, "jobs")):
        _steps(draft, child(job, "steps"), f"jobs.{name}", Where(kind="tool", group=f"workflow:{name}"), seen)
    _steps(draft, child(child(root, "runs"), "steps"), "runs", Where(kind="tool", group="workflow"), seen)
    return draft.finish("workflow")


def _steps(draft: Draft, node: Node | None, key: str, where: Where, seen: set[int]) -> None:
    """A list of steps; one that several jobs share through an alias is read once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    for index, step in enumerate(items(node)):
        run = child(step, "run") if id(step) not in seen else None
        script = text_of(run)
        seen.add(id(step))
        if run is not None and script is not None:
            add_installs(draft, script, place_of(run, draft.path, f"{key}.steps[{index}].run"), where)
