"""Culprit search in random worlds: runs against the bounds and against other ways, and whether what it says is exact.

Usage: python -m bench.worlds [--seed 1] [--worlds 200] [--exact 10000] [--flaky 2000]

Drives the search of the steadypin that is importable; no test is executed anywhere. A run is one execution of the tests,
baseline and everything-at-once included, the confirming run not. A set that the resolver refuses ("refused") costs a question
to the resolver and no run: it is knowledge, not a red answer. Both are counted, for the peer as well. "delta" is plain delta
debugging (ddmin), repeated until the rest is green; "memory" is the same with a memory of the sets it has tried. It has the
same duties at the end, since a peer that does less is no peer: what it holds is tried on top of what it keeps, alone and in
pairs, and what passes is kept. "1 by 1" raises one change after the other on top of what was green and proves nothing more.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import comb, log2
from random import Random
from statistics import mean

from steadypin.model.trial import Verdict
from steadypin.trials.culprits import SearchResult, search

Moved = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class World:
    """What happens when a set of changes moves. A mask is red while only a part of it moves."""

    names: tuple[str, ...]
    singles: Moved = frozenset()
    conjunctions: tuple[Moved, ...] = ()
    masks: tuple[Moved, ...] = ()
    cures: tuple[tuple[str, str], ...] = ()  # the first is red unless the second moves too
    coupled: tuple[Moved, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()  # without the second the first cannot be resolved
    nothing_resolves: bool = False
    flaky: float = 0.0
    hints: dict[str, float] = field(default_factory=dict)

    def resolves(self, moved: Moved) -> bool:
        if self.nothing_resolves and moved:
            return False
        split = any(0 < len(moved & group) < len(group) for group in self.coupled)
        return not split and all(other in moved for name, other in self.needs if name in moved)

    def red(self, moved: Moved) -> bool:
        return (
            bool(moved & self.singles)
            or any(group <= moved for group in self.conjunctions)
            or any(0 < len(moved & group) < len(group) for group in self.masks)
            or any(name in moved and cure not in moved for name, cure in self.cures)
        )

    def guilty(self) -> Moved:
        """Every change that has a part in some breakage."""
        return self.singles.union(*self.conjunctions, *self.masks, (name for name, _ in self.cures))

    def units(self, names: Iterable[str]) -> set[Moved]:
        return {next((group for group in self.coupled if name in group), frozenset({name})) for name in names}


@dataclass(kw_only=True)
class Drive:
    """One search, driven to its end."""

    runs: int = 0
    refused: int = 0
    asked: list[tuple[Moved, Verdict]] = field(default_factory=list)
    result: SearchResult = field(default_factory=SearchResult)
    seconds: float = 0.0


def answer(world: World, moved: Moved, random: Random) -> Verdict:
    """What a runner says that reruns what failed: chance red twice is FAILED, once is FLAKY."""
    if not world.resolves(moved):
        return Verdict.UNRESOLVED
    if world.red(moved):
        return Verdict.FAILED
    if random.random() >= world.flaky:
        return Verdict.PASSED
    return Verdict.FAILED if random.random() < world.flaky else Verdict.FLAKY


def drive(world: World, random: Random, *, thorough: bool = False) -> Drive:
    done, started = Drive(), time.perf_counter()
    steps = search(world.names, coupled=world.coupled, hints=world.hints or None, thorough=thorough)
    try:
        moved = next(steps)
        while True:
            verdict = answer(world, moved, random)
            done.runs += verdict is not Verdict.UNRESOLVED
            done.refused += verdict is Verdict.UNRESOLVED
            done.asked.append((moved, verdict))
            moved = steps.send(verdict)
    except StopIteration as stop:
        done.result, done.seconds = stop.value, time.perf_counter() - started
    return done


# --- is it exact?


UNTRIED = "a pair of held ones was not tried"
UNSAID = "a culprit needs company that is not named"
"""What the limit on runs may leave open, where three or more of few are held and nothing else was seen."""


def faults(world: World, done: Drive) -> Iterator[str]:
    """What a noise-free search said that is not so, or did not prove."""
    result, kept = done.result, done.result.kept
    answers = dict(done.asked)
    if kept | result.held != frozenset(world.names) or kept & result.held:
        yield "kept and held are not a partition"
    if answers.get(kept) is not Verdict.PASSED:
        yield "kept was not seen green as a whole"
    for unit in world.units(result.held):
        if world.resolves(kept | unit) and not world.red(kept | unit):
            yield "not maximal"
    for one, other in combinations(world.units(result.held), 2):
        if world.resolves(kept | one | other) and not seen_red(one | other, result, done):
            yield UNTRIED
    for culprit in result.culprits:
        yield from culprit_faults(world, culprit, done)
    blamed = frozenset[str]().union(*result.culprits) | result.unresolved | result.undecided
    if not result.held <= blamed:
        yield "a held change is not explained"
    for place, (moved, _) in enumerate(done.asked):
        if any(before == moved and verdict not in (Verdict.FAILED, Verdict.FLAKY) for before, verdict in done.asked[:place]):
            yield "the same question twice"


def culprit_faults(world: World, culprit: Moved, done: Drive) -> Iterator[str]:
    if not seen_red(culprit & done.result.held, done.result, done):
        yield "a culprit was not seen red on top of what is kept"
    if world.resolves(culprit) and not world.red(culprit):
        yield UNSAID
    for unit in world.units(culprit):
        if world.resolves(culprit - unit) and world.red(culprit - unit):
            yield "a culprit is not minimal"


def seen_red(held: Moved, result: SearchResult, done: Drive) -> bool:
    return (result.kept | held, Verdict.FAILED) in done.asked


# --- the peers' ways


def delta(world: World, *, memory: bool) -> tuple[int, int]:
    """Runs and refused sets of delta debugging: find a minimal red set, hold one of it, go on until the rest is green."""
    seen: dict[Moved, bool | None] = {}
    runs = refused = 0

    def red(units: Sequence[Moved]) -> bool | None:
        """None where it is refused."""
        nonlocal runs, refused
        moved = frozenset[str]().union(*units)
        resolves = world.resolves(moved)
        if not memory or moved not in seen:
            runs += resolves
            refused += not resolves
        return seen.setdefault(moved, world.red(moved) if resolves else None)

    def fails(units: Sequence[Moved]) -> bool:
        return red(units) is True

    def stuck(units: Sequence[Moved]) -> bool:
        return red(units) is not False

    moving, held = sorted(world.units(world.names), key=sorted), list[Moved]()
    red([])
    while moving and (broken := red(moving)) is not False:
        culprit = ddmin(moving, fails if broken else stuck)[0]
        moving.remove(culprit)
        held.append(culprit)
    while passing := next((some for some in singles_and_pairs(held) if not stuck([*moving, *some])), ()):
        moving += passing
        held = [unit for unit in held if unit not in passing]
    return runs, refused


def singles_and_pairs(units: Sequence[Moved]) -> Iterator[tuple[Moved, ...]]:
    yield from combinations(units, 1)
    yield from combinations(units, 2)


def ddmin(units: list[Moved], red: Callable[[Sequence[Moved]], bool]) -> list[Moved]:
    """Zeller and Hildebrandt's ddmin."""
    parts = 2
    while len(units) > 1:
        size = len(units) / parts
        chunks = [units[round(i * size) : round((i + 1) * size)] for i in range(parts)]
        rests = [[unit for unit in units if unit not in chunk] for chunk in chunks] if parts > 2 else []
        smaller = next(filter(red, chunks), None)
        rest = next(filter(red, rests), None) if smaller is None else None
        if smaller is not None:
            units, parts = smaller, 2
        elif rest is not None:
            units, parts = rest, max(parts - 1, 2)
        elif parts < len(units):
            parts = min(len(units), 2 * parts)
        else:
            break
    return units


