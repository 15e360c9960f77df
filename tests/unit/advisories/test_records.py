"""Records at the door: what is kept, what is refused, and where the error says it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_version
from packaging.version import Version

from steadypin.advisories import records
from steadypin.advisories.records import RecordError, parse_json, parse_record, parse_yaml
from steadypin.advisories.versions import canonical
from steadypin.model.severity import Severity
from tests.unit.advisories.osv import entry, osv

V3 = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
V4 = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N"}


def test_keeps_pypi_entries_under_their_normal_name() -> None:
    other = {"package": {"ecosystem": "npm", "name": "demo"}, "versions": ["1.0"]}
    record = parse_record(osv("GHSA-1", other, entry(("introduced", "0"), name="Jw.Util_x"), versions=["1"]))
    assert [found.name for found in record.advisory.affected] == ["jw-util-x"]


def test_record_about_other_ecosystems_has_no_entries() -> None:
    assert parse_record(osv("GHSA-1", {"package": {"ecosystem": "Go", "name": "demo"}})).advisory.affected == ()


def test_git_range_alone_is_git_only() -> None:
    git = entry(("introduced", "0"), ("fixed", "d03bf6fe4e9bf5b07de62c1a271c4b41a7d3d158"), kind="GIT")
    assert parse_record(osv("PYSEC-1", git)).advisory.affected[0].git_only


def test_versions_that_are_not_pep440_stay_and_the_others_with_them() -> None:
    found = parse_record(osv("PYSEC-1", entry(versions=("2004b", "1.0.0", "0.2.0-n653")))).advisory.affected[0]
    assert found.versions == ("2004b0", "1", "0.2.0-n653")


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        ({"summary": " One line\nand another", "details": "x"}, "One line"),
        ({"details": "It breaks. Badly. Version 1.2 does not"}, "It breaks."),
        ({"details": "No end"}, "No end"),
        ({"details": "Demo is a small web library. It leaks. Badly."}, "Demo is a small web library. It leaks."),
        ({"details": "Demo is a hole: it leaks. Badly."}, "Demo is a hole: it leaks."),
        ({"summary": "\x1b[31m" + "a" * 500}, "\\x1b[31m" + "a" * 192 + "…"),
        ({"summary": 5, "details": " \n "}, ""),
    ],
)
def test_summary_is_one_line(fields: dict[str, object], summary: str) -> None:
    assert parse_record(osv("PYSEC-1", entry(("introduced", "0")), **fields)).advisory.summary == summary


def test_times_become_utc() -> None:
    record = parse_record(osv("PYSEC-1", published="2024-01-31T23:30:00.123456-02:00", withdrawn=None)).advisory
    assert (record.published, record.withdrawn) == ("2024-02-01T01:30:00Z", None)


@pytest.mark.parametrize(
    ("vectors", "score", "severity"),
    [
        ([V3], 9.8, Severity.CRITICAL),
        ([V4], 5.1, Severity.MEDIUM),
        ([V4, V3], 9.8, Severity.CRITICAL),
        ([{"type": "CVSS_V2", "score": "AV:L/AC:M/Au:N/C:N/I:P/A:C"}], None, None),
        ([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:X"}], None, None),
        ([{"type": "CVSS_V3", "score": "\x1b[31m"}, 7, {"type": 1}], None, None),
        ([], None, None),
    ],
)
def test_severity_is_computed_from_the_vector(vectors: list[object], score: float | None, severity: Severity | None) -> None:
    record = parse_record(osv("PYSEC-1", entry(("introduced", "0")), severity=vectors)).advisory
    assert (record.score, record.severity) == (score, severity)


def test_severity_of_an_entry_counts() -> None:
    record = parse_record(osv("PYSEC-1", {**entry(("introduced", "0")), "severity": [V3]})).advisory
    assert record.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "PYSEC-\x1b[31m1"}, "id: "),
        ({"id": None}, "id: "),
        ({"id": "../../etc/passwd"}, "id: "),
        ({"id": "A" * 101}, "id: "),
        ({"withdrawn": "yesterday"}, "withdrawn: "),
        ({"withdrawn": "2024-13-01T00:00:00Z"}, "withdrawn: "),
        ({"modified": 5}, "modified: "),
        ({"affected": {}}, "affected: expected a list, found an object"),
        ({"affected": ["x"]}, "affected[0]: expected an object, found a text"),
        ({"affected": [{**entry(), "versions": "1.0"}]}, "affected[0].versions: "),
        ({"affected": [{**entry(), "ranges": [[]]}]}, "affected[0].ranges[0]: "),
        ({"affected": [{**entry(), "ranges": [{"type": "ECOSYSTEM", "events": [1]}]}]}, "affected[0].ranges[0].events[0]: "),
        ({"aliases": 1}, "aliases: "),
    ],
)
def test_an_unusable_record_names_the_place(change: dict[str, object], place: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_record({**osv("PYSEC-1", entry(("introduced", "0"))), **change})
    assert str(caught.value).startswith(place)
    assert "\x1b" not in str(caught.value)


def test_what_matching_does_not_need_is_noted_and_left_out() -> None:
    bad = osv("PYSEC-1", entry(("introduced", "0")), entry(name="no name!"), aliases=["CVE-1", "\u202eevil", 5])
    record = parse_record(bad)
    assert record.advisory.aliases == ("CVE-1",)
    assert len(record.advisory.affected) == 1
    assert [note.partition(":")[0] for note in record.notes] == ["aliases[1]", "aliases[2]", "affected[1].package.name"]


def test_a_record_is_bounded() -> None:
    with pytest.raises(RecordError, match="in one record"):
        parse_record(osv("PYSEC-1", entry(versions=("1",) * (records.ITEM_LIMIT + 1))))
    with pytest.raises(RecordError, match="events in one record"):
        parse_record(osv("PYSEC-1", entry(*[("fixed", "1")] * (records.EVENT_LIMIT + 1))))
    with pytest.raises(RecordError, match="larger than"):
        parse_json(b" " * (records.RECORD_LIMIT + 1))
    with pytest.raises(RecordError, match="not JSON"):
        parse_json(b"[" * 200_000)


def test_yaml_keeps_versions_as_texts() -> None:
    text = b"""
