"""The first ledger: what a project asks for."""

from __future__ import annotations

from steadypin.model.location import Location
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRequirement:
    """One requirement of a manifest.

    `name` is normalised (PEP 503). `requirement` is a PEP 508 text that `packaging` accepts (other languages, such as Poetry's
    `^1.2`, are translated by the reader; `text` keeps what the file says). `kind` is "requirement", "constraint", "build",
    "override" or "tool" (what tox, nox, pre-commit, a Dockerfile or a workflow installs into an environment of its own).
    `group` is a dependency group (PEP 735 or the tool's own word for it), `extra` an optional-dependencies table.
    """

    name: str
    requirement: str
    location: Location
    text: str = ""
    kind: str = "requirement"
    group: str | None = None
    extra: str | None = None
    editable: bool = False
