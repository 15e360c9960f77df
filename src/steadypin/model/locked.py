"""The second ledger: what lock files pin, and one file as a reader read it."""

from __future__ import annotations

from steadypin.model.declared import DeclaredRequirement
from steadypin.model.location import Location, Problem
from steadypin.values import dataclass

KINDS = ("index", "vcs", "url", "path", "editable", "virtual", "conda")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A distribution file that a lock allows; `hashes` are "sha256:…" texts. Requirements files know hashes only."""

    filename: str | None = None
    url: str | None = None
    size: int | None = None
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDependency:
    """An edge of a lock: what a locked package depends on. Texts are the file's own; `marker` is a PEP 508 marker or None.

    `under` says when the edge exists: "" always, "extra:NAME" with that extra of the package that has the edge, "group:NAME"
    with that dependency group (roots only). uv.lock's `optional-dependencies` and `dev-dependencies` tables become such edges.
    """

    name: str
    specifier: str | None = None
    marker: str | None = None
    extras: tuple[str, ...] = ()
    under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a package comes from when it is not the default index.

    `kind` is "index", "vcs", "url", "path"; `url` the index, repository or file; `revision` a VCS commit or reference.
    """

    kind: str
    url: str | None = None
    revision: str | None = None
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One entry of a lock or requirements file.

    `name` is normalised, None where the file gives none (a bare URL or path). `version` is the file's text, None where it has
    none or where a requirements entry is not one exact `==`/`===`. `marker` is `str(packaging.markers.Marker(text))`; where the
    format has one marker per group, `markers_by_group` holds them. `resolution_markers` (uv) are the forks in which this entry
    applies, any of them. `requirement` is the PEP 508 text of a requirements entry. `raw_version`/`raw_name` are kept where
    they differ, for writing back. `kind` is one of `KINDS`; `groups` and `extras` are None where the format does not say.
    `uploaded` is when the first of its files was, as the lock says it: ISO 8601 in UTC, to the second.
    """

    name: str | None
    version: str | None
    kind: str
    location: Location
    raw_name: str | None = None
    marker: str | None = None
    markers_by_group: tuple[tuple[str, str], ...] = ()
    resolution_markers: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    files: tuple[LockedFile, ...] = ()
    origin: Origin | None = None
    requirement: str | None = None
    requires_python: str | None = None
    dependencies: tuple[LockedDependency, ...] = ()
    via: tuple[str, ...] = ()
    optional: bool = False
    platforms: tuple[str, ...] | None = None
    uploaded: str | None = None

    @property
    def hashed(self) -> int:
        """How many files carry a hash."""
        return sum(1 for file in self.files if file.hashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """A file that this file names (`-r`, `-c`, a workspace member); `path` is the file's own text.

    `kind`: "requirements", "constraints", …
    """

    kind: str
    path: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One lock or manifest, alone, as its reader read it. Sorted and stable.

    `role` is "lock" (its packages are the locked ledger), "manifest" (its `declared` is the declared ledger) or "both" (a
    hand-written requirements file: exact pins lock, every line declares). `generated_by` names the tool that wrote it ("pip-
    compile", "uv pip compile", "poetry 2.2.1", …). `freshness` is what the format offers to tell whether the lock is older
    than its manifest: pairs such as ("content-hash", "ab12…"). `roots` are the names that the lock was made for (workspace
    members, the project itself). `environments` are markers of the environments that the lock supports, empty where it
    supports all. `locked_elsewhere`: of a manifest, that its lock was found and is not among those that were chosen.
    """

    path: str
    format: str
    role: str
    format_version: str | None = None
    requires_python: str | None = None
    packages: tuple[LockedPackage, ...] = ()
    declared: tuple[DeclaredRequirement, ...] = ()
    includes: tuple[Include, ...] = ()
    index_urls: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    generated_by: str | None = None
    freshness: tuple[tuple[str, str], ...] = ()
    roots: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    project_name: str | None = None
    top_level: tuple[LockedDependency, ...] = ()
    stale: str | None = None
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    locked_elsewhere: bool = False

    @property
    def unpinned(self) -> tuple[str, ...]:
        """Names of index or conda entries without an exact version, sorted, each once (uv and pylock: entries of any kind)."""
        kinds = KINDS if self.format in ("uv", "pylock") else ("index", "conda")
        return tuple(sorted({p.name for p in self.packages if p.name and p.version is None and p.kind in kinds}))
