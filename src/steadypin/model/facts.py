"""Everything that was read, as one immutable value."""

from __future__ import annotations

from steadypin.model.advisory import AdvisoryMatch, UnsafeRelease, WithdrawnRecord
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.files import FileCheck
from steadypin.model.gap import Gap
from steadypin.model.installed import InstalledDistribution, PythonEnvironment
from steadypin.model.location import Problem
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.readiness import Readiness
from steadypin.model.released import Project
from steadypin.model.target import Target
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The input of every judgement. `taken_at` is ISO 8601 in UTC to the second; nothing after this looks at a clock.

    `problems` are about the project as a whole (an include that is missing or leads outside), not inside one file;
    `notes` say how the reading went (an environment that was passed over, a cache that cannot be written).

    `environment` is None when only files were audited; `projects` holds what the indexes answered; names that were asked for
    and not answered have a `Gap`. `unknown` are names that the index said it does not know. `lookups` says whether an index
    was asked at all. `unsafe` are releases that advisories reach, at or above what stands here (filled for planning);
    `unsafe_in_part`: only some of what is on offer was asked about.
    `file_check` is None where installed files were not compared with their RECORD. `readiness` is what an image asks for (None
    unless asked).
    """

    target: Target
    taken_at: str
    root: str = ""
    files: tuple[SourceFile, ...] = ()
    environment: PythonEnvironment | None = None
    projects: tuple[Project, ...] = ()
    unknown: tuple[str, ...] = ()
    lookups: bool = False
    advisories: tuple[AdvisoryMatch, ...] = ()
    advisories_as_of: str | None = None
    withdrawn: tuple[WithdrawnRecord, ...] = ()
    unsafe: tuple[UnsafeRelease, ...] = ()
    unsafe_in_part: bool = False
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    readiness: Readiness | None = None
    file_check: FileCheck | None = None

    @property
    def declared(self) -> tuple[DeclaredRequirement, ...]:
        """The first ledger."""
        return tuple(requirement for file in self.files if file.role != "lock" for requirement in file.declared)

    @property
    def locked(self) -> tuple[LockedPackage, ...]:
        """The second ledger: entries of locks, and exact pins of hand-written requirements files."""
        return tuple(
            package
            for file in self.files
            if file.role != "manifest"
            for package in file.packages
            if file.role == "lock" or package.version is not None or package.kind != "index"
        )

    @property
    def installed(self) -> tuple[InstalledDistribution, ...]:
        """The third ledger."""
        return self.environment.distributions if self.environment else ()
