"""Who is guilty, as far as the runs so far tell: probabilities, and the next question that is worth most.

Units (changes that move together count as one) are numbered; a set of units is an int used as a bit mask. The model is
deliberately simple: a unit breaks the tests by itself, or does not. How many are guilty is not known; every number has a
prior chance (`likely_count`), and among the sets of one size each is as likely as the product of its units' shares. A
red group says "at least one of these"; several such groups are combined by inclusion and exclusion, which is exact. The
sums over all guilty sets of one size are elementary symmetric polynomials, so 300 units cost microseconds.

Worlds where the model is wrong (breakages that need two changes, changes that mask each other) cost runs, never truth: the
search in `culprits` believes only what it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain
from math import log2, sqrt
from operator import or_

from steadypin.values import dataclass, field

COUNTS = (0.05, 0.25, 0.4, 0.6)  # relative chances of 0, 1, 2, 3 guilty units before the first run: set so that all stay cheap
TAIL = 0.1  # each one more is as likely as the one before, times this
DEGREE = 7  # guilty units looked ahead beyond those known
CROWD = 4  # red groups looked at together; more are rare, and the smallest ones say most
CLOSE = 4  # units of the smallest red group that are looked at one by one
SAVED = 0.2  # what a run is worth that the proof at the end would need anyway
NOISE = 0.05  # what is thought of the suite's flakiness, counted as so many flaky runs in one
ORDERS = 4  # ways to halve that are looked at beside the natural one, once sets are refused
GOLDEN = (sqrt(5) - 1) / 2  # its multiples spread evenly (mod 1), so each turn shuffles in another way, without chance


def bits(mask: int) -> Iterator[int]:
    """Each unit of `mask` as a mask of its own, lowest first."""
    while mask:
        low = mask & -mask
        yield low
        mask ^= low


def union(masks: Iterable[int]) -> int:
    """All units that are in any of `masks`."""
    found = 0
    for mask in masks:
        found |= mask
    return found


def likely_count(count: int) -> float:
    """Relative prior chance that `count` units are guilty."""
    last = len(COUNTS) - 1
    return COUNTS[count] if count <= last else COUNTS[last] * TAIL ** (count - last)


def surprise(green: float) -> float:
    """Bits that a run is expected to tell when `green` is its probability to pass."""
    if not 0 < green < 1:
        return 0.0
    return -green * log2(green) - (1 - green) * log2(1 - green)


def certainty(*, flaky: int, green: int, red: int) -> float:
    """One minus the chance that each of so many red answers was one by accident, judged by how many of the other runs were
    flaky; the runner reruns what failed, so each would be two accidents in a row."""
    return 1 - ((flaky + NOISE) / (flaky + green + 1)) ** (2 * red)


@dataclass(frozen=True, kw_only=True)
class Prior:
    """How suspect each unit is before the first run; the shares add up to 1."""

    shares: tuple[float, ...]
    _known: dict[tuple[int, ...], list[float]] = field(default_factory=dict)

    @cached_property
    def _classes(self) -> tuple[tuple[float, int], ...]:
        """Units of equal share, as masks: there are few, so counting bits replaces walking through units."""
        classes: dict[float, int] = {}
        for number, share in enumerate(self.shares):
            classes[share] = classes.get(share, 0) | 1 << number
        return tuple(classes.items())

    @cached_property
    def sizes(self) -> list[float]:
        """Sum of the products of shares over all sets of 0, 1, 2, … units: what a set's chance is divided by."""
        return _expand(tuple((share, members.bit_count()) for share, members in self._classes), len(self.shares))

    def sums(self, mask: int) -> list[float]:
        """The same over the sets within `mask`, up to `DEGREE` units."""
        key = tuple((members & mask).bit_count() for _, members in self._classes)
        if key not in self._known:
            self._known[key] = _expand([(share, count) for (share, _), count in zip(self._classes, key, strict=True)], DEGREE)
        return self._known[key]

    def ordered(self, mask: int) -> list[int]:
        """The units of `mask`, the most suspect first."""
        return sorted(bits(mask), key=lambda unit: -self.shares[unit.bit_length() - 1])


def _expand(classes: Iterable[tuple[float, int]], degree: int) -> list[float]:
    """Coefficients of the product of (1 + share z)^count, up to `degree`."""
    product = [1.0]
    for share, count in classes:
        factor = [1.0]
        for power in range(min(count, degree)):
            factor.append(factor[-1] * share * (count - power) / (power + 1))
        product = _multiply(product, factor, degree)
    return product


