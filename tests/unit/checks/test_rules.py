"""Each rule: a case in which it speaks, and the twin in which it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin import checks
from steadypin.checks import dockerfile, files, image, image_code, policy
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.gap import Gap
from steadypin.model.installed import DirectUrl
from steadypin.model.location import Location, Problem
from steadypin.model.locked import Origin
from steadypin.model.policy import Policy
from steadypin.model.released import Release
from steadypin.model.severity import Severity
from tests.support.ledgers import SITE, declared, facts, installed, lock, manifest, pin, project


def found(known: Facts, rules: Policy | None = None) -> tuple[Finding, ...]:
    rules = rules or Policy()
    return checks.findings(Case(facts=known, comparison=compare(known, rules), policy=rules))


def rules_of(known: Facts, rules: Policy | None = None) -> set[str]:
    return {finding.rule for finding in found(known, rules)}


A_1 = installed("a", "1.0")
LOCK_A_1 = lock(pin("a", "1.0"))
OLD = Release("1.0", "2020-01-01T00:00:00Z", None, None, (), True)
NEW = Release("1.0", "2026-10-01T00:00:00Z", None, None, (), True)
EDITABLE = DirectUrl(kind="path", url="file:///srv/a", editable=True)
GIT = DirectUrl(kind="vcs", url="https://git.example/a", revision="abcdef")
UNHASHED = pin("a", "1.0", files=())

HERE = installed("a", "1.0", direct_url=DirectUrl(kind="path", url="file:///w/a.whl", hashes=("sha256:" + "0" * 64,)))
AROUND = DirectUrl(kind="path", url="file:///srv/z", editable=True)
NAMELESS = lock(pin(None, None, kind="path", path="b.txt", origin=Origin(kind="path", url="../libs/b")), path="b.txt")  # type: ignore[arg-type]
VCS_PIN = pin("a", None, kind="vcs", origin=Origin(kind="vcs", url="x", revision="abc"))

CASES: list[tuple[str, Facts, Facts]] = [
    (
        "source-differs",
        facts(lock(VCS_PIN), installed=(installed("a", "1.0", installer="uv"),)),
        facts(LOCK_A_1, installed=(HERE,)),
    ),
    (
        "foreign-environment",
        facts(LOCK_A_1, installed=(installed("z", "1", direct_url=AROUND, editable=True),), at="/srv/z/.venv"),
        facts(LOCK_A_1, installed=(installed("z", "1", direct_url=AROUND, editable=True),), at="/srv/a/.venv"),
    ),
    (
        "duplicate-distribution",
        facts(LOCK_A_1, installed=(installed("a", "0.9"), A_1)),
        facts(LOCK_A_1, installed=(A_1,)),
    ),
    (
        "missing-hashes",
        facts(lock(UNHASHED, pin("b", "1"))),
        facts(lock(pin("a", "1.0", kind="vcs", files=()), pin("b", "1"))),
    ),
    (
        "installed-not-locked",
        facts(LOCK_A_1, installed=(A_1, installed("b", "1"))),
        facts(LOCK_A_1, installed=(A_1, installed("pip", "1"))),
    ),
    (
        "locked-not-installed",
        facts(LOCK_A_1, installed=()),
        facts(lock(pin("a", "1.0", groups=("dev",)), format="poetry"), installed=()),
    ),
    (
        "version-differs",
        facts(LOCK_A_1, installed=(installed("a", "1.1"),)),
        facts(LOCK_A_1, installed=(installed("a", "1.0.0"),)),
    ),
    (
        "version-differs",
        facts(lock(pin("a", "1.0+cpu")), installed=(A_1,)),
        facts(LOCK_A_1, installed=(installed("a", "1.0+cpu"),)),
    ),
    (
        "source-differs",
        facts(LOCK_A_1, installed=(installed("a", "1.0", direct_url=GIT),)),
        facts(
            lock(pin("a", None, kind="vcs", origin=Origin(kind="vcs", url="x", revision="abc"))),
            installed=(installed("a", "1.0", direct_url=GIT),),
        ),
    ),
    (
        "installed-not-locked",
        facts(LOCK_A_1, installed=(A_1, installed("pytest", "8", "pluggy"), installed("pluggy", "1"))),
        facts(
            manifest(declared("pytest", group="dev")),
            LOCK_A_1,
            installed=(A_1, installed("pytest", "8", "pluggy"), installed("pluggy", "1")),
        ),
    ),
    (
        "locks-disagree",
        facts(LOCK_A_1, lock(pin("a", "2.0", path="b.txt"), path="b.txt")),
        facts(LOCK_A_1, lock(pin("a", "1.0", path="b.txt"), path="b.txt")),
    ),
    ("unpinned", facts(manifest(declared("a>=1"))), facts(manifest(declared("a>=1")), LOCK_A_1)),
    ("unpinned", facts(manifest(declared("a==1.*"))), facts(manifest(declared("a===1.0")))),
    ("unpinned-tool", facts(manifest(declared("black", kind="tool"))), facts(manifest(declared("black==24.1", kind="tool")))),
    ("missing-hashes", facts(lock(UNHASHED)), facts(LOCK_A_1)),
    ("lock-violates-declared", facts(manifest(declared("a>=2")), LOCK_A_1), facts(manifest(declared("a>=1")), LOCK_A_1)),
    ("lock-stale", facts(replace(LOCK_A_1, stale="its hash is another")), facts(LOCK_A_1)),
    (
        "lock-other-python",
        facts(replace(LOCK_A_1, requires_python=">=3.13"), installed=(A_1,)),
        facts(replace(LOCK_A_1, requires_python=">=3.8"), installed=(A_1,)),
    ),
    (
        "file-problem",
        facts(replace(LOCK_A_1, problems=(Problem(message="?", location=Location(path="x", line=1)),))),
        facts(LOCK_A_1),
    ),
    (
        "broken-requirement",
        facts(installed=(installed("a", "1", "b>=2"), installed("b", "1"))),
        facts(installed=(installed("a", "1", "b>=2"), installed("b", "2"))),
    ),
    (
        "broken-requirement",
        facts(installed=(installed("a", "1", "b"),)),
        facts(installed=(installed("a", "1", "b; sys_platform == 'win32'"),)),
    ),
    (
        "duplicate-distribution",
        facts(installed=(A_1, installed("a", "1.1"))),
        facts(installed=(A_1, installed("a", "1.1", location=Location(path="/usr/lib/python3/dist-packages/a-1.1.dist-info")))),
    ),
    (
        "broken-metadata",
        facts(installed=(installed("a", None, problems=(Problem(message="no METADATA", location=Location(path=SITE)),)),)),
        facts(installed=(A_1,)),
    ),
    ("direct-reference", facts(installed=(installed("a", "1", direct_url=EDITABLE, editable=True),)), facts(installed=(A_1,))),
    (
        "yanked",
        facts(installed=(A_1,), projects=(project("a", OLD._replace(yanked="broken")),)),
        facts(installed=(A_1,), projects=(project("a", OLD),)),
    ),
    (
        "outdated-patch",
        facts(installed=(A_1,), projects=(project("a", "1.0", "1.0.1"),)),
        facts(installed=(A_1,), projects=(project("a", "1.0", "1.0.1rc1"),)),
    ),
    (
        "outdated-minor",
        facts(installed=(A_1,), projects=(project("a", "1.0", "1.1"),)),
        facts(installed=(A_1,), projects=(project("a", "0.9", "1.0"),)),
    ),
    (
        "outdated-major",
        facts(installed=(A_1,), projects=(project("a", "1.0", "2.0"),)),
        facts(installed=(A_1,), projects=(project("a", "1.0", "1.1"),)),
    ),
    (
        "installer-outdated",
        facts(installed=(installed("pip", "20"),), projects=(project("pip", "20", "26"),)),
        facts(installed=(installed("pip", "26"),), projects=(project("pip", "26"),)),
    ),
    (
        "release-too-old",
        facts(installed=(A_1,), projects=(project("a", OLD),)),
        facts(installed=(A_1,), projects=(project("a", NEW),)),
    ),
    (
        "project-status",
        facts(installed=(A_1,), projects=(project("a", NEW, status="archived"),)),
        facts(installed=(A_1,), projects=(project("a", NEW),)),
    ),
    (
        "unknown-project",
        facts(installed=(A_1,), unknown=("a",)),
        facts(installed=(installed("a", "1", editable=True),), unknown=("a",)),
    ),
    (
        "unknown-release",
        facts(installed=(A_1,), projects=(project("a", "0.9"),)),
        facts(installed=(installed("a", "1.0+local"),), projects=(project("a", "1.0"),)),
    ),
    (
        "python-refused",
        facts(installed=(installed("a", "1", requires_python="<3.12"),)),
        facts(installed=(installed("a", "1", requires_python=">=3.8"),)),
    ),
]


@pytest.mark.parametrize(("rule", "bad", "good"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)])
def test_a_rule_speaks_of_the_bad_case_and_not_of_its_good_twin(rule: str, bad: Facts, good: Facts) -> None:
    assert rule in rules_of(bad)
    assert rule not in rules_of(good)


def test_every_rule_has_a_case_here_or_a_test_of_its_own() -> None:
    elsewhere = {"exception-unused", "exception-expired", "exception-expiring", "vulnerable", "malicious", "advisories-stale"}
    of_baseline, of_policy = (
        {"baseline-stale", "installed-not-chosen"},
        {rule.id for rule in (*policy.CHECK.rules, *files.CHECK.rules)},
    )
    of_images = {rule.id for family in (image, image_code, dockerfile) for rule in family.CHECK.rules}
    assert {rule.id for rule in checks.rules()} - elsewhere - of_baseline - of_policy - of_images <= {case[0] for case in CASES}


def test_an_environment_with_hardly_anything_of_the_lock_is_said() -> None:
    locked = lock(*(pin(f"p{i}", "1", line=i) for i in range(8)))
    foreign = facts(locked, installed=tuple(installed(f"q{i}", "1") for i in range(8)))
    empty = facts(locked, installed=())
    said = [checks.notes(Case(facts=known, comparison=compare(known), policy=Policy())) for known in (foreign, empty)]
    assert "0 of 8 locked packages" in said[0][0] and said[1] == ()


def test_every_finding_says_where_it_is_and_what_to_do() -> None:
    for rule, bad, _ in CASES:
        (finding, *_rest) = [f for f in found(bad) if f.rule == rule]
        assert finding.message and finding.remedy, rule
        assert finding.locations or rule in ("broken-requirement",), rule


def test_a_clean_project_has_no_findings() -> None:
    clean = facts(manifest(declared("a>=1")), LOCK_A_1, installed=(A_1,), projects=(project("a", NEW),))
    assert found(clean) == ()


def test_the_project_itself_is_never_drift() -> None:
    own = manifest(declared("a>=1"), path="pyproject.toml", project_name="My.App")
    known = facts(
        own, LOCK_A_1, installed=(A_1, installed("my-app", "0.1", editable=True, direct_url=EDITABLE)), unknown=("my-app",)
    )
    assert rules_of(known) == set()


def test_a_quarantined_project_is_critical() -> None:
    (finding,) = [
        f
        for f in found(facts(installed=(A_1,), projects=(project("a", NEW, status="quarantined"),)))
        if f.rule == "project-status"
    ]
    assert finding.severity is Severity.CRITICAL


def test_a_release_is_not_called_unknown_where_one_of_several_indexes_was_silent() -> None:
    known = facts(installed=(A_1,), projects=(project("a", "0.9"),), gaps=(Gap(subject="a", stage="index", reason="timeout"),))
    assert "unknown-release" not in rules_of(known)


def test_without_index_answers_nothing_is_said_about_releases() -> None:
    assert rules_of(facts(LOCK_A_1, installed=(A_1,))) == set()


def test_rule_ids_are_unique_and_kebab_case() -> None:
    ids = [rule.id for rule in checks.rules()]
    assert len(ids) == len(set(ids))
    assert all(part.isalnum() and part.islower() for rule_id in ids for part in rule_id.split("-"))


@given(
    st.sampled_from([bad for _, bad, _ in CASES]),
    st.dictionaries(st.sampled_from(["zz-c", "b-c", "a-c"]), st.sampled_from(["1.0", "2.1", "3rc1"]), min_size=1),
    st.booleans(),
)
def test_a_compliant_package_added_removes_no_finding(bad: Facts, more: dict[str, str], asked_for: bool) -> None:
    has_lock = any(file.role == "lock" for file in bad.files)
    files = (
        (*bad.files, lock(*(pin(name, version) for name, version in more.items()), path="zz.txt")) if has_lock else bad.files
    )
    if has_lock and asked_for:
        files = (*files, manifest(*(declared(name, path="zz.in") for name in more), path="zz.in"))
    there = bad.environment
    if there is not None:
        added = (installed(name, version) for name, version in more.items())
        there = replace(there, distributions=(*there.distributions, *added))
    before, after = set(found(bad)), set(found(replace(bad, environment=there, files=files)))
    assert before <= after
    assert not {finding for finding in after - before if finding.package in more and has_lock}


def test_a_misspelt_only_is_told() -> None:
    known = facts(lock(pin("idna", "3.7")))
    policy = Policy(only=("yankd", "idna", "outdated-*"), ignore=("Idnaa",))
    said = checks.notes(Case(facts=known, comparison=compare(known), policy=policy))
    assert [text.partition(":")[0] for text in said] == ["--only yankd", "--ignore Idnaa"]
    assert "did you mean yanked?" in said[0] and "did you mean idna?" in said[1]
