"""A baseline: known findings are silent, new ones are not, cured ones are told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from steadypin.checks.judgement import decision, judge
from steadypin.model.baseline import Baseline, KnownFinding
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.policy import Policy, Suppression
from steadypin.model.severity import Severity

TODAY = "2026-11-24"
STALE = Finding(
    rule="lock-stale", severity=Severity.HIGH, message="old", package="a", locations=(Location(path="uv.lock", line=3),)
)
MISSING = Finding(rule="locked-not-installed", severity=Severity.MEDIUM, message="gone", package="b")


def baseline(*findings: Finding) -> Baseline:
    known = (KnownFinding(rule=f.rule, package=f.package, fingerprint=f.fingerprint, message=f.message) for f in findings)
    return Baseline(findings=tuple(known), path="base.json")


def rules(known: Baseline, *findings: Finding, unasked: frozenset[str] = frozenset()) -> list[str]:
    return [f.rule for f in judge(findings, Policy(), TODAY, baseline=known, unasked=unasked).findings]


def test_only_new_findings_remain() -> None:
    judged = judge((STALE, MISSING), Policy(), TODAY, baseline=baseline(STALE))
    assert [f.rule for f in judged.findings] == ["locked-not-installed"]
    assert [entry.reason for entry in judged.suppressed] == ["known: base.json"]


def test_a_moved_line_and_other_words_are_the_same_finding() -> None:
    moved = replace(STALE, message="other words", version="9", locations=(Location(path="uv.lock", line=99),))
    assert rules(baseline(STALE), moved) == []


def test_a_cured_finding_is_told() -> None:
    assert rules(baseline(STALE, MISSING), MISSING) == ["baseline-stale"]


def test_silence_of_a_rule_that_was_not_asked_cures_nothing() -> None:
    assert rules(baseline(MISSING), unasked=frozenset({"locked-not-installed"})) == []


def test_an_exception_for_what_was_not_looked_for_is_not_unused() -> None:
    policy = Policy(suppressions=(Suppression(rule="yanked", reason="r"), Suppression(advisory="CVE-1", reason="r")))
    asked = judge((), policy, TODAY)
    unasked = judge((), policy, TODAY, unasked=frozenset({"yanked", "vulnerable", "malicious"}))
    assert len(asked.findings) == 2 and not unasked.findings


def test_an_exception_for_a_path_holds_for_that_file_only() -> None:
    policy = Policy(suppressions=(Suppression(rule="lock-stale", path="legacy/*", reason="frozen"),))
    old = replace(STALE, locations=(Location(path="legacy/uv.lock", line=1),))
    assert [f.locations[0].path for f in judge((STALE, old), policy, TODAY).findings] == ["uv.lock"]


findings = st.builds(
    Finding,
    rule=st.sampled_from(["yanked", "unpinned"]),
    severity=st.sampled_from(list(Severity)),
    package=st.sampled_from(["a", "b", "c"]),
    message=st.just("x"),
)


@given(st.sets(findings, max_size=6), st.sets(findings, max_size=6))
def test_a_baseline_silences_what_it_holds_and_reports_what_is_gone(now: set[Finding], then: set[Finding]) -> None:
    judged = judge(now, Policy(), TODAY, baseline=baseline(*then))
    known = {f.fingerprint for f in then}
    assert {f for f in judged.findings if f.rule != "baseline-stale"} == {f for f in now if f.fingerprint not in known}
    told = {f.about for f in judged.findings if f.rule == "baseline-stale"}
    assert told == known - {f.fingerprint for f in now}


@given(
    st.sets(findings, max_size=5),
    st.sets(findings, max_size=3),
    st.sampled_from([(), ("a",), ("yan*",)]),
    st.sampled_from([(), (("yanked", None),), (("yanked", Severity.INFO),)]),
    st.sampled_from([(), (Suppression(package="b", reason="r"),)]),
)
def test_the_decision_that_is_explained_is_the_one_that_was_taken(
    now: set[Finding],
    then: set[Finding],
    ignore: tuple[str, ...],
    severities: tuple[tuple[str, Severity | None], ...],
    suppressions: tuple[Suppression, ...],
) -> None:
    policy = Policy(ignore=ignore, severities=severities, suppressions=suppressions)
    judged = judge(now, policy, TODAY, baseline=baseline(*then))
    failing = {
        (f.rule, f.package) for f in judged.findings if f.severity >= policy.fail_on and f.rule in ("yanked", "unpinned")
    }
    explained = {(f.rule, f.package) for f in now if decision(f, policy, TODAY, baseline(*then)).startswith("fails")}
    assert failing == explained
