"""What a real resolver said."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPackage:
    """One pin of a resolution. `via` are the names that asked for it ("" is the project). `hashes` are "sha256:…" texts."""

    name: str
    version: str
    marker: str | None = None
    extras: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    url: str | None = None
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Why a resolution failed: `by` (and its version, where known) demands `requirement`, which the others do not allow.
    `text` is the resolver's own words.
    """

    name: str
    by: str
    requirement: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a resolver is asked: PEP 508 `requirements` and `constraints`, `pins` it should prefer (name, version), names it
    may raise.

    `upgrade` None means that everything may move. `python` and `platform` are the target's. `options` are the project's own
    (index URLs, pre-release policy, …), as the tools' command-line texts. `no_newer_than` is an ISO time or None. `overrides`
    replace what anybody else requires of a name (only uv knows them). `absent` names come from no index (the project itself, a
    repository): whoever requires them has them, and no answer brings them. `seen` says that earlier questions have met all
    that this one can choose, so that a resolver may answer it from what those brought.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    pins: tuple[tuple[str, str], ...] = ()
    upgrade: tuple[str, ...] | None = ()
    python: str = ""
    platform: str = ""
    hashes: bool = False
    options: tuple[str, ...] = ()
    no_newer_than: str | None = None
    overrides: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Required:
    """What a resolver saw on its way: this version of `by` requires `name` with `specifier` ("" is any version)."""

    by: str
    version: str
    name: str
    specifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A complete answer: `packages` ascending by name, or `conflicts` where the question has no answer.

    `resolver` says which tool and version decided. `requires` is what it said of its own accord about the requirements of the
    versions that it looked at: evidence where present, and never complete. `from_seen`: it knows no more than what earlier
    questions brought.
    """

    resolver: str
    packages: tuple[ResolvedPackage, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    output: str = ""
    requires: tuple[Required, ...] = ()
    from_seen: bool = False

    @property
    def solved(self) -> bool:
        return not self.conflicts

    @property
    def versions(self) -> dict[str, str]:
        """Version by name."""
        return {package.name: package.version for package in self.packages}
