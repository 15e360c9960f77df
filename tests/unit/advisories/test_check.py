"""Advisories as findings: severity, place, and the smallest cure with who is in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypin.checks import advisories
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.policy import Policy
from steadypin.model.severity import Severity
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project

FLAW = AdvisoryMatch(
    name="demo",
    version="1.0",
    primary="PYSEC-2024-1",
    ids=("CVE-2024-1", "GHSA-1", "PYSEC-2024-1"),
    records=("GHSA-1", "PYSEC-2024-1"),
    fixed_in=("1.0.1", "2.0"),
    severity=Severity.HIGH,
    score=8.1,
    summary="Bad things happen",
)


def found(known: Facts, policy: Policy | None = None) -> list[Finding]:
    policy = policy or Policy()
    return list(advisories.CHECK.run(Case(facts=known, comparison=compare(known, policy), policy=policy)))


def with_flaw(known: Facts, *flaws: AdvisoryMatch) -> Facts:
    return replace(known, advisories=flaws or (FLAW,), advisories_as_of="2026-11-20T00:00:00Z")


LOCKED = facts(lock(pin("demo", "1.0", line=7)))


def test_a_flaw_is_one_finding_at_the_pin() -> None:
    (finding,) = found(with_flaw(LOCKED))
    assert (finding.rule, finding.severity, finding.package, finding.version) == ("vulnerable", Severity.HIGH, "demo", "1.0")
    assert finding.message == "demo 1.0: PYSEC-2024-1 (CVE-2024-1, GHSA-1): Bad things happen"
    assert [str(place) for place in finding.locations] == ["requirements.txt:7"]
    assert finding.advisory == FLAW


def test_without_a_lock_the_environment_is_the_place() -> None:
    (finding,) = found(with_flaw(facts(installed=(installed("demo", "1.0"),))))
    assert finding.locations[0].path.endswith("demo-1.0.dist-info")


def test_unknown_severity_is_the_rules_own() -> None:
    (finding,) = found(with_flaw(LOCKED, replace(FLAW, severity=None)))
    assert finding.severity is Severity.MEDIUM


def test_malicious_is_critical() -> None:
    (finding,) = found(with_flaw(LOCKED, replace(FLAW, ids=("GHSA-1", "MAL-2024-1"), severity=None)))
    assert (finding.rule, finding.severity) == ("malicious", Severity.CRITICAL)
    assert "remove demo" in finding.remedy


def test_a_cure_inside_every_range_blames_the_pin() -> None:
    asked = manifest(declared("demo<2"))
    (finding,) = found(with_flaw(facts(asked, lock(pin("demo", "1.0")))))
    assert finding.remedy.startswith("move to demo==1.0.1, which everything that asks for it accepts (your lock is at fault)")
    (finding,) = found(with_flaw(facts(asked, installed=(installed("demo", "1.0"),))))
    assert "your lock" not in finding.remedy and "plan --to security" in finding.remedy


def test_what_nothing_asks_for_is_no_plans_business() -> None:
    (finding,) = found(with_flaw(facts(installed=(installed("demo", "1.0"),))))
    assert finding.remedy == "pip install demo==1.0.1 (nothing here asks for it)"


def test_a_flaw_that_ends_without_a_fix_names_the_release_above_it() -> None:
    flaw = replace(FLAW, fixed_in=(), clear_above="1.0")
    offered = (project("demo", "0.9", "1.0", "1.1rc1", "1.1", "1.2"),)
    (finding,) = found(with_flaw(facts(lock(pin("demo", "1.0")), projects=offered), flaw))
    assert finding.remedy.startswith("no fix is named, but it ends at 1.0: move to demo==1.1, which everything")
    own = manifest(declared("demo<1.1", path="requirements.in", line=3))
    (finding,) = found(with_flaw(facts(own, lock(pin("demo", "1.0")), projects=offered), flaw))
    assert finding.remedy.startswith("no fix is named, but it ends at 1.0: demo==1.1 is above that, but your cap")
    (finding,) = found(with_flaw(LOCKED, flaw))
    assert finding.remedy.startswith("no fixed version is known")


def test_a_cure_outside_names_who_blocks() -> None:
    own = manifest(declared("demo<1.0.1", path="requirements.in", line=3))
    other = installed("other", "1", "demo==1.0")
    (finding,) = found(with_flaw(facts(own, lock(pin("demo", "1.0")), installed=(installed("demo", "1.0"), other))))
    assert finding.remedy.startswith("demo==1.0.1 cures, but ")
    assert "your cap (requirements.in:3) asks for <1.0.1" in finding.remedy
    assert "other asks for ==1.0" in finding.remedy


def test_the_smallest_cure_is_one_that_the_index_has() -> None:
    (finding,) = found(with_flaw(facts(lock(pin("demo", "1.0")), projects=(project("demo", "1.0", "2.0"),))))
    assert finding.remedy.startswith("move to demo==2.0")


def test_no_fix_says_the_choices() -> None:
    (finding,) = found(with_flaw(LOCKED, replace(FLAW, fixed_in=())))
    assert "no fixed version is known: remove demo, or except" in finding.remedy
    (finding,) = found(with_flaw(LOCKED, replace(FLAW, fixed_in=(), clear_below="0.9")))
    assert "pin demo<0.9, which it does not reach" in finding.remedy
    assert "PYSEC-2024-1" in finding.remedy


@pytest.mark.parametrize(
    ("as_of", "stale"), [("2026-10-01T00:00:00Z", True), ("2026-11-01T00:00:00Z", False), (None, False), ("x", False)]
)
def test_old_data_is_a_finding(as_of: str | None, stale: bool) -> None:
    rules = [finding.rule for finding in found(replace(LOCKED, advisories_as_of=as_of))]
    assert rules == (["advisories-stale"] if stale else [])


def test_how_old_is_the_policys_choice() -> None:
    known = replace(LOCKED, advisories_as_of="2026-11-20T00:00:00Z")
    assert [finding.rule for finding in found(known, Policy(max_advisory_age_days=2))] == ["advisories-stale"]
