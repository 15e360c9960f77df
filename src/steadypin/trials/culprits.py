"""Which changes turn the tests red? A search that asks for sets to try and never tries anything itself.

`search` is a generator: it yields the set of changes that shall move in the next run and is sent a `Verdict`. It does no
I/O, looks at no clock and draws no random number: the same changes and the same answers give the same questions, so a
runner, a simulator and a resumed journal drive it alike. It stands on these:

* Adaptive group testing. With k guilty among n, log2 C(n, k) yes-or-no answers are needed at least; generalised binary
  splitting comes close (F. K. Hwang, "A method for detecting all defective members in a population by group testing",
  Journal of the American Statistical Association 67, 1972; a survey is M. Aldridge, O. Johnson and J. Scarlett, "Group
  testing: an information theory perspective", Foundations and Trends in Communications and Information Theory 15, 2019).
  k is unknown here, so each group is the one whose answer is expected to tell most under a posterior over all guilty
  sets (`posterior`, in the manner of D. V. Lindley, "On a measure of the information provided by an experiment", Annals of
  Mathematical Statistics 27, 1956), plus what a run saves that the proof at the end would need anyway.
* Delta debugging: answers may be unresolved, breakages may need several changes at once, and the outcome of a search is a
  set of which nothing can be left out (A. Zeller and R. Hildebrandt, "Simplifying and isolating failure-inducing input",
  IEEE Transactions on Software Engineering 28, 2002).
* QuickXplain: the partners of a change that breaks only in company are found by bisection over a preference order (U.
  Junker, "QuickXplain: preferred explanations and relaxations for over-constrained problems", AAAI 2004).

Three phases follow the baseline and the run with everything.

1. **Narrow.** Guess by the posterior, under the simple assumption that every culprit breaks the tests alone. As soon as two
   answers contradict that, believe only sets that have passed as a whole and go on from the largest of them.
2. **Settle.** Whatever the guess was, what is held is tried again on top of exactly what is kept: in pairs, each alone and in
   families. Anything that passes is kept and the phase starts over. At its end nothing can be added.
3. **Name.** A held change that passes alone breaks only in company: find the company. A kept change that fails alone is
   masked by others: find them. A red answer that nothing explains is doubted and asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb, floor, log2

from steadypin.model.trial import Verdict
from steadypin.trials.company import explain, unmask
from steadypin.trials.ledger import Ledger, OutOfRuns
from steadypin.trials.posterior import Belief, Choice, Prior, bits, certainty, union
from steadypin.values import dataclass

GREEN, RED, REFUSED = Verdict.PASSED, Verdict.FAILED, Verdict.UNRESOLVED
RECALL = 0.7  # how often hints name a culprit
TINY, SMALL = 7, 60  # between these numbers of units, runs that only tell kinds of culprits apart are rationed
DUE = 0.5  # how likely the proof must need a run for it to be made at once
CROWD = 4  # known culprits from which on runs that may not be needed wait while many units are unknown
FEW = 4  # held units up to which no pair is left out
MARGIN = 0.2  # runs by which the mean of three culprits among few units stays below what is promised
FAMILY = 5  # held units up to which sets of three get a second chance
STUCK = 40  # refused sets in a row after which no more is guessed
REFUSALS = 6  # refused sets per unit after which nothing more is tried
UNSURE = 0.9  # confidence in a culprit that was not tried alone

Steps = Generator[frozenset[str], Verdict, "SearchResult"]
Asking = Generator[frozenset[str], Verdict, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search has found out.

    `kept` has passed as a whole; `held` is the rest. Each of `culprits` was seen red on top of what is kept, and no part of
    it breaks the tests by itself; `kinds` (single, conjunction, coupled) and `confidence` (0 to 1) are in the same order.
    `unresolved` are held because they could not be tried on top of what is kept, `undecided` because their runs were flaky
    or not made: neither is blamed. `together` are kept sets that pass only as a whole. `inconclusive` says why nothing was
    searched (the baseline is red, flaky, …) or why the search ended early; it is empty otherwise.
    """

    culprits: tuple[frozenset[str], ...] = ()
    kept: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    confidence: tuple[float, ...] = ()
    kinds: tuple[str, ...] = ()
    unresolved: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()
    together: tuple[frozenset[str], ...] = ()
    inconclusive: str = ""


