"""Where to go, in which steps, and what stays behind."""

from __future__ import annotations

from steadypin.model.gap import Gap
from steadypin.model.resolution import Question, ResolvedPackage
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a changelog says of one version: `heavy` items are about removal or breaking, `left_out` counts others."""

    version: str
    heavy: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One package that moves.

    `kind`: "upgrade", "add", "remove", "downgrade"; `cures` are advisory ids, `flaws` those that reach `after`; `why` one short
    line; `quotes` are from its changelog, the newest version first.
    """

    name: str
    before: str | None
    after: str | None
    kind: str = "upgrade"
    direct: bool = False
    coupled_with: tuple[str, ...] = ()
    why: str = ""
    cures: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    flaws: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """Names that a resolver can only move together, and the requirements that tie them."""

    members: tuple[str, ...]
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is held.

    `kind`: requirement, python, policy, cooldown, yanked, no-wheel, unsolvable. `release` says what would free it.
    """

    kind: str
    by: str = ""
    requirement: str = ""
    until: str | None = None
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A package that does not reach its target. `flaws` are ids of the advisories that reach it where it stays."""

    name: str
    at: str | None
    latest: str | None
    because: tuple[Reason, ...] = ()
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEdit:
    """A cap of the project's own manifest that moves: its place, and the declaration's text before and after."""

    name: str
    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One closed step: `lock` is the complete set of pins that the resolver gave for it, on top of the stage before."""

    number: int
    title: str
    risk: str
    changes: tuple[Change, ...]
    lock: tuple[ResolvedPackage, ...] = ()
    lock_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStats:
    """What planning cost: executions of the resolver, and seconds of wall time."""

    resolver_runs: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Stages and holds, with the digest of the facts they rest on. `base` are the pins that the plan starts from.

    `basis` digests only what stands on this disk (declared, locked, installed, target): a plan with another basis is stale,
    while new releases on an index do not make it so. `question` is what every stage was asked with, before its own pins;
    `resolver` the tool and version that decided. `edits` are the caps of manifests that the last
    stage needs raised.
    """

    facts_digest: str
    target: str
    base: tuple[tuple[str, str], ...] = ()
    stages: tuple[Stage, ...] = ()
    holds: tuple[Hold, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    stats: PlanStats = PlanStats()
    gaps: tuple[Gap, ...] = ()
    basis: str = ""
    question: Question | None = None
    resolver: str = ""
    edits: tuple[ManifestEdit, ...] = ()