# --- worlds


def names_of(n: int) -> tuple[str, ...]:
    return tuple(f"p{number:03}" for number in range(n))


def singles(random: Random, n: int, k: int, *, flaky: float = 0.0) -> World:
    names = names_of(n)
    return World(names=names, singles=frozenset(random.sample(names, k)), flaky=flaky)


def hinted(random: Random, n: int, k: int) -> World:
    """Hints as tracebacks give them: a culprit is among them in seven of ten worlds, next to a bystander."""
    world = singles(random, n, k)
    right = [name for name in sorted(world.singles) if random.random() < 0.7]
    wrong = random.sample(sorted(set(world.names) - world.singles), 1)
    return World(names=world.names, singles=world.singles, hints=dict.fromkeys([*right, *wrong], 3.0))


def picked(random: Random, names: Sequence[str], size: int) -> Moved:
    return frozenset(random.sample(names, size))


def conjunctions(random: Random, n: int) -> World:
    """Up to two singles and one or two pairs that break only together; they may overlap."""
    names = names_of(n)
    pairs = tuple(picked(random, names, 2) for _ in range(random.randint(1, 2)))
    return World(names=names, singles=picked(random, names, random.randint(0, 2)), conjunctions=pairs)


def masks(random: Random, n: int) -> World:
    """Up to two singles and a pair that is red unless both move."""
    names = names_of(n)
    pair = picked(random, names, 2)
    rest = [name for name in names if name not in pair]
    return World(names=names, singles=picked(random, rest, random.randint(0, 2)), masks=(pair,))


