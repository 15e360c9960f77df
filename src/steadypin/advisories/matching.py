"""Which advisories apply to a version: the evaluation algorithm of the OSV schema (1.7), and records of one flaw made one.

Pure: records and versions in, matches and gaps out. Order is PEP 440's over all versions, so a pre-release of the fixed
version is affected. A record may also not say: GIT ranges alone, a bound or a version that is not PEP 440.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from packaging.version import Version

from steadypin.advisories.versions import canonical
from steadypin.model import parse
from steadypin.model.advisory import Advisory, AdvisoryMatch, Affected, AffectedRange, WithdrawnRecord
from steadypin.model.gap import Gap
from steadypin.model.severity import Severity
from steadypin.text import printable
from steadypin.values import dataclass

MALICIOUS = "MAL-"
REFERENCE_LIMIT = 10
_ENDLESS = (("introduced", "0"), ("limit", "*"))
_BOTH = frozenset({"introduced", "fixed"})
_CLOSING = frozenset({"fixed", "last_affected", "limit"})
_DATABASES = ("PYSEC-", "GHSA-")


class Standing(Enum):
    """What a record says of a version. SILENT: it has nothing to compare a version with."""

    APPLIES = "applies"
    CLEAR = "clear"
    UNDECIDED = "undecided"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the records of one package say of one of its versions."""

    matches: tuple[AdvisoryMatch, ...] = ()
    gaps: tuple[Gap, ...] = ()
    withdrawn: tuple[WithdrawnRecord, ...] = ()


def judge(name: str, version: str, advisories: Iterable[Advisory], *, now: str) -> Judged:
    """Matches (by primary id), gaps and ignored withdrawn records of one version of one package.

    `name` is normalised; `advisories` are all records about it. `now` is an ISO time in UTC: a record whose withdrawal lies
    after it still counts.
    """
    known = list(advisories)
    if len(known) > 1:  # to rank one costs more than to judge it
        known.sort(key=lambda advisory: rank(advisory.id))
    live = [advisory for advisory in known if not is_withdrawn(advisory, now)]
    ignored = [
        advisory for advisory in known if is_withdrawn(advisory, now) and standing(advisory, name, version) is Standing.APPLIES
    ]
    matches: list[AdvisoryMatch] = []
    open_questions: list[Advisory] = []
    for group in groups(live):
        said = [(advisory, standing(advisory, name, version)) for advisory in group]
        applying = [advisory for advisory, answer in said if answer is Standing.APPLIES]
        if applying:
            matches.append(_match(name, version, applying, ignored))
        elif undecided := _undecided(said):
            open_questions += undecided
    if len(matches) > 1:
        matches.sort(key=lambda match: rank(match.primary))
    return Judged(
        matches=tuple(matches),
        gaps=_gaps(name, version, open_questions),
        withdrawn=tuple(
            WithdrawnRecord(name, version, advisory.id, advisory.withdrawn or "", advisory.summary) for advisory in ignored
        ),
    )


def is_withdrawn(advisory: Advisory, now: str) -> bool:
    """Whether the record is withdrawn at that time (ISO, UTC)."""
    return advisory.withdrawn is not None and advisory.withdrawn[:19] <= now[:19]


def standing(advisory: Advisory, name: str, version: str) -> Standing:
    """What the record says of the version, whether it is withdrawn or not (`IsVulnerable`, with a third answer)."""
    entries = [entry for entry in advisory.affected if entry.name == name]
    telling = [entry for entry in entries if not entry.git_only]
    if not telling:
        return Standing.SILENT if entries else Standing.CLEAR
    text, at = canonical(version), parse.version(version)
    answers = [_in_entry(entry, text, at) for entry in telling]
    if True in answers:
        return Standing.APPLIES
    return Standing.UNDECIDED if None in answers else Standing.CLEAR


def _in_entry(entry: Affected, text: str, at: Version | None) -> bool | None:
    if text in entry.versions:
        return True
    answers = [_in_range(item, at) for item in entry.ranges]
    return True if True in answers else None if None in answers else False