id: PYSEC-2021-1
modified: 2021-08-27T03:22:00Z
affected:
- package: {ecosystem: PyPI, name: demo}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: 1.10
    - fixed: 1.20
  versions: [1.10]
aliases: []
withdrawn: null
"""
    record = parse_yaml(text).advisory
    assert record.affected[0].ranges[0].events == (("introduced", "1.10"), ("fixed", "1.20"))
    assert record.affected[0].versions == ("1.10",)
    assert (record.modified, record.withdrawn) == ("2021-08-27T03:22:00Z", None)


def test_yaml_aliases_cannot_multiply() -> None:
    versions = "&v [" + ",".join(["1"] * 5000) + "]"
    first = f"- package: &p {{ecosystem: PyPI, name: demo}}\n  versions: {versions}\n"
    text = f"id: PYSEC-1\naffected:\n{first}" + "- {package: *p, versions: *v}\n" * 5000
    with pytest.raises(RecordError, match="in one record"):
        parse_yaml(text.encode())


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a: [", b"- 1", b"!!python/object/apply:os.system [id]", b"x"])
def test_yaml_that_is_no_record(content: bytes) -> None:
    with pytest.raises(RecordError):
        parse_yaml(content)


JSON = st.recursive(
    st.sampled_from([None, True, -7, 10**400, 0.5, "", "PyPI", "1.0", "\ud800", "\x1b[31m", "\u202e", "a" * 300]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["events", "url", "score", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "package",
    [
        {"purl": "pkg:pypi/Demo_X"},
        {"purl": "pkg:pypi/demo-x@1.0?a=b#c", "ecosystem": "PyPI"},
        {"ecosystem": "pypi", "name": "demo.x"},
        {"ecosystem": "PyPI:a", "name": "demo.x", "purl": 5},
    ],
)
def test_packages_are_known_however_they_are_written(package: dict[str, object]) -> None:
    found = parse_record(osv("PYSEC-1", {"package": package, "versions": ["1.0"]})).advisory.affected
    assert [entry.name for entry in found] == ["demo-x"]


@pytest.mark.parametrize(
    "package", [{"purl": "pkg:npm/demo"}, {"ecosystem": "npm", "purl": "pkg:pypi/demo"}, {}, {"purl": None}, []]
)
def test_packages_of_others_are_not_ours(package: object) -> None:
    assert parse_record(osv("PYSEC-1", {"package": package, "versions": ["1.0"]})).advisory.affected == ()


KEYS = ("id", "aliases", "affected", "severity", "withdrawn", "references", "summary", "details", "modified", "x")
ENTRY_KEYS = ("package", "ranges", "versions", "severity", "x")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYS), JSON, st.sampled_from(ENTRY_KEYS), JSON)
def test_anything_is_a_record_or_a_record_error(key: str, value: object, entry_key: str, inner: object) -> None:
    plain = {**osv("PYSEC-1", {**entry(("introduced", "0")), entry_key: inner}), key: value}
    try:
        record = parse_json(json.dumps(plain).encode())
    except RecordError:
        return
    assert record.advisory.id


PIECES = st.sampled_from(["0", "00", "1", "2", "10", "007"])
RELEASES = st.lists(PIECES, min_size=1, max_size=4).map(".".join)
VERSIONS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "v", "1!", "0!"]),
        RELEASES,
        st.sampled_from(["", "a1", "-RC.2", ".beta3", "c0"]),
        st.sampled_from(["", ".post1", "-1", ".rev2"]),
        st.sampled_from(["", ".dev0", "dev3"]),
        st.sampled_from(["", "+cu117", "+Local.01", "+local-1"]),
    ),
)


@settings(max_examples=300, deadline=None)
@given(VERSIONS, VERSIONS)
def test_canonical_texts_are_equal_exactly_when_versions_are(left: str, right: str) -> None:
    assert (canonical(left) == canonical(right)) == (Version(left) == Version(right))
    assert canonical(left) == canonicalize_version(Version(left))
