"""What an upgrade has done and found out."""

from __future__ import annotations

from steadypin.model.gap import Gap
from steadypin.model.plan import ManifestEdit
from steadypin.model.trial import Culprit, TrialResult, Verdict
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A pin that moved: from where to where; None where it was not or is no more."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A package that did not reach its target: where it stood, where it stands now, what was wanted, and why."""

    name: str
    before: str
    at: str
    wanted: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The tests on today's pins. `verdict` PASSED, FAILED or FLAKY; `outcome` and `failed` as the last run had them."""

    verdict: Verdict
    outcome: str = ""
    tests: int | None = None
    seconds: float = 0.0
    failed: tuple[str, ...] = ()
    error: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage: how its whole lock did, how many runs it cost, and the digest of the lock that was kept after it. `tried` are
    the sets of changes that were tried, in order, each with its last verdict.
    """

    number: int
    title: str
    verdict: Verdict
    runs: int = 0
    changes: tuple[str, ...] = ()
    lock_digest: str = ""
    lock: tuple[tuple[str, str], ...] = ()
    tried: tuple[TrialResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """Executions of the test command by purpose; `repeated` are reruns made to doubt a red one; `remembered` outcomes were
    taken from the journal and cost nothing. `cancelled` were begun ahead of their time and ended when nobody needed them any
    more, `lost` went down with a worker and were made again: neither has an outcome, so neither counts in `total`.
    """

    baseline: int = 0
    search: int = 0
    versions: int = 0
    confirm: int = 0
    repeated: int = 0
    remembered: int = 0
    cancelled: int = 0
    lost: int = 0

    @property
    def total(self) -> int:
        return self.baseline + self.search + self.versions + self.confirm + self.repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """`kept` reached their target, `held` did not (they may have moved part of the way), `moved` is every difference between
    today's pins and `lock`, the pins that are proved. `together` are kept sets that pass only as a whole. `written` are files;
    `edits` are caps of manifests that stand against `lock`, which --edit-manifest lifts together with it.
    `stopped` says why the work ended early, "" otherwise.
    """

    plan_digest: str
    command: str
    python: str
    baseline: Baseline
    stages: tuple[StageResult, ...] = ()
    kept: tuple[Move, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    held: tuple[Held, ...] = ()
    moved: tuple[Move, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    confirmed: bool = False
    runs: RunCounts = RunCounts()
    seconds: float = 0.0
    test_seconds: float = 0.0
    flaky: tuple[str, ...] = ()
    lock: tuple[tuple[str, str], ...] = ()
    written: tuple[str, ...] = ()
    journal: str = ""
    stopped: str = ""
    gaps: tuple[Gap, ...] = ()
    edits: tuple[ManifestEdit, ...] = ()