def families(random: Random, n: int) -> World:
    """Three that are red unless all of them move, and perhaps a single."""
    names = names_of(n)
    chosen = random.sample(names, 4)
    return World(names=names, singles=frozenset(chosen[3 : 3 + random.randint(0, 1)]), masks=(frozenset(chosen[:3]),))


def mixed(random: Random, n: int) -> World:
    """Singles, conjunctions of two or three, a mask or a one-sided mask and a coupled set, each from none to two."""
    names = names_of(n)
    alone = picked(random, names, random.randint(0, 2))
    together = tuple(picked(random, names, random.choice((2, 2, 3))) for _ in range(random.randint(0, 2)))
    free = [name for name in names if name not in alone.union(*together)]
    random.shuffle(free)
    pair, free = free[:2], free[2:]
    shape = random.choice(("none", "mask", "cure")) if len(pair) == 2 else "none"
    coupled = (frozenset(free[:3]),) if len(free) >= 3 and random.random() < 0.4 else ()
    return World(
        names=names,
        singles=alone | (frozenset(free[:1]) if coupled and random.random() < 0.3 else frozenset()),
        conjunctions=together,
        masks=(frozenset(pair),) if shape == "mask" else (),
        cures=((pair[0], pair[1]),) if shape == "cure" else (),
        coupled=coupled,
    )


def refusing(random: Random, n: int) -> World:
    """Up to two singles, up to three needs and sometimes a pair that only moves together, all unknown to the search."""
    names = names_of(n)
    needs = [tuple(random.sample(names, 2)) for _ in range(random.randint(1, 3))]
    if random.random() < 0.4:
        one, other = random.sample(names, 2)
        needs += [(one, other), (other, one)]
    return World(names=names, singles=picked(random, names, random.randint(0, 2)), needs=tuple((a, b) for a, b in needs))


def hopeless(random: Random, n: int) -> World:
    return World(names=names_of(n), nothing_resolves=True)


# --- tables

OTHERS = (conjunctions, masks, families, mixed, refusing, hopeless)


def bar(n: int, k: int) -> float:
    """The promise: mean runs in worlds of singles, for k up to three."""
    return 1.2 * (2 + log2(comb(n, k))) + 1 + k / 2 + k * (k - 1) / 2 if k else 2.0


def show_singles(random: Random, worlds: int) -> bool:
    titles = ("mean", "bar", "worst", "bound", "hinted", "saved", "delta", "1 by 1", "ms")
    print(f"{'singles':<14}{'n':>4}{'k':>3}" + "".join(f"{title:>8}" for title in titles))
    saved, fine = list[float](), True
    for n in (10, 30, 100, 300):
        for k in range(6):
            made = [singles(random, n, k) for _ in range(worlds)]
            done = [drive(world, random) for world in made]
            runs, limit = [one.runs for one in done], n + 3 + k + comb(k, 2)
            promised = bar(n, k) if k <= 3 else float("nan")
            helped = mean(drive(hinted(random, n, k), random).runs for _ in range(worlds))
            plain = mean(delta(world, memory=False)[0] for world in made[:50])
            spent = 1000 * sum(one.seconds for one in done) / sum(runs)
            less = 1 - helped / mean(runs)
            saved += [less] if 0 < k <= 3 else []
            numbers = (mean(runs), promised, max(runs), limit, helped, less, plain, n + 2, spent)
            over = max(runs) > limit or mean(runs) > promised
            fine = fine and not (over and k <= 3)
            print(f"{'':<14}{n:>4}{k:>3}" + "".join(f"{number:>8.2f}" for number in numbers) + (" over" if over else ""))
    print(f"hints that name a culprit with 70 % recall save {mean(saved):.0%} of the runs where there are one to three")
    return fine and mean(saved) >= 0.2