def search(
    changes: Iterable[str],
    *,
    coupled: Iterable[Collection[str]] = (),
    hints: Mapping[str, float] | None = None,
    thorough: bool = False,
) -> Steps:
    """Find the culprits among `changes`.

    `coupled` are sets of names that only move together (they are never split; overlapping ones are merged), `hints` are
    relative weights above 0 of changes that are suspected, e.g. because a traceback passes through them; other numbers count as
    no suspicion. What is kept is always green and never can be added to by one unit more. With three or more culprits among
    few changes the number of runs is limited, though: then it can remain open whether one of them breaks the tests alone or in
    company with something kept (its kind is "single" and its confidence low), and with five or more not each pair of them
    gets a second chance. `thorough` spends the runs to know, also with whom a kept change passes that fails alone.

    Yields the set that shall move in the next run: first the empty set (the baseline), then everything. To be sent PASSED,
    FAILED, FLAKY (both were seen), UNRESOLVED (this set cannot be tried) or NOT_RUN (try nothing more: the search ends with
    the best that is proved). The same set is asked for again only after FAILED or FLAKY. Returns a `SearchResult`. Raises
    ValueError where `coupled` or `hints` name what is not among the changes.
    """
    names, groups, weights = frozenset(changes), [frozenset(group) for group in coupled], dict(hints or {})
    if unknown := sorted(frozenset(weights).union(*groups) - names):
        raise ValueError(f"not among the changes: {', '.join(unknown)}")
    units = _units(names, groups)
    return _steps(Ledger(units=units, rationed=not thorough), Prior(shares=_shares(units, weights)))


def _steps(ledger: Ledger, prior: Prior) -> Steps:
    try:
        baseline = yield from ledger.ask(0)
        if baseline is not GREEN:
            return _nothing(ledger, f"the baseline is {baseline.value}")
        yield from _explore(ledger, prior)
    except OutOfRuns:
        if not ledger.answers:
            return _nothing(ledger, "the baseline is not-run")
        return _result(ledger, "stopped before everything was tried")
    return _result(ledger, "")


def _nothing(ledger: Ledger, why: str) -> SearchResult:
    return SearchResult(held=ledger.names(ledger.everything), undecided=ledger.names(ledger.everything), inconclusive=why)


