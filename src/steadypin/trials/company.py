"""With whom a change breaks the tests that passes alone, and with whom one passes that breaks them alone. Pure.

A smallest such company is found by bisection over a preference order (QuickXplain: U. Junker, AAAI 2004), and believed only as
far as it was seen.
"""

from __future__ import annotations

from collections.abc import Generator

from steadypin.model.trial import Verdict
from steadypin.trials.ledger import Ledger
from steadypin.trials.posterior import bits, union

GREEN, RED = Verdict.PASSED, Verdict.FAILED
COMPANY = 6  # changes that a culprit needs beside it, at most
DETOURS = 6  # searches for the company of one culprit, each without what misled the one before
MANY = 2  # a company of more is doubted until it was red twice

Asking = Generator[frozenset[str], Verdict, None]
Finding = Generator[frozenset[str], Verdict, int]


def explain(ledger: Ledger, unit: int) -> Asking:
    """Explain a unit that passes alone and fails on top of what is kept: by its company, or by chance."""
    red = ledger.kept | unit
    if ledger.flaky and (yield from ledger.ask_again(red)) is not RED:
        return
    found = yield from _company(ledger, unit)
    if found:
        ledger.companies[unit] = found
    elif ledger.reds[red] == 1:
        yield from ledger.ask_again(red)


def _company(ledger: Ledger, unit: int) -> Finding:
    """A smallest red set of `unit` and kept units of which no part is red; 0 where none is found.

    A kept unit that is masked by another one misleads: it is red because its partner stays, not because of `unit`. Such
    units are put last and the search is repeated.
    """
    masked = 0
    for _ in range(DETOURS):
        among = ledger.kept if masked else _least_red(ledger, unit)
        fine = union(green for green in ledger.of(GREEN) if green & unit) & among & ~masked
        order = [*bits(fine), *bits(among & ~fine & ~masked), *bits(masked)]
        found = yield from _shortest(ledger, unit, order, RED)
        for other in bits(found & ~unit) if found.bit_count() > 2 else ():
            if (yield from ledger.ask(found & ~other)) is RED:
                found &= ~other
        others = found & ~unit
        if not others:
            return 0
        if (yield from ledger.ask(others)) is not RED:
            if (yield from _stands(ledger, found)):
                return found
            continue
        if not others & ~masked:
            return 0
        masked |= others
    return 0


def _least_red(ledger: Ledger, unit: int) -> int:
    """The kept units of the smallest set that was red with this unit as its only held one."""
    reds = (red & ledger.kept for red in ledger.of(RED) if red & ~ledger.kept == unit)
    return min(reds, key=int.bit_count, default=ledger.kept)


def _stands(ledger: Ledger, found: int) -> Generator[frozenset[str], Verdict, bool]:
    """Whether a company is believed: one of many, or in a suite that is flaky, must be red twice."""
    doubted = (ledger.flaky or found.bit_count() > MANY) and ledger.reds[found] == 1
    return not doubted or (yield from ledger.ask_again(found)) is RED


def _shortest(ledger: Ledger, base: int, order: list[int], wanted: Verdict) -> Finding:
    """Grow `base` by as few units of `order` as give the answer `wanted`, each found by bisection; 0 where few do not.

    When nothing less than all of them does, one run is all the evidence there is: it is repeated before it is believed.
    """
    whole = base | union(order)
    for _ in range(min(COMPANY, len(order))):
        low, high = 0, len(order)
        while high - low > 1:
            middle = (low + high) // 2
            answer = yield from _infer(ledger, base | union(order[:middle]), wanted)
            low, high = (low, middle) if answer is wanted else (middle, high)
        if (
            base | union(order[:high]) == whole
            and ledger.reds.get(whole) == 1
            and (yield from ledger.ask_again(whole)) is not RED
        ):
            return 0
        base |= order[high - 1]
        order = order[: high - 1]
        if (yield from ledger.ask(base)) is wanted:
            return base
    return 0


def _infer(ledger: Ledger, mask: int, wanted: Verdict) -> Generator[frozenset[str], Verdict, Verdict]:
    """The answer for a set on the way to a red one: part of what passed is taken to pass; the end of the way is tried."""
    if wanted is RED and not ledger.asked(mask) and any(mask & green == mask for green in ledger.of(GREEN)):
        return GREEN
    return (yield from ledger.ask(mask))


def unmask(ledger: Ledger) -> Asking:
    """Kept units that fail alone: with whom do they pass? Most often with each other; only a thorough search asks strangers."""
    alone = union(unit for unit in bits(ledger.kept) if ledger.answers.get(unit) is RED)
    mates = alone.bit_count() > 1 and (yield from ledger.ask(alone)) is GREEN
    for unit in bits(alone if mates or not ledger.rationed else 0):
        if not any(unit & group for group in ledger.together):
            found = yield from _shortest(ledger, unit, list(bits((alone if mates else ledger.kept) & ~unit)), GREEN)
            ledger.together += [found] if found else []
