"""Laws that hold for any records."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.advisories.matching import Standing, groups, is_withdrawn, judge, names, standing
from steadypin.advisories.records import parse_record
from steadypin.advisories.rows import dump, load
from steadypin.model.advisory import Advisory
from tests.unit.advisories.osv import NOW, entry, osv

VERSIONS = st.sampled_from(
    ["0", "0.1.dev0", "1.0a1", "1.0", "1.0.0", "1.0.post1", "1.5", "2.0rc1", "2.0", "2.0+x", "3", "1!0.5", "4-bad"]
)
GOOD = VERSIONS.filter(lambda text: text != "4-bad")
EVENTS = st.tuples(st.sampled_from(["introduced", "introduced", "fixed", "fixed", "last_affected", "limit"]), VERSIONS)
IDS = [f"{database}-2024-{number}" for database in ("PYSEC", "GHSA", "CVE") for number in range(3)]


@st.composite
def advisories(draw: st.DrawFn, record_id: str | None = None) -> Advisory:
    entries: list[dict[str, Any]] = [
        entry(*draw(st.lists(EVENTS, max_size=5)), versions=tuple(draw(st.lists(VERSIONS, max_size=3))))
        for _ in range(draw(st.integers(1, 2)))
    ]
    fields = {
        "aliases": draw(st.lists(st.sampled_from(IDS), max_size=2)),
        "withdrawn": draw(st.sampled_from([None, None, None, "2020-01-01T00:00:00Z"])),
    }
    return parse_record(osv(record_id or draw(st.sampled_from(IDS)), *entries, **fields)).advisory


DATABASES = st.lists(st.sampled_from(IDS), min_size=1, max_size=5, unique=True).flatmap(
    lambda ids: st.tuples(*(advisories(record_id=record_id) for record_id in ids))
)


def reported(known: tuple[Advisory, ...] | list[Advisory], version: str) -> set[str]:
    return {name for match in judge("demo", version, known, now=NOW).matches for name in match.ids}


@settings(max_examples=200, deadline=None)
@given(DATABASES, GOOD, st.data())
def test_adding_an_advisory_never_removes_a_finding(known: tuple[Advisory, ...], version: str, data: st.DataObject) -> None:
    more = data.draw(advisories(record_id="OTHER-1"))
    assert reported(known, version) <= reported((*known, more), version)


@settings(max_examples=200, deadline=None)
@given(advisories(), VERSIONS)
def test_a_listed_version_always_matches(record: Advisory, version: str) -> None:
    listed = parse_record(osv("PYSEC-1", entry(("introduced", "9"), versions=(version,)))).advisory
    both = Advisory(id=record.id, affected=(*record.affected, *listed.affected))
    assert standing(both, "demo", version) is Standing.APPLIES


@settings(max_examples=200, deadline=None)
@given(DATABASES, GOOD, st.randoms(use_true_random=False))
def test_order_of_records_and_aliases_does_not_matter(known: tuple[Advisory, ...], version: str, chance: Any) -> None:
    from dataclasses import replace

    mixed = [replace(record, aliases=tuple(chance.sample(record.aliases, len(record.aliases)))) for record in known]
    chance.shuffle(mixed)
    first, second = judge("demo", version, known, now=NOW), judge("demo", version, mixed, now=NOW)
    assert (first.matches, first.gaps) == (second.matches, second.gaps)


@settings(max_examples=200, deadline=None)
@given(DATABASES)
def test_merging_is_transitive(known: tuple[Advisory, ...]) -> None:
    found = groups(known)
    assert sorted(record.id for group in found for record in group) == sorted(record.id for record in known)
    names_of = [{name for record in group for name in names(record)} for group in found]
    assert all(not left & right for i, left in enumerate(names_of) for right in names_of[i + 1 :])


@settings(max_examples=300, deadline=None)
@given(DATABASES, GOOD)
def test_the_cure_cures(known: tuple[Advisory, ...], version: str) -> None:
    for match in judge("demo", version, known, now=NOW).matches:
        for cure in match.fixed_in:
            assert not set(match.records) & {
                record.id
                for record in known
                if not is_withdrawn(record, NOW) and standing(record, "demo", cure) in (Standing.APPLIES, Standing.UNDECIDED)
            }


@settings(max_examples=200, deadline=None)
@given(advisories())
def test_a_row_gives_back_what_it_was_made_from(record: Advisory) -> None:
    assert load(record.id, "demo", dump(record, "demo")) == record