def _units(names: frozenset[str], coupled: Iterable[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """What moves as one, ordered by name, so that the order of the arguments changes nothing."""
    unit_of = {name: frozenset({name}) for name in names}
    for group in coupled:
        merged = frozenset[str]().union(*(unit_of[name] for name in group))
        unit_of.update(dict.fromkeys(merged, merged))
    return tuple(sorted(set(unit_of.values()), key=sorted))


def _shares(units: Sequence[frozenset[str]], hints: Mapping[str, float]) -> tuple[float, ...]:
    """The prior: units whose hint stands out share `RECALL` of it by weight, all others share the rest."""
    weights = [sum(_rounded(hints[name]) for name in unit if hints.get(name, 0) > 0) for unit in units]
    middle = sorted(weights)[len(weights) // 2] if weights else 0.0
    outstanding = sum(weight for weight in weights if weight > middle)
    least = min((weight for weight in weights if weight), default=1.0)
    plain = [0.0 if weight > middle else max(weight, least) for weight in weights]
    recall = RECALL if outstanding else 0.0
    return tuple(
        recall * weight / outstanding if weight > middle else (1 - recall) * rest / sum(plain)
        for weight, rest in zip(weights, plain, strict=True)
    )


def _rounded(weight: float) -> float:
    """The next power of two within reason: units of equal weight are counted, not walked through, which keeps 300 cheap."""
    return 2.0 ** round(log2(min(2.0**8, max(2.0**-8, weight))))


def _explore(ledger: Ledger, prior: Prior) -> Asking:
    yield from ledger.ask(ledger.everything)
    if ledger.held:
        yield from _narrow(ledger, prior)
    kept = -1
    while kept != ledger.kept:
        kept = ledger.kept
        yield from _settle(ledger, _second_chances)
        if ledger.simple:
            yield from _settle(ledger, _families)
        yield from _name(ledger)
        yield from _settle(ledger, _families)
    yield from unmask(ledger)


def _room(ledger: Ledger, reserve: int = 0) -> bool:
    """Whether one run more, beside those in reserve, keeps the promise for worlds of singles."""
    n, k = len(ledger.units), ledger.held.bit_count()
    return not ledger.rationed or not ledger.simple or ledger.runs + reserve < n + 3 + k + comb(k, 2)


def _affordable(ledger: Ledger) -> bool:
    """Whether a run that only tells what kind a culprit is keeps the promise, also on average."""
    n, k = len(ledger.units), ledger.held.bit_count()
    if k != 3 or _roomy(ledger) or not ledger.simple:
        return _room(ledger)
    return ledger.runs < floor(1.2 * (2 + log2(comb(n, k))) + 1 + k / 2 + comb(k, 2) - MARGIN)


def _roomy(ledger: Ledger) -> bool:
    """Whether each culprit may be tried alone: among a few dozen units, three culprits leave no run for the last of them."""
    return not ledger.rationed or not TINY < len(ledger.units) < SMALL


# --- narrow: guess by the posterior


def _narrow(ledger: Ledger, prior: Prior) -> Asking:
    """Ask what is worth most until each unit is known clean or guilty: under the model or, once it failed, beyond it."""
    while ledger.in_a_row < STUCK:
        belief = _believe(ledger, prior)
        rest = ledger.everything & ~belief.guilty
        if rest == ledger.kept:
            return
        question = _due(ledger, belief)
        if question is None:
            question = _question(ledger, belief) if belief.suspects else rest
        if question is not None and not ledger.asked(question):
            yield from ledger.ask(question)
        elif ledger.contradicted:
            return
        else:
            ledger.contradicted = True


def _due(ledger: Ledger, belief: Belief) -> int | None:
    """A run that the proof is likely to need whatever else is found: everything without some of the known culprits (the
    second chance of the others), and each culprit alone. The sooner it is made, the sooner a mask or a company shows; the
    fewer stay behind, the more a run that passes decides."""
    known = belief.guilty.bit_count()
    for size in range(max(1, known - 2), known + 1):
        if (size < known and _late(ledger, belief)) or belief.at_most(size + 2 - known) < DUE:
            continue
        for some in _some(belief.guilty, size):
            if not ledger.asked(ledger.everything & ~some):
                return ledger.everything & ~some
    alone = bits(belief.guilty if _roomy(ledger) and not ledger.contradicted else 0)
    return next((unit for unit in alone if not ledger.asked(unit)), None)


def _some(units: int, size: int) -> list[int]:
    """The sets of so many of these units, those first that were found last: what was known before was tried before."""
    return [*map(union, combinations(bits(units), size))][::-1]


def _question(ledger: Ledger, belief: Belief) -> int | None:
    """The next question. Few units are tried in bare groups, so that a culprit that needs company shows by a contradiction;
    many are tried on top of what is clean."""
    bare = len(ledger.units) < SMALL and not ledger.contradicted
    return Choice(
        belief=belief,
        everything=ledger.everything,
        floor=0 if bare else belief.clean,
        ground=ledger.kept if ledger.contradicted else 0,
        asked=ledger.asked,
        odds=ledger.odds,
        proves=_roomy(ledger) or not belief.guilty,
        shuffled=ledger.refusals,
    ).best()


def _late(ledger: Ledger, belief: Belief) -> bool:
    """Whether as many runs were made as units are known: then a group that is red would cost more than it may."""
    return belief.guilty.bit_count() >= CROWD and ledger.simple and ledger.runs - 2 > (belief.clean | belief.guilty).bit_count()


def _believe(ledger: Ledger, prior: Prior) -> Belief:
    """What the answers say if each culprit breaks the tests alone; after a contradiction, what they say on top of `kept`."""
    if not ledger.contradicted:
        clean = union(ledger.of(GREEN))
        groups = {red & ~clean for red in ledger.of(RED)}
        ledger.contradicted = 0 in groups
    if ledger.contradicted:
        clean = ledger.kept
        groups = {red & ~clean for red in ledger.of(RED)} - {0}
    least = [group for group in groups if not any(other != group and other & group == other for other in groups)]
    guilty = union(group for group in least if group.bit_count() == 1)
    return Belief(
        prior=prior,
        clean=clean,
        guilty=guilty,
        suspects=ledger.everything & ~clean & ~guilty,
        groups=tuple(sorted(group for group in least if not group & guilty)),
    )


# --- settle: proof on top of what is kept


def _settle(ledger: Ledger, chances: Callable[[Ledger], Iterator[int]]) -> Asking:
    """Try what is held on top of what is kept until nothing more can be kept."""
    kept = -1
    while kept != ledger.kept:
        kept = ledger.kept
        for extra in chances(ledger):
            if not ledger.asked(kept | extra) and ledger.refusals > REFUSALS * (len(ledger.units) + 10):
                return
            yield from ledger.ask(kept | extra)
            if ledger.kept != kept:
                if extra.bit_count() > 1 and any(_red_alone(ledger, kept, unit) for unit in bits(extra)):
                    ledger.together.append(extra)
                break


def _red_alone(ledger: Ledger, kept: int, unit: int) -> bool:
    return RED in (ledger.answers.get(unit), ledger.answers.get(kept | unit))


def _second_chances(ledger: Ledger) -> Iterator[int]:
    """What may pass on top of what is kept, the likely first: units that do not fail alone, all that was refused, pairs that
    were never tried, single units. Pairs that were red before in smaller company come last.
    """
    kept, held = ledger.kept, _some(ledger.held, 1)
    yield from _likely_first(ledger, (unit for unit in held if ledger.answers.get(unit) in (GREEN, REFUSED)))
    refused = [unit for unit in held if ledger.answers.get(kept | unit) is REFUSED]
    if len(refused) > 2:
        yield union(refused)
    seen, few = {red & ledger.held for red in ledger.of(RED)}, len(held) <= FEW
    proofs = sum(not ledger.asked(kept | unit) for unit in held)
    for pair in _likely_first(ledger, (pair for pair in _some(ledger.held, 2) if pair not in seen)):
        if few or ledger.asked(kept | pair) or _room(ledger, proofs):
            yield pair
    yield from _likely_first(ledger, held)
    yield from (pair for pair in _some(ledger.held, 2) if few or ledger.asked(kept | pair) or _room(ledger))


def _likely_first(ledger: Ledger, extras: Iterable[int]) -> list[int]:
    return sorted(extras, key=lambda extra: -ledger.odds(ledger.kept | extra))


def _families(ledger: Ledger) -> Iterator[int]:
    """Three that may pass together though no two of them do; none that passes alone is one of them."""
    unmasked = union(unit for unit in bits(ledger.held) if ledger.answers.get(unit) is GREEN)
    for family in _some(ledger.held & ~unmasked, 3) if 3 < ledger.held.bit_count() <= FAMILY else ():
        if ledger.asked(ledger.kept | family) or _room(ledger):
            yield family


# --- name: which sets, and of what kind


def _name(ledger: Ledger) -> Asking:
    """Find the company that a held unit needs to break the tests; doubt a red answer that nothing explains."""
    kept = ledger.kept
    for unit in sorted(bits(ledger.held), key=lambda unit: -_least_red(ledger, unit)):
        if ledger.answers.get(kept | unit) is not RED or not (ledger.asked(unit) or _affordable(ledger)):
            continue
        if (yield from ledger.ask(unit)) is GREEN:
            yield from explain(ledger, unit)
        if ledger.kept != kept:
            return


def _least_red(ledger: Ledger, unit: int) -> int:
    """Size of the smallest set that was red with this unit as its only held one: what is left to doubt."""
    return min((red.bit_count() for red in ledger.of(RED) if red & ledger.held == unit), default=0)


# --- the result


def _result(ledger: Ledger, inconclusive: str) -> SearchResult:
    kept, held = ledger.kept, list(bits(ledger.held))
    red = [unit for unit in held if ledger.answers.get(kept | unit) is RED]
    refused = union(unit for unit in held if ledger.answers.get(kept | unit) is REFUSED)
    blamed = {ledger.companies.get(unit, unit): unit for unit in sorted(red)}
    return SearchResult(
        culprits=tuple(ledger.names(found) for found in blamed),
        kept=ledger.names(kept),
        held=ledger.names(ledger.held),
        confidence=tuple(_confidence(ledger, found, unit) for found, unit in blamed.items()),
        kinds=tuple(_kind(ledger, found) for found in blamed),
        unresolved=ledger.names(refused),
        undecided=ledger.names(ledger.held & ~refused & ~union(red)),
        together=tuple(ledger.names(group) for group in ledger.together if group & kept == group),
        inconclusive=inconclusive,
    )


def _kind(ledger: Ledger, found: int) -> str:
    if found.bit_count() > 1:
        return "conjunction"
    return "coupled" if len(ledger.names(found)) > 1 else "single"


def _confidence(ledger: Ledger, found: int, unit: int) -> float:
    red = sum(ledger.reds.get(mask, 0) for mask in {ledger.kept | unit, found, unit})
    sure = certainty(flaky=ledger.flaky, green=len(ledger.of(GREEN)), red=red)
    return round(sure * (1 if ledger.asked(unit) else UNSURE), 6)
