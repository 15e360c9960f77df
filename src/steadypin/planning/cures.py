"""The fewest moves that leave the fewest flaws, decided by the resolver.

Every package has a ladder of rungs, from what is wished down to what is put up with: a release without flaws (or to be gone),
then releases with fewer flaws than today's, then to stay where it is, then to move along, at last even to a release with a new
flaw. The resolver is asked for the cheapest set of rungs. Its refusal names the packages of which at least one has to step
down, and the cheapest set that does so is asked next (a hitting set of the refusals). The first set that is not refused is
therefore the best there is, as far as refusals name all that takes part in them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from math import ceil, log2

from steadypin.model import parse
from steadypin.model.resolution import Conflict, Question, Resolution
from steadypin.planning.bounds import at_least, exactly, higher, same
from steadypin.planning.flaws import Flaws, worse
from steadypin.planning.resolver import Resolver
from steadypin.values import dataclass, field, replace

_FLAW = 1000
"""One flaw weighs as much as moving so many packages."""
_ABSENT = "<0.dev0"
_STATES = 3000
_PATIENCE = 24
_GENTLY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What one package may do, as constraints; `cost` grows down the ladder. `prefer` is the version to prefer, `gentle` a
    specifier that it had better meet. A rung allows all that those above it allow; `apart` is one that does not.
    """

    constraints: tuple[str, ...]
    cost: int
    prefer: str | None = None
    cure: bool = False
    gentle: str = ""
    apart: bool = False


Ladders = Mapping[str, tuple[Rung, ...]]
Choice = Mapping[str, int]
Core = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cured:
    """The pins, and for each package that had to give up a better release what the resolver said."""

    resolution: Resolution
    refused: Mapping[str, tuple[Conflict, ...]] = field(default_factory=dict)


def ladder(
    name: str,
    version: str,
    releases: tuple[str, ...],
    flaws: Flaws,
    *,
    may_move: bool,
    may_go: bool,
    caps: tuple[str, ...],
    gentle: str = "",
) -> tuple[Rung, ...]:
    """The rungs of one package. `releases` are those above its version that it may be raised to, ascending; `caps` bound it
    where it moves along, and without flaws of its own it had better meet `gentle` (a specifier) then. Only what `may_move` is
    cured, and what `may_go` may also be cured by nobody requiring it any more.
    """
    now = flaws.count(name, version)
    counts = {release: flaws.count(name, release) for release in releases}
    better = sorted({count for count in counts.values() if count < now}) if may_move and flaws.ills(name, version) else []
    rungs = []
    if may_move and may_go and flaws.ills(name, version) and 0 not in better:
        rungs.append(Rung(constraints=(f"{name}{_ABSENT}",), cost=1, cure=True))
    for count in better:
        first = next(release for release in releases if counts[release] <= count)
        above = (release for release in releases if higher(release, first))
        limits = (at_least(name, first), *worse(flaws, name, above, count))
        rungs.append(Rung(constraints=limits, cost=_FLAW * count + 1, prefer=first, cure=True))
    stay = Rung(constraints=(exactly(name, version),), cost=_FLAW * now, apart=True)
    within = (at_least(name, version), *caps)
    shunned = tuple(worse(flaws, name, iter(releases), now))
    along = Rung(constraints=(*within, *shunned), cost=_FLAW * now + 1, prefer=version, gentle="" if now else gentle)
    worst = replace(along, constraints=within, cost=_FLAW * (now + 1) + 1)
    return (*rungs, stay, along, *((worst,) if shunned else ()))


def newcomer(name: str, unsafe: tuple[str, ...]) -> tuple[Rung, ...]:
    """The rungs of a package that nothing here has yet: not at all or without a flaw, or else as it can."""
    clean = Rung(constraints=tuple(f"{name}!={version}" for version in unsafe), cost=0, cure=True)
    return clean, Rung(constraints=(), cost=_FLAW)


def fewest_moves(question: Question, ladders: Ladders, ask: Resolver) -> Cured | None:
    """The cheapest set of rungs that the resolver accepts; None where it accepts none.

    Most projects need one to four questions. After two dozen, and twice log2 of the packages to be cured, the fewest moves are
    given up, and only the cures still count.
    """
    cores: list[tuple[Core, tuple[Conflict, ...]]] = []
    wanted = sum(1 for rungs in ladders.values() if rungs[0].cure)
    choice: Choice = {}
    for _ in range(_PATIENCE + 2 * ceil(log2(1 + wanted))):
        asked = _asked(question, ladders, choice)
        answer = ask.resolve(asked)
        if answer.solved:
            gentler = _gently(asked, ladders, choice, answer, ask)
            return Cured(resolution=gentler, refused=_refused(ladders, choice, cores))
        core = _core(answer.conflicts, ladders, choice)
        if not core:
            return None
        cores.append((core, answer.conflicts))
        choice = _cheapest(ladders, [core for core, _ in cores])
    return _generously(question, ladders, cores, ask)