def _multiply(one: list[float], other: list[float], degree: int) -> list[float]:
    product = [0.0] * min(len(one) + len(other) - 1, degree + 1)
    for i, left in enumerate(one):
        for j, right in enumerate(other[: len(product) - i]):
            product[i + j] += left * right
    return product


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is held true after some runs: `clean`, `guilty` and `suspects` part the units; each of `groups` has a guilty one."""

    prior: Prior
    clean: int
    guilty: int
    suspects: int
    groups: tuple[int, ...]

    @cached_property
    def _unions(self) -> tuple[tuple[int, int], ...]:
        """Inclusion and exclusion over the red groups: signs and unions."""
        unions = [(1, 0)]
        for group in sorted(self.groups, key=int.bit_count)[:CROWD]:
            unions += [(-sign, known | group) for sign, known in unions]
        return tuple(unions)

    @cached_property
    def _counts(self) -> tuple[float, ...]:
        """Weight of one guilty set with 0, 1, 2, … units more than those known."""
        known, sizes = self.guilty.bit_count(), self.prior.sizes
        return tuple(likely_count(size) / sizes[size] for size in range(known, min(known + DEGREE + 1, len(sizes))))

    def _weight(self, innocent: int, counts: Sequence[float]) -> float:
        """Weight of all guilty sets that spare `innocent` and explain each red group."""
        total = 0.0
        for sign, known in self._unions:
            sums = self.prior.sums(self.suspects & ~(known | innocent))
            total += sign * sum(count * size for count, size in zip(counts, sums, strict=False))
        return total

    @cached_property
    def _all(self) -> float:
        return self._weight(0, self._counts)

    def innocent(self, mask: int) -> float:
        """Probability that nothing in `mask` is guilty."""
        if mask & self.guilty:
            return 0.0
        if self._all <= 0:
            return 0.5
        return min(1.0, max(0.0, self._weight(mask & self.suspects, self._counts) / self._all))

    def at_most(self, count: int) -> float:
        """Probability that at most so many guilty units are still unknown."""
        if count < 0:
            return 0.0
        return min(1.0, self._weight(0, self._counts[: count + 1]) / self._all) if self._all > 0 else 1.0

    @cached_property
    def nearly_done(self) -> float:
        """Probability that at most two guilty units are still unknown."""
        return self.at_most(2)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The next question.

    `floor` moves in every group that is tried, `ground` in every run for a single unit. `asked` and `odds` say of a set
    whether it was tried already, and how likely it can be tried at all. `proves`: a culprit that is found alone needs no run
    more for its proof; `shuffled`, where it is not 0, numbers more ways to halve, for worlds that refuse sets.
    """

    belief: Belief
    everything: int
    floor: int
    ground: int
    asked: Callable[[int], bool]
    odds: Callable[[int], float]
    proves: bool = False
    shuffled: int = 0

    def best(self) -> int | None:
        """The set that is worth most, or None when nothing is left to learn."""
        scored = [(self._worth(mask, saved), -turn, mask) for turn, (mask, saved) in enumerate(self._candidates())]
        return max(scored)[2] if scored else None

    def _worth(self, mask: int, saved: float) -> float:
        """Bits and runs that this set is worth. Its odds count less than fully: a set that is refused costs no run."""
        return (surprise(self.belief.innocent(mask)) + saved) * sqrt(self.odds(mask))

    def _candidates(self) -> Iterator[tuple[int, float]]:
        for mask, saved in chain(self._wanted(), self._halves()):
            if not self.asked(mask) and (saved or 0 < self.belief.innocent(mask) < 1):
                yield mask, saved

    def _wanted(self) -> Iterator[tuple[int, float]]:
        """Sets that the proof at the end is likely to need, with the runs that trying them now is likely to save."""
        belief = self.belief
        rest = self.everything & ~belief.guilty
        yield rest, belief.nearly_done
        pool = min(belief.groups, key=int.bit_count, default=belief.suspects)
        finishing = SAVED * belief.nearly_done if self._may_finish else 0.0
        for unit in belief.prior.ordered(pool)[:CLOSE]:
            yield self.ground | unit, (1 - belief.innocent(unit)) * SAVED if self.proves and not self.ground else 0.0
            yield rest & ~unit, (1 - belief.innocent(unit)) * finishing

    @property
    def _may_finish(self) -> bool:
        """Whether a guess at the last culprit is worth trying. The first may be the only one; the third of a few is found
        and proved in one run; any other that is red tells nothing of changes that mask each other."""
        known, few = self.belief.guilty.bit_count(), self.belief.suspects.bit_count() <= CLOSE
        return known == 0 or (known == 2 and few)

    def _halves(self) -> Iterator[tuple[int, float]]:
        for pool in (*self.belief.groups, self.belief.suspects):
            for order in self._orders(pool):
                for part in self._prefixes(order):
                    yield self.floor | part, 0.0

    def _orders(self, pool: int) -> Iterator[list[int]]:
        order = self.belief.prior.ordered(pool)
        yield order
        if self.shuffled:
            yield order[::-1]
            for turn in range(self.shuffled, self.shuffled + ORDERS):
                yield sorted(order, key=lambda unit: (turn * unit.bit_length() * GOLDEN) % 1)

    def _prefixes(self, order: list[int]) -> list[int]:
        """The two prefixes whose chance to pass is nearest to one half, found by halving."""
        sets = list(accumulate(order, or_))
        low, high = 0, len(sets)
        while low < high:
            middle = (low + high) // 2
            if self.belief.innocent(sets[middle]) > 0.5:
                low = middle + 1
            else:
                high = middle
        return sets[max(0, low - 1) : low + 1]