class _Range(NamedTuple):
    """A range, read: its events by version, ascending, and what stands outside that order.

    `unreadable` are the kinds of bounds that are not PEP 440; `limit` is the highest limit, None where there is none.
    """

    from_zero: bool
    steps: tuple[tuple[Version, frozenset[str]], ...]
    unreadable: frozenset[str]
    limit: Version | None


@lru_cache(maxsize=16384)
def _read(events: tuple[tuple[str, str], ...]) -> _Range:
    steps: dict[Version, set[str]] = {}
    unreadable = set()
    for kind, text in events:
        if (kind, text) in _ENDLESS:
            continue
        bound = parse.version(text)
        if bound is None:
            unreadable.add(kind)
        else:
            steps.setdefault(bound, set()).add(kind)
    limits = [bound for bound, kinds in steps.items() if "limit" in kinds]
    return _Range(
        from_zero=("introduced", "0") in events,
        steps=tuple((bound, frozenset(steps[bound])) for bound in sorted(steps)),
        unreadable=frozenset(unreadable),
        limit=None if ("limit", "*") in events else max(limits, default=None),
    )


def _in_range(item: AffectedRange, at: Version | None) -> bool | None:
    """Whether the version lies in the range; None where that hangs on something that is not PEP 440."""
    if at is None:
        return True if item.events and all(event == ("introduced", "0") for event in item.events) else None
    found = _read(item.events)
    inside = (found.limit is None or at < found.limit) and _state(found, at)
    if inside and found.unreadable & _CLOSING and not _closes_above(found, at):
        return None
    return None if not inside and "introduced" in found.unreadable else inside


def _state(found: _Range, at: Version) -> bool:
    """Walk the sorted events up to the version. Where one version is both introduced and fixed, nothing changes there."""
    affected = found.from_zero
    for bound, kinds in found.steps:
        if bound > at:
            break
        if not kinds >= _BOTH:
            affected = "introduced" in kinds or (affected and "fixed" not in kinds)
        if "last_affected" in kinds and at > bound:
            affected = False
    return affected


def _closes_above(found: _Range, at: Version) -> bool:
    return any((bound > at and kinds & _CLOSING) or (bound == at and "last_affected" in kinds) for bound, kinds in found.steps)


def groups(advisories: Sequence[Advisory]) -> list[list[Advisory]]:
    """Records of one flaw together: linked by ids and aliases, symmetrically and transitively, in the order given."""
    if len(advisories) < 2:
        return [list(advisories)] if advisories else []
    roots: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := roots.setdefault(name, name)) != name:
            roots[name] = roots[above]
            name = above
        return name

    for advisory in advisories:
        for alias in advisory.aliases:
            roots[root(alias)] = root(advisory.id)
    found: dict[str, list[Advisory]] = {}
    for advisory in advisories:
        found.setdefault(root(advisory.id), []).append(advisory)
    return list(found.values())


@lru_cache(maxsize=16384)
def rank(advisory_id: str) -> tuple[object, ...]:
    """Sort key of ids: PYSEC, GHSA, others; then numbers as numbers."""
    database = next((i for i, prefix in enumerate(_DATABASES) if advisory_id.startswith(prefix)), len(_DATABASES))
    numbers = tuple(int(number[:18]) for number in re.findall(r"(?<=-)[0-9]+(?![^-])", advisory_id))
    return (database, numbers if database != 1 else (), advisory_id)


def _match(name: str, version: str, applying: Sequence[Advisory], ignored: Sequence[Advisory]) -> AdvisoryMatch:
    ids = {known for advisory in applying for known in names(advisory)}
    scores = [advisory.score for advisory in applying if advisory.score is not None]
    references = dict.fromkeys(url for advisory in applying for url in advisory.references)
    fixed = cures(name, version, applying)
    return AdvisoryMatch(
        name=name,
        version=version,
        primary=applying[0].id,
        ids=tuple(sorted(ids)),
        records=tuple(sorted(advisory.id for advisory in applying)),
        fixed_in=fixed,
        clear_below=None if fixed else clear_below(name, version, applying),
        clear_above=None if fixed else clear_above(name, version, applying),
        severity=_severity(applying, ids),
        score=max(scores, default=None),
        summary=_summary(applying),
        references=tuple(references)[:REFERENCE_LIMIT],
        withdrawn_ignored=tuple(sorted(advisory.id for advisory in ignored if ids & names(advisory))),
    )


