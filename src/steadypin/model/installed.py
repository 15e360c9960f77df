"""The third ledger: what an environment holds."""

from __future__ import annotations

from steadypin.model.location import Location, Problem
from steadypin.model.target import Target
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectUrl:
    """PEP 610 `direct_url.json`: `kind` is "vcs", "url" (archive) or "path" (directory); `revision` the commit of a VCS
    install, `hashes` what the installer knew of the archive ("sha256:…").
    """

    kind: str
    url: str
    revision: str | None = None
    requested_revision: str | None = None
    editable: bool = False
    subdirectory: str | None = None
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledDistribution:
    """One `*.dist-info` or `*.egg-info`, read from its headers.

    `name` is normalised, `raw_name` as METADATA writes it; `version` is text (None where metadata is broken, see `problems`).
    `requires` are the Requires-Dist values as written. `requested` is the REQUESTED marker (PEP 376): None where the installer
    writes none at all. `location` is the metadata folder; `layer` the image layer that brought it.
    """

    name: str
    version: str | None
    location: Location
    raw_name: str = ""
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    extras: tuple[str, ...] = ()
    installer: str | None = None
    requested: bool | None = None
    direct_url: DirectUrl | None = None
    editable: bool = False
    layer: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """An environment and what stands in it, in the order in which its interpreter would find it (the first of a name wins).

    `kind`: "venv", "virtualenv", "conda", "system", "user", "target" (a bare folder), "zipapp", "image", "snapshot", "sbom".
    `others` are environments beside it in the same image, as they are named on the command line.
    """

    path: str
    kind: str
    target: Target
    paths: tuple[str, ...] = ()
    distributions: tuple[InstalledDistribution, ...] = ()
    externally_managed: bool = False
    system_site_packages: bool = False
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = ()