def show_others(random: Random, worlds: int) -> None:
    titles = ("mean", "worst", "refused", "delta", "refused", "ratio", "memory", "ratio")
    print(f"\n{'others':<14}{'n':>4}" + "".join(f"{title:>9}" for title in titles))
    for make in OTHERS:
        for n in (10, 30, 100, 300):
            made = [make(random, n) for _ in range(1 if make is hopeless else worlds if n < 300 else worlds // 4)]
            done = [drive(world, random) for world in made]
            runs, refused = mean(one.runs for one in done), mean(one.refused for one in done)
            plain, stuck = (mean(numbers) for numbers in zip(*(delta(world, memory=False) for world in made), strict=True))
            clever = mean(delta(world, memory=True)[0] for world in made)
            numbers = (runs, max(one.runs for one in done), refused, plain, stuck, runs / plain, clever, runs / clever)
            print(f"{make.__name__:<14}{n:>4}" + "".join(f"{number:>9.2f}" for number in numbers))


def show_exact(random: Random, worlds: int) -> bool:
    """Faults in noise-free worlds of every kind, with the run limit and without."""
    clean = True
    for thorough in (False, True):
        found: Counter[str] = Counter()
        for _ in range(worlds):
            n = random.choice((10, 10, 30, 30, 100, 300))
            world = random.choice((mixed, mixed, conjunctions, masks, families, refusing))(random, n)
            found.update(set(faults(world, drive(world, random, thorough=thorough))))
        said = ", ".join(f"{fault}: {count}" for fault, count in sorted(found.items())) or "exact in all"
        print(f"\n{worlds} noise-free worlds, {'thorough' if thorough else 'runs limited'}: {said}")
        clean = clean and not found.keys() - (set() if thorough else {UNSAID, UNTRIED})
    return clean


def show_flaky(random: Random, worlds: int) -> bool:
    clean = True
    for rate in (0.01, 0.05):
        for kind, made in (
            ("singles", [singles(random, 30, random.randint(0, 2), flaky=rate) for _ in range(worlds)]),
            ("mixed", [replace(mixed(random, random.choice((10, 30))), flaky=rate) for _ in range(worlds)]),
        ):
            done = [drive(world, random) for world in made]
            blamed = sum(bool(innocents(world, one.result)) for world, one in zip(made, done, strict=True))
            red = sum(world.red(one.result.kept) for world, one in zip(made, done, strict=True))
            said = f"an innocent blamed in {blamed} of {worlds} worlds, a red set kept in {red}"
            print(f"{rate:.0%} of green runs turn red, {kind}: {said}, {mean(one.runs for one in done):.1f} runs")
            clean = clean and blamed <= worlds * 0.005 and not red
    return clean


def innocents(world: World, result: SearchResult) -> Moved:
    """What is blamed though it has a part in no breakage; a change that is coupled to a guilty one is not innocent."""
    guilty = world.guilty().union(*map(frozenset, world.cures))
    return frozenset[str]().union(*result.culprits).difference(*(unit for unit in world.units(world.names) if unit & guilty))


def main() -> int:
    parser = argparse.ArgumentParser(description="Culprit search in random worlds")
    for option, default in (("--seed", 1), ("--worlds", 200), ("--exact", 10_000), ("--flaky", 2_000)):
        parser.add_argument(option, type=int, default=default)
    options = parser.parse_args()
    random = Random(options.seed)
    fine = [show_singles(random, options.worlds)]
    show_others(random, options.worlds)
    fine += [show_exact(random, options.exact), show_flaky(random, options.flaky)]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