def _summary(applying: Sequence[Advisory]) -> str:
    """That of a GHSA record where there is one: those have titles, others the first sentence of a story."""
    found = [advisory for advisory in applying if advisory.summary]
    titled = next((advisory for advisory in found if advisory.id.startswith("GHSA-")), found[0] if found else None)
    return titled.summary if titled else ""


def names(advisory: Advisory) -> frozenset[str]:
    """The record's id and aliases."""
    return frozenset((advisory.id, *advisory.aliases))


def _severity(applying: Sequence[Advisory], ids: Iterable[str]) -> Severity | None:
    if any(known.startswith(MALICIOUS) for known in ids):
        return Severity.CRITICAL
    return max((advisory.severity for advisory in applying if advisory.severity is not None), default=None)


def cures(name: str, version: str, applying: Sequence[Advisory]) -> tuple[str, ...]:
    """The fixed versions above `version` at which every one of the records is known not to apply, ascending."""
    at = parse.version(version)
    fixed: dict[Version, str] = {}
    for bound, text in _bounds(applying, name, "fixed"):
        if at is None or bound > at:
            fixed.setdefault(bound, text)
    open_at = (Standing.APPLIES, Standing.UNDECIDED)
    return tuple(
        text for _, text in sorted(fixed.items()) if not any(standing(advisory, name, text) in open_at for advisory in applying)
    )


def clear_below(name: str, version: str, applying: Sequence[Advisory]) -> str | None:
    """The highest bound at or below `version` under which every one of the records is known not to apply."""
    at = parse.version(version)
    found = (item for item in _bounds(applying, name, "introduced") if item[1] != "0" and at is not None and item[0] <= at)
    plain = (text for bound, text in sorted(found, reverse=True) if not (bound.is_prerelease or bound.is_postrelease))
    return next((text for text in plain if _are_clear(applying, name, f"{text}.dev0")), None)


def clear_above(name: str, version: str, applying: Sequence[Advisory]) -> str | None:
    """The lowest last version, at or above `version`, right after which every one of the records is known not to apply."""
    at = parse.version(version)
    found = (item for item in _bounds(applying, name, "last_affected") if at is not None and item[0] >= at)
    plain = (text for bound, text in sorted(found) if not (bound.is_prerelease or bound.is_postrelease))
    return next((text for text in plain if _are_clear(applying, name, f"{text}.post0")), None)


def _bounds(applying: Sequence[Advisory], name: str, wanted: str) -> Iterable[tuple[Version, str]]:
    entries = (entry for advisory in applying for entry in advisory.affected if entry.name == name)
    texts = (text for entry in entries for item in entry.ranges for kind, text in item.events if kind == wanted)
    return ((bound, text) for text in texts if (bound := parse.version(text)) is not None)


def _are_clear(applying: Sequence[Advisory], name: str, version: str) -> bool:
    return all(standing(advisory, name, version) is Standing.CLEAR for advisory in applying)


def _undecided(said: Sequence[tuple[Advisory, Standing]]) -> list[Advisory]:
    """The records of a group that leave its question open: a silent one only where no other record of the flaw speaks."""
    undecided = [advisory for advisory, answer in said if answer is Standing.UNDECIDED]
    silent = [advisory for advisory, answer in said if answer is Standing.SILENT]
    return undecided or (silent if len(silent) == len(said) else [])


def _gaps(name: str, version: str, advisories: Sequence[Advisory]) -> tuple[Gap, ...]:
    if not advisories:
        return ()
    if parse.version(version) is None:
        reason, why = "version-not-pep440", "the version is not PEP 440"
    else:
        reason, why = "not-evaluable", "the record gives no versions that can be compared"
    ids = ", ".join(advisory.id for advisory in advisories[:10]) + (", …" if len(advisories) > 10 else "")
    return (
        Gap(
            subject=name,
            stage="advisories",
            reason=reason,
            detail=f"{printable(version, 60)}: {ids} could not be evaluated: {why}",
        ),
    )
