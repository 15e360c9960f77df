"""Policy, applied in one place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadypin.checks.judgement import judge
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.policy import Policy, Suppression
from steadypin.model.severity import Severity

TODAY = "2026-11-24"
YANKED = Finding(rule="yanked", severity=Severity.HIGH, package="a", version="1.0", message="a 1.0 was yanked")
OLD = Finding(rule="release-too-old", severity=Severity.LOW, package="b", version="2.0", message="old")


def rules_after(policy: Policy, *findings: Finding) -> list[str]:
    return [finding.rule for finding in judge(findings, policy, TODAY).findings]


def test_a_severity_is_changed_and_off_removes() -> None:
    policy = Policy(severities=(("yanked", Severity.INFO), ("release-too-old", None)))
    (finding,) = judge((YANKED, OLD), policy, TODAY).findings
    assert (finding.rule, finding.severity) == ("yanked", Severity.INFO)


def test_only_and_ignore_name_rules_or_packages_with_wildcards() -> None:
    assert rules_after(Policy(only=("a",)), YANKED, OLD) == ["yanked"]
    assert rules_after(Policy(only=("release-*",)), YANKED, OLD) == ["release-too-old"]
    assert rules_after(Policy(ignore=("yan*", "B")), YANKED, OLD) == []


def test_an_exception_silences_what_it_names_and_keeps_its_reason() -> None:
    entry = Suppression(rule="yanked", package="A", versions="<2", reason="vendor fix", until="2027-01-01")
    judged = judge((YANKED, OLD), Policy(suppressions=(entry,)), TODAY)
    assert [f.rule for f in judged.findings] == ["release-too-old"]
    assert [(s.finding, s.reason, s.until) for s in judged.suppressed] == [(YANKED, "vendor fix", "2027-01-01")]


def test_an_expired_exception_fails_and_silences_nothing() -> None:
    entry = Suppression(rule="yanked", reason="later", until="2026-11-23")
    assert sorted(rules_after(Policy(suppressions=(entry,)), YANKED)) == ["exception-expired", "yanked"]


def test_the_last_day_still_counts_and_warns() -> None:
    entry = Suppression(rule="yanked", reason="later", until="2026-11-24")
    assert rules_after(Policy(suppressions=(entry,)), YANKED) == ["exception-expiring"]


def test_an_exception_that_matches_nothing_is_reported_where_it_stands() -> None:
    entry = Suppression(package="gone", reason="old story", location=Location(path="pyproject.toml", line=9))
    (finding,) = judge((), Policy(suppressions=(entry,)), TODAY).findings
    assert finding.rule == "exception-unused" and finding.locations[0].line == 9


findings = st.builds(
    Finding,
    rule=st.sampled_from(["yanked", "unpinned", "version-differs"]),
    severity=st.sampled_from(list(Severity)),
    package=st.sampled_from(["a", "b", "c"]),
    version=st.sampled_from(["1.0", "2.0", "not a version"]),
    message=st.sampled_from(["x", "y"]),
)
entries = st.builds(
    Suppression,
    reason=st.just("because"),
    rule=st.sampled_from([None, "yanked", "unpinned"]),
    package=st.sampled_from([None, "a", "B"]),
    versions=st.sampled_from([None, "<2"]),
    until=st.sampled_from([None, "2026-11-23", "2026-11-24", "2027-01-31"]),
)


def names(entry: Suppression, finding: Finding) -> bool:
    """Said a second time, in this test's own words."""
    is_meant = (
        finding.rule == (entry.rule or finding.rule) and finding.package == (entry.package or str(finding.package)).lower()
    )
    in_range = entry.versions is None or finding.version == "1.0"
    return is_meant and in_range and entry.until != "2026-11-23"


@given(st.lists(findings, max_size=8, unique=True), st.lists(entries, max_size=3, unique=True))
def test_a_suppression_changes_only_what_it_names(some: list[Finding], excused: list[Suppression]) -> None:
    judged = judge(some, Policy(suppressions=tuple(excused)), TODAY)
    named = {finding for finding in some if any(names(entry, finding) for entry in excused)}
    assert {entry.finding for entry in judged.suppressed} == named
    assert {finding for finding in judged.findings if not finding.rule.startswith("exception-")} == set(some) - named


@given(st.lists(findings, max_size=8, unique=True), st.lists(entries, max_size=3, unique=True), entries)
def test_one_more_suppression_moves_what_it_names_and_nothing_else(
    some: list[Finding], excused: list[Suppression], more: Suppression
) -> None:
    before = judge(some, Policy(suppressions=tuple(excused)), TODAY)
    after = judge(some, Policy(suppressions=(*excused, more)), TODAY)
    assert set(before.suppressed) <= set(after.suppressed)
    moved = {entry.finding for entry in set(after.suppressed) - set(before.suppressed)}
    assert all(names(more, finding) for finding in moved)
    assert set(before.findings) - set(after.findings) == moved
    assert all(finding.rule.startswith("exception-") for finding in set(after.findings) - set(before.findings))
