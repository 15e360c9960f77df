"""What the project's own tests said."""

from __future__ import annotations

from enum import Enum

from steadypin.model.plan import Quote
from steadypin.values import dataclass


class Verdict(Enum):
    """Outcome of trying one set of changes.

    FLAKY: the same lock gave both red and green. UNRESOLVED: the set cannot be tried (the resolver refuses it). NOT_RUN:
    nobody tried.
    """

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    UNRESOLVED = "unresolved"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """One execution of the test command. `outcome`: passed, failed, collection-error, timeout, signal, no-tests, cannot-start.

    `exit_code` is None where the process was ended by us; `failed` are test ids; `error` the first error's line; `log` a path;
    `boundary` the project's line that called and the package's line that raised; `packages` the distributions that its
    tracebacks pass through, the nearest to the error last.
    """

    __test__ = False  # not a pytest class

    command: tuple[str, ...]
    outcome: str
    exit_code: int | None
    seconds: float
    lock_digest: str = ""
    tests: int | None = None
    failed: tuple[str, ...] = ()
    error: str = ""
    log: str = ""
    boundary: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """A set of changes, tried."""

    changes: frozenset[str]
    verdict: Verdict
    runs: tuple[TestRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """A smallest set of changes that turns the tests red. `kind`: single, conjunction, coupled; `confidence` from 0 to 1.

    `quotes` is what the changelogs say of the first bad versions: (name, quote) pairs. `freed`: it passed in
    the end and has moved, once others that are held had moved a part of their way.
    """

    changes: tuple[str, ...]
    kind: str
    confidence: float
    last_good: str | None = None
    first_bad: str | None = None
    failing_tests: tuple[str, ...] = ()
    error: str = ""
    boundary: str = ""
    quotes: tuple[tuple[str, Quote], ...] = ()
    freed: bool = False
