"""The four ledgers of one package side by side, as values."""

from __future__ import annotations

from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.installed import InstalledDistribution
from steadypin.model.locked import LockedPackage
from steadypin.model.released import Project, Release
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Blocker:
    """Who does not let a package reach its latest release: `name` demands `requirement` (for "Python": its Requires-Python)."""

    name: str
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A requirement that applies in the audited environment: who asks, and the PEP 508 text. `by` "" is the project itself."""

    by: str
    requirement: str
    declared: DeclaredRequirement | None = None

    def refuses(self, version: str) -> bool:
        """Whether the specifier excludes a version; direct references and unreadable texts exclude nothing."""
        asked = parse.parts(self.requirement)
        return asked is not None and bool(asked.specifier) and not parse.admits(asked.specifier, version)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageComparison:
    """Everything that the ledgers say of one name, joined once.

    `locked` are the entries that apply to the target with any extras and groups, `expected` those of them that a plain install
    brings (no optional extra or group), `installed` the distributions of this name in import order (the first
    wins), `demands` what applies here of declared and installed requirements. `wanted` is the newest release that every demand
    and the target accept, `latest` the newest that this interpreter can install (stable, not yanked, as `pip list --outdated`
    says), `newest` the same for any interpreter. `direct`: the project itself declares it. `behind` counts releases between
    installed and latest, `age_days` the age of the installed release when the facts were taken.
    """

    name: str
    declared: tuple[DeclaredRequirement, ...] = ()
    locked: tuple[LockedPackage, ...] = ()
    installed: tuple[InstalledDistribution, ...] = ()
    expected: tuple[LockedPackage, ...] = ()
    demands: tuple[Demand, ...] = ()
    direct: bool = False
    project: Project | None = None
    release: Release | None = None
    wanted: Release | None = None
    latest: Release | None = None
    newest: Release | None = None
    blocked_by: tuple[Blocker, ...] = ()
    behind: int | None = None
    age_days: int | None = None
    advisories: tuple[AdvisoryMatch, ...] = ()

    @property
    def current(self) -> str | None:
        """The version that the package stands at: installed, else the single locked one, else None."""
        if self.installed:
            return self.installed[0].version
        versions = {package.version for package in self.locked}
        return versions.pop() if len(versions) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All packages by name, ascending.

    `own` are the names of the project itself (and its workspace members); `has_lock` whether any lock applies here.
    """

    packages: tuple[PackageComparison, ...]
    own: frozenset[str] = frozenset()
    has_lock: bool = False
