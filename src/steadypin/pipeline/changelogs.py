"""What changelogs say of the versions that a change passes over: for the reviewers of a plan, and for each culprit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from steadypin.config import Settings
from steadypin.errors import NetworkError
from steadypin.index.changelogs import Texts, read_changelogs
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.plan import Change, Plan, Quote
from steadypin.model.trial import Culprit
from steadypin.model.upgrade import UpgradeResult
from steadypin.pipeline.links import index_of
from steadypin.planning.changelogs import quotes
from steadypin.text import printable
from steadypin.transport.pool import run_all
from steadypin.transport.session import Session
from steadypin.values import dataclass, field, replace

MOST = 100
"""Changelogs that are read for one plan; a source distribution is fetched for each."""

PATIENCE = 60.0
"""Seconds for one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The versions of a package above `after` up to `last`."""

    name: str
    after: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was found, and what could not be looked at."""

    quotes: Mapping[Passed, tuple[Quote, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


def with_changelogs(made: Plan, facts: Facts, settings: Settings) -> Plan:
    """The plan with quotes on what its direct changes pass over, as far as releases ship a changelog."""
    changes = {passed: change for stage in made.stages for change in stage.changes if (passed := _passed(change))}
    wanted = [passed for passed, change in changes.items() if change.direct]
    found = read(wanted[:MOST], facts, settings)
    stages = (replace(stage, changes=tuple(_quoted(change, found.quotes) for change in stage.changes)) for stage in made.stages)
    return replace(made, stages=tuple(stages), gaps=tuple(sorted({*made.gaps, *found.gaps})))


def _passed(change: Change) -> Passed | None:
    if change.kind != "upgrade" or change.before is None or change.after is None:
        return None
    return Passed(name=change.name, after=change.before, last=change.after)


def _quoted(change: Change, found: Mapping[Passed, tuple[Quote, ...]]) -> Change:
    passed = _passed(change)
    return replace(change, quotes=found.get(passed, ())) if passed else change


def with_evidence(result: UpgradeResult, facts: Facts, settings: Settings) -> UpgradeResult:
    """The result with the changelog's section on the first bad version of each culprit; what is not there is left out."""
    wanted = {name: Passed(name=name, after=after, last=last) for name, after, last in _bad_versions(result)}
    if not wanted or settings.offline:
        return result
    found = read(wanted.values(), facts, settings).quotes

    def told(culprit: Culprit) -> Culprit:
        said = ((name, quote) for name in culprit.changes if name in wanted for quote in found.get(wanted[name], ()))
        return replace(culprit, quotes=tuple(said))

    return replace(result, culprits=tuple(map(told, result.culprits)))


def _bad_versions(result: UpgradeResult) -> Iterator[tuple[str, str, str]]:
    """(name, last good, first bad) of what is held by a culprit; where nobody looked for them, from where each stays to where
    it should have gone.
    """
    held = {item.name: item for item in result.held}
    for culprit in result.culprits:
        short = [held[name] for name in culprit.changes if name in held]
        found = [item for item in short if culprit.first_bad and item.at == culprit.last_good]
        if culprit.first_bad and found:
            yield found[0].name, found[0].at, culprit.first_bad
        else:
            yield from ((item.name, item.at, item.wanted) for item in short)


def read(wanted: Iterable[Passed], facts: Facts, settings: Settings) -> Read:
    """The quotes of each, out of the last version's own files; asked for side by side."""
    wanted = list(dict.fromkeys(wanted))
    found: dict[Passed, tuple[Quote, ...]] = {}
    gaps: list[Gap] = []
    if not wanted:
        return Read()
    with index_of(facts, settings) as (client, cache):
        session = Session(client.routing.manners, logins=client.routing.logins)
        jobs = [partial(read_changelogs, client, one.name, one.last, session=session, cache=cache) for one in wanted]
        try:
            for position, texts in run_all(jobs, workers=4, limit=PATIENCE):
                one = wanted[position]
                if isinstance(texts, NetworkError):
                    gaps.append(_gap(one, texts))
                elif isinstance(texts, BaseException):
                    raise texts
                else:
                    found[one] = _quotes(one, texts)
        finally:
            session.close()
    return Read(quotes=found, gaps=tuple(sorted(gaps)))


def _quotes(one: Passed, texts: Texts) -> tuple[Quote, ...]:
    return quotes(texts, name=one.name, after=one.after, last=one.last)


def _gap(one: Passed, error: NetworkError) -> Gap:
    return Gap(
        subject=one.name,
        stage="changelog",
        reason=error.reason,
        detail=f"no changelog of {one.last}: {printable(error.message, 300)}",
    )