def _gently(asked: Question, ladders: Ladders, choice: Choice, answer: Resolution, ask: Resolver) -> Resolution:
    """The same moves, but those that only move along take no bigger step than they must (the first few are asked to)."""
    stood = {name: rungs[-1].prefer for name, rungs in ladders.items()}
    wished = {name: ladders[name][choice.get(name, 0)].gentle for name in sorted(answer.versions.keys() & ladders.keys())}
    for name in [name for name, bound in wished.items() if not parse.admits(bound, answer.versions[name])][:_GENTLY]:
        bounded = replace(asked, constraints=(*asked.constraints, f"{name}{wished[name]}"))
        tried = ask.resolve(bounded)
        if tried.solved and _changed(tried, stood) <= _changed(answer, stood) and _kept(tried, stood) <= _kept(answer, stood):
            asked, answer = bounded, tried
    return answer


def _changed(answer: Resolution, stood: Mapping[str, str | None]) -> set[str]:
    return {name for name, version in answer.versions.items() if not same(version, stood.get(name, version))}


def _kept(answer: Resolution, stood: Mapping[str, str | None]) -> set[str]:
    return answer.versions.keys() & stood.keys()


def _generously(
    question: Question, ladders: Ladders, cores: list[tuple[Core, tuple[Conflict, ...]]], ask: Resolver
) -> Cured | None:
    """Everything may move along, and as many cures as fit together are taken: what is refused is tried by halves."""
    choice = {name: len(rungs) - 1 for name, rungs in ladders.items()}
    wished = {name: 0 for name, rungs in ladders.items() if rungs[0].cure}
    groups, best = [tuple(sorted(wished))], None
    while groups:
        group = groups.pop()
        tried = {**choice, **{name: wished[name] for name in group}}
        answer = ask.resolve(_asked(question, ladders, tried))
        if answer.solved:
            choice, best = tried, answer
        elif len(group) > 1:
            groups += [group[len(group) // 2 :], group[: len(group) // 2]]
        else:
            name = group[0]
            cores.append((((name, wished[name]),), answer.conflicts))
            wished[name] += 1
            groups += [group] if ladders[name][wished[name]].cure else []
    best = best or ask.resolve(_asked(question, ladders, choice))
    return Cured(resolution=best, refused=_refused(ladders, choice, cores)) if best.solved else None


def _asked(question: Question, ladders: Ladders, choice: Choice) -> Question:
    rungs = {name: ladders[name][choice.get(name, 0)] for name in sorted(ladders)}
    return replace(
        question,
        pins=tuple((name, rung.prefer) for name, rung in rungs.items() if rung.prefer is not None),
        constraints=(*question.constraints, *(text for rung in rungs.values() for text in rung.constraints)),
    )


def _core(conflicts: Iterable[Conflict], ladders: Ladders, choice: Choice) -> Core:
    """Those of whom one has to step down; everybody who can, where the refusal names nobody."""
    able = {name for name, rungs in ladders.items() if choice.get(name, 0) < len(rungs) - 1}
    named = _names(conflicts) & able or able
    return tuple((name, choice.get(name, 0)) for name in sorted(named))


def _names(conflicts: Iterable[Conflict]) -> set[str]:
    return {name for conflict in conflicts for name in (conflict.name, _asker(conflict))}


def _asker(conflict: Conflict) -> str:
    parsed = parse.requirement(conflict.by) if conflict.by else None
    return parse.normalise(parsed.name) if parsed else conflict.by


def _cheapest(ladders: Ladders, cores: list[Core]) -> Choice:
    """The cheapest steps down that answer every refusal (best first; after so many tries the best until then goes on alone)."""
    waiting: list[tuple[int, tuple[tuple[str, int], ...]]] = [(0, ())]
    known: set[tuple[tuple[str, int], ...]] = {()}
    for tried in range(_STATES * 10):
        cost, steps = heapq.heappop(waiting)
        choice = dict(steps)
        open_core = next((core for core in cores if all(_covers(ladders[n], at, choice.get(n, 0)) for n, at in core)), None)
        if open_core is None:
            return choice
        if tried > _STATES:
            waiting, known = [], set()
        for name, refused in open_core:
            rungs, stood = ladders[name], choice.get(name, 0)
            below = next(rung for rung in range(stood + 1, len(rungs)) if not _covers(rungs, refused, rung))
            more = tuple(sorted({**choice, name: below}.items()))
            if more not in known:
                known.add(more)
                heapq.heappush(waiting, (cost + rungs[below].cost - rungs[stood].cost, more))
    return {name: len(rungs) - 1 for name, rungs in ladders.items()}


def _covers(rungs: tuple[Rung, ...], refused: int, rung: int) -> bool:
    """Whether the refusal of a rung is one of another, for it allows no more."""
    return rung == refused or (rung < refused and not rungs[refused].apart)


def _refused(
    ladders: Ladders, choice: Choice, cores: list[tuple[Core, tuple[Conflict, ...]]]
) -> dict[str, tuple[Conflict, ...]]:
    """What stood in the way of each cure that was given up."""
    found: dict[str, tuple[Conflict, ...]] = {}
    for name, rung in choice.items():
        if rung and ladders[name][0].cure:
            found[name] = tuple(_said(name, rung, cores))
    return found


def _said(name: str, rung: int, cores: list[tuple[Core, tuple[Conflict, ...]]]) -> Iterator[Conflict]:
    for core, conflicts in cores:
        if any(other == name and at < rung for other, at in core):
            yield from conflicts
