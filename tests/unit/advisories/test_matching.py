"""The evaluation algorithm of the OSV schema, case by case, and records of one flaw made one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from steadypin.advisories.matching import Standing, judge, standing
from steadypin.model.severity import Severity
from tests.unit.advisories.osv import DATA, NOW, advisory, entry, sample

UP_TO_2 = (("introduced", "0"), ("fixed", "2.0"))


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        (UP_TO_2, ["0.0.dev0", "1.9", "2.0rc1", "2.0.dev1", "1.9+local"], ["2.0", "2", "2.0.post1", "2.0+local", "1!0.1"]),
        ((("introduced", "1.0"), ("last_affected", "1.5")), ["1.0", "1.5", "1.5.0"], ["1.0rc1", "1.5.post1", "1.5.1", "1.5+x"]),
        (
            (("fixed", "3.1"), ("introduced", "3"), ("fixed", "2.1"), ("introduced", "2")),
            ["2", "3.0.9"],
            ["1.9", "2.1", "2.9", "3.1"],
        ),
        ((("introduced", "1.0"),), ["1.0", "99"], ["0.9", "1.0a1"]),
        ((("introduced", "0"), ("limit", "2.0")), ["1.9"], ["2.0", "3"]),
        ((("introduced", "0"), ("limit", "*")), ["1.9", "99"], []),
        ((("introduced", "0"), ("limit", "1"), ("limit", "2")), ["1.5"], ["2"]),
        ((("introduced", "1.0"), ("last_affected", "1.0")), ["1.0"], ["1.1", "0.9"]),
        ((("introduced", "1.0"), ("fixed", "1.0")), [], ["0.9", "1.0", "1.1"]),
        ((("introduced", "2"), ("fixed", "3"), ("introduced", "0"), ("fixed", "2")), ["1", "2", "2.5"], ["3"]),
        ((("introduced", "v1.0-RC1"), ("fixed", "1.0")), ["1.0rc1", "1.0rc2"], ["1.0b9", "1.0"]),
        ((("fixed", "1.0"),), [], ["0.9", "1.0"]),
    ],
)
def test_ranges(events: tuple[tuple[str, str], ...], inside: list[str], outside: list[str]) -> None:
    record = advisory("PYSEC-1", entry(*events))
    assert [version for version in inside if standing(record, "demo", version) is not Standing.APPLIES] == []
    assert [version for version in outside if standing(record, "demo", version) is not Standing.CLEAR] == []


def test_one_of_several_entries_or_ranges_is_enough() -> None:
    record = advisory("PYSEC-1", entry(("introduced", "1"), ("fixed", "2")), entry(("introduced", "3"), ("fixed", "4")))
    assert [standing(record, "demo", v).value for v in ("1.5", "2.5", "3.5")] == ["applies", "clear", "applies"]


def test_listed_versions_are_equal_by_pep440() -> None:
    record = advisory("PYSEC-1", entry(versions=("1.0", "2004b", "1.0-weird build")))
    applies = [
        v
        for v in ("1", "1.0.0", "v1.0", "2004b0", "1.0-weird build", "1.0+x", "1.1")
        if standing(record, "demo", v) is Standing.APPLIES
    ]
    assert applies == ["1", "1.0.0", "v1.0", "2004b0", "1.0-weird build"]


def test_list_may_say_more_than_ranges() -> None:
    record = advisory("PYSEC-1", entry(("introduced", "3.2"), ("fixed", "3.3"), versions=("1.1",)))
    assert standing(record, "demo", "1.1") is Standing.APPLIES


@pytest.mark.parametrize(
    ("record", "version", "answer"),
    [
        (entry(("introduced", "0"), ("fixed", "2.0-n653")), "1.0", Standing.UNDECIDED),
        (entry(("introduced", "1.0"), ("fixed", "2.0-n653")), "0.9", Standing.CLEAR),
        (entry(("introduced", "0"), ("fixed", "1.0"), ("introduced", "2"), ("fixed", "3-x")), "0.5", Standing.APPLIES),
        (entry(("introduced", "0"), ("fixed", "1.0"), ("introduced", "2"), ("fixed", "3-x")), "1.5", Standing.CLEAR),
        (entry(("introduced", "1-x"), ("fixed", "2.0")), "1.0", Standing.UNDECIDED),
        (entry(("introduced", "0"), ("fixed", "2-x"), versions=("1.0",)), "1.0", Standing.APPLIES),
        (entry(("introduced", "0"), ("fixed", "2")), "not a version", Standing.UNDECIDED),
        (entry(("introduced", "0")), "not a version", Standing.APPLIES),
        (entry(versions=("1.0",)), "not a version", Standing.CLEAR),
        (entry(("introduced", "0"), ("fixed", "abc"), kind="GIT"), "1.0", Standing.SILENT),
        (entry(), "1.0", Standing.SILENT),
    ],
)
def test_what_the_record_cannot_say(record: dict[str, object], version: str, answer: Standing) -> None:
    assert standing(advisory("PYSEC-1", record), "demo", version) is answer


def test_undecided_is_a_gap() -> None:
    judged = judge(
        "demo", "1.0", [advisory("PYSEC-1", entry(kind="GIT")), advisory("PYSEC-2", entry(("introduced", "x")))], now=NOW
    )
    assert judged.matches == ()
    assert [(gap.subject, gap.stage, gap.reason) for gap in judged.gaps] == [("demo", "advisories", "not-evaluable")]
    assert "PYSEC-1, PYSEC-2" in judged.gaps[0].detail


@pytest.mark.parametrize(
    ("first", "second", "bound"),
    [
        ((("introduced", "2.0"),), (("introduced", "2.0"),), "2.0"),
        ((("introduced", "1.0"),), (("introduced", "2.0"),), "1.0"),
        ((("introduced", "0"),), (("introduced", "2.0"),), None),
        ((("introduced", "0"), ("fixed", "1.5"), ("introduced", "2.0")), (("introduced", "2.0"),), "2.0"),
        ((("introduced", "0"), ("fixed", "2.0"), ("introduced", "2.0")), (("introduced", "2.0"),), None),
        ((("introduced", "2.0rc1"),), (("introduced", "2.0"),), "2.0"),  # <2.0 lets no pre-release of 2.0 in (PEP 440)
        ((("introduced", "2.0"), ("fixed", "3.0")), (("introduced", "2.0"), ("fixed", "3.0")), None),  # what is fixed is raised
    ],
)
def test_without_a_fix_the_bound_below_which_nothing_applies(first: Any, second: Any, bound: str | None) -> None:
    records = [advisory("PYSEC-1", entry(*first), aliases=["A-1"]), advisory("A-1", entry(*second))]
    (match,) = judge("demo", "2.5", records, now=NOW).matches
    assert match.clear_below == bound


@pytest.mark.parametrize(
    ("first", "second", "bound"),
    [
        ((("introduced", "0"), ("last_affected", "2.5")), (("introduced", "2.0"), ("last_affected", "2.5.0")), "2.5"),
        ((("introduced", "0"), ("last_affected", "2.5")), (("introduced", "2.0"), ("last_affected", "2.7")), "2.7"),
        ((("introduced", "0"), ("last_affected", "2.5")), (("introduced", "2.0"),), None),
        ((("introduced", "0"), ("last_affected", "2.6")), (("introduced", "0"), ("fixed", "3.0")), None),
    ],
)
def test_without_a_fix_the_version_after_which_nothing_applies(first: Any, second: Any, bound: str | None) -> None:
    records = [advisory("PYSEC-1", entry(*first), aliases=["A-1"]), advisory("A-1", entry(*second))]
    (match,) = judge("demo", "2.5", records, now=NOW).matches
    assert match.clear_above == bound


def test_silent_record_is_no_gap_where_another_of_the_flaw_speaks() -> None:
    records = [advisory("PYSEC-1", entry(kind="GIT"), aliases=["GHSA-1"]), advisory("GHSA-1", entry(*UP_TO_2))]
    assert judge("demo", "2.0", records, now=NOW).gaps == ()
    assert judge("demo", "1.0", records, now=NOW).matches[0].records == ("GHSA-1",)


def test_records_of_one_flaw_are_one_match() -> None:
    chain = [
        advisory("CVE-2021-5", entry(*UP_TO_2)),
        advisory("GHSA-b", entry(("introduced", "0"), ("fixed", "2.1")), aliases=["CVE-2021-5"]),
        advisory(
            "PYSEC-2021-10",
            entry(("introduced", "0"), ("fixed", "1.5"), ("introduced", "1.6"), ("fixed", "2.1")),
            aliases=["GHSA-b"],
        ),
        advisory("PYSEC-2021-9", entry(*UP_TO_2), related=["CVE-2021-5"]),
    ]
    first, second = judge("demo", "1.0", chain, now=NOW).matches
    assert (first.primary, second.primary) == ("PYSEC-2021-9", "PYSEC-2021-10")
    assert second.ids == ("CVE-2021-5", "GHSA-b", "PYSEC-2021-10")
    assert second.fixed_in == ("2.1",)


def test_record_that_does_not_apply_links_but_gives_no_ids() -> None:
    records = [
        advisory("PYSEC-1", entry(*UP_TO_2), aliases=["CVE-1"]),
        advisory("PYSEC-2", entry(("introduced", "9")), aliases=["CVE-1", "CVE-2", "CVE-3"]),
        advisory("PYSEC-3", entry(*UP_TO_2), aliases=["CVE-2"]),
    ]
    (match,) = judge("demo", "1.0", records, now=NOW).matches
    assert match.ids == ("CVE-1", "CVE-2", "PYSEC-1", "PYSEC-3")


def test_cycles_of_aliases_end() -> None:
    records = [advisory(f"A-{i}", entry(*UP_TO_2), aliases=[f"A-{(i + 1) % 50}", f"A-{i}"]) for i in range(50)]
    (match,) = judge("demo", "1.0", records, now=NOW).matches
    assert len(match.records) == 50


def test_the_largest_record_is_judged_in_moments() -> None:
    events = [(kind, f"{number}.{part}") for number in range(500) for part, kind in enumerate(("introduced", "fixed"))]
    record = advisory("PYSEC-1", entry(*events, versions=tuple(f"0.{number}.1" for number in range(19_000))))
    started = time.process_time()
    (match,) = judge("demo", "3.0.5", [record], now=NOW).matches
    assert len(match.fixed_in) == 497
    assert time.process_time() - started < 5


def test_withdrawn_does_not_count_and_is_named() -> None:
    records = [
        advisory("PYSEC-1", entry(("introduced", "0")), aliases=["CVE-1"], withdrawn="2024-01-01T00:00:00Z"),
        advisory("GHSA-1", entry(*UP_TO_2), aliases=["CVE-1"]),
        advisory("PYSEC-2", entry(("introduced", "0")), withdrawn="2024-01-01T00:00:00Z"),
    ]
    judged = judge("demo", "1.0", records, now=NOW)
    assert [(m.primary, m.withdrawn_ignored) for m in judged.matches] == [("GHSA-1", ("PYSEC-1",))]
    assert [record.id for record in judged.withdrawn] == ["PYSEC-1", "PYSEC-2"]


def test_withdrawal_in_the_future_has_not_come() -> None:
    record = advisory("PYSEC-1", entry(*UP_TO_2), withdrawn="2027-01-01T00:00:00Z")
    assert judge("demo", "1.0", [record], now=NOW).matches
    assert not judge("demo", "1.0", [record], now="2027-06-01T00:00:00+00:00").matches


def test_malicious_is_critical_and_severity_is_the_highest() -> None:
    low = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}
    high = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
    bad = judge("demo", "1.0", [advisory("MAL-2026-1", entry(("introduced", "0")))], now=NOW).matches[0]
    two = [advisory("A-1", entry(*UP_TO_2), severity=[low], aliases=["B-1"]), advisory("B-1", entry(*UP_TO_2), severity=[high])]
    assert (bad.severity, bad.fixed_in) == (Severity.CRITICAL, ())
    assert judge("demo", "1.0", two, now=NOW).matches[0].severity is Severity.HIGH


def test_agrees_with_an_independent_implementation() -> None:
    """2,000 random versions against the ranges of `univers`, recorded in tests/data/advisories; `?` is "cannot be evaluated"."""
    from steadypin.advisories.records import parse_record

    records = [parse_record(plain).advisory for plain in sample()]
    answers = json.loads((DATA / "answers.json").read_text(encoding="utf-8"))
    wrong = []
    for name, told in answers.items():
        known = [record for record in records if any(found.name == name for found in record.affected)]
        for version, ids in told.items():
            said = {record.id: standing(record, name, version) for record in known}
            ours = [k for k, v in said.items() if v is Standing.APPLIES] + [
                f"?{k}" for k, v in said.items() if v is Standing.UNDECIDED
            ]
            if sorted(ours) != sorted(ids):
                wrong.append((name, version, ours, ids))
    assert sum(map(len, answers.values())) == 2000
    assert wrong == []
