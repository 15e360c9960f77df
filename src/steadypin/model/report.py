"""What a reporter lays out."""

from __future__ import annotations

from steadypin.model.advisory import WithdrawnRecord
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding, Suppressed
from steadypin.model.gap import Gap
from steadypin.model.history import HistoryPoint
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.model.target import Target
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One audit or check: findings worst first, packages by name. `taken_at` is the facts' time, `rules` are all there are;
    `history` are earlier audits that were kept, the oldest first. `folder` is where the project lies, seen from where the
    command was run ("" is there): code hosts want paths from there. `project` is the project's name, "" where none is known.
    `withdrawn` are the advisories that no longer count, None where nobody asked for them. `unasked` are the ids of rules that
    could not speak, because what they judge by was not read.
    """

    command: str
    version: str
    target: Target
    taken_at: str
    packages: tuple[PackageComparison, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    gaps: tuple[Gap, ...] = ()
    fail_on: Severity = Severity.MEDIUM
    environment: str | None = None
    files: tuple[str, ...] = ()
    lookups: bool = False
    advisories_as_of: str | None = None
    withdrawn: tuple[WithdrawnRecord, ...] | None = None
    notes: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    unasked: tuple[str, ...] = ()
    folder: str = ""
    project: str = ""
    history: tuple[HistoryPoint, ...] = ()

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings at or above the threshold."""
        return tuple(finding for finding in self.findings if finding.severity >= self.fail_on)
