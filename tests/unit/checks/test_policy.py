"""What a team forbids, requires and allows: each key of the configuration, where it speaks and where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypin import checks
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.model.facts import Facts
from steadypin.model.files import FileCheck, FileDrift
from steadypin.model.installed import DirectUrl
from steadypin.model.location import Location, Problem
from steadypin.model.locked import Origin, SourceFile
from steadypin.model.policy import Policy
from steadypin.model.released import Release
from steadypin.model.severity import Severity
from tests.support.ledgers import SITE, declared, facts, installed, lock, manifest, pin, project

A_1 = installed("a", "1.0")
LOCK_A = lock(pin("a", "1.0"))
SOUND = facts(manifest(declared("a")), LOCK_A, installed=(A_1,))
GIT = DirectUrl(kind="vcs", url="https://git.example/a", revision="abc")
EDITABLE = DirectUrl(kind="path", url="file:///srv/a", editable=True)
ELSEWHERE = lock(pin("a", "1.0", origin=Origin(kind="index", url="https://u:p@Other.example/simple/")))


def dated(day: str, version: str = "1.0", **more: str) -> SourceFile:
    """A lock that says when its release was uploaded."""
    return lock(pin("a", version, uploaded=f"{day}T00:00:00", **more))


YOUNG = Release("1.0", "2026-11-22T00:00:00Z", None, None, (), True)


def severities(known: Facts, policy: Policy) -> dict[str, Severity]:
    found = checks.findings(Case(facts=known, comparison=compare(known, policy), policy=policy))
    return {finding.rule: finding.severity for finding in found}


CASES = [
    (
        "forbidden-package",
        Policy(forbidden=("a",)),
        SOUND,
        facts(LOCK_A.__class__(path="x", format="requirements", role="lock")),
    ),
    ("required-package", Policy(required=("b",)), SOUND, facts(lock(pin("b", "1")), installed=(installed("b", "1"),))),
    ("required-package", Policy(required=("a",)), facts(LOCK_A, installed=()), SOUND),
    ("vcs-not-allowed", Policy(allow_vcs=False), facts(installed=(installed("a", "1", direct_url=GIT),)), SOUND),
    ("vcs-not-allowed", Policy(allow_vcs=False), facts(lock(pin("a", None, kind="vcs"))), SOUND),
    ("editable-not-allowed", Policy(allow_editable=False), facts(lock(pin("a", None, kind="editable"))), SOUND),
    (
        "editable-not-allowed",
        Policy(allow_editable=False),
        facts(installed=(installed("a", "1", direct_url=EDITABLE, editable=True),)),
        SOUND,
    ),
    ("index-not-allowed", Policy(allowed_indexes=("https://index.example/simple",)), facts(ELSEWHERE), SOUND),
    (
        "index-not-allowed",
        Policy(allowed_indexes=("https://index.example",)),
        facts(lock(path="x.txt", index_urls=("https://index.example.evil.example/simple",))),
        facts(lock(path="x.txt", index_urls=("https://Index.example/simple",))),
    ),
    (
        "release-too-new",
        Policy(cooldown_days=7),
        facts(installed=(A_1,), projects=(project("a", YOUNG),)),
        facts(installed=(A_1,), projects=(project("a", "1.0"),)),
    ),
    (
        "release-too-new",
        Policy(cooldown_days=7),
        facts(dated("2026-11-22"), installed=(A_1,)),
        facts(dated("2026-11-02"), installed=(A_1,)),
    ),
    (
        "release-too-new",
        Policy(cooldown_days=7),
        facts(dated("2026-11-22", "1.1"), installed=(A_1,)),
        facts(dated("2026-11-22", "1.1", kind="url"), installed=(A_1,)),
    ),
    (
        "release-too-old",
        Policy(max_age_days=100),
        facts(dated("2026-05-22"), installed=(A_1,)),
        facts(dated("2026-11-22"), installed=(A_1,)),
    ),
    ("installed-not-locked", Policy(exact=True), facts(LOCK_A, installed=(A_1, installed("pip", "1"))), SOUND),
    (
        "installed-not-chosen",
        Policy(no_dev=True),
        facts(lock(pin("a", "1.0", groups=("dev",)), format="poetry"), installed=(A_1,)),
        SOUND,
    ),
    (
        "installed-not-locked",
        Policy(no_dev=True),
        facts(LOCK_A, manifest(declared("b", group="dev")), installed=(A_1, installed("b", "1"))),
        facts(LOCK_A, installed=(A_1, installed("pip", "1"))),
    ),
]


@pytest.mark.parametrize(("rule", "policy", "bad", "good"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)])
def test_a_policy_speaks_of_what_it_names_only(rule: str, policy: Policy, bad: Facts, good: Facts) -> None:
    assert rule in severities(bad, policy)
    assert rule not in severities(bad, Policy())
    assert rule not in severities(good, policy)


def test_a_cooldown_that_nobody_could_judge_is_said() -> None:
    def said(known: Facts, days: int) -> tuple[str, ...]:
        policy = Policy(cooldown_days=days)
        return checks.notes(Case(facts=known, comparison=compare(known, policy), policy=policy))

    assert "cooldown of 7 days was not judged" in said(SOUND, 7)[0] and said(SOUND, 0) == ()
    known = facts(dated("2026-01-01"), installed=(A_1,))
    assert said(known, 7) == (), "the lock told all that there is to know"
    assert {"release-too-new"} & checks.unasked(SOUND) and not {"release-too-new"} & checks.unasked(known)


def test_required_hashes_make_a_missing_one_grave() -> None:
    bare = facts(lock(pin("a", "1.0", files=())))
    assert severities(bare, Policy())["missing-hashes"] == Severity.LOW
    assert severities(bare, Policy(require_hashes=True))["missing-hashes"] == Severity.HIGH


def test_what_no_lock_was_made_for_does_not_fail_but_is_said() -> None:
    beyond = replace(manifest(declared("b", path="pyproject.toml", extra="web"), path="pyproject.toml"), format="pyproject")
    assert severities(facts(LOCK_A, beyond), Policy())["unpinned"] == Severity.LOW
    assert severities(facts(beyond), Policy())["unpinned"] == Severity.MEDIUM


def test_what_only_a_run_can_tell_does_not_fail() -> None:
    unknown, wrong = (Problem(message="x", location=Location(path="ci.yml"), unknown=unknown) for unknown in (True, False))
    assert severities(facts(replace(LOCK_A, problems=(unknown,))), Policy())["file-problem"] == Severity.LOW
    assert severities(facts(replace(LOCK_A, problems=(wrong,))), Policy())["file-problem"] == Severity.MEDIUM


def test_two_sections_of_a_pipfile_may_differ_and_that_is_told() -> None:
    two = lock(pin("a", "1.0", groups=("default",)), pin("a", "2.0", groups=("develop",)), format="pipfile")
    asked = (manifest(declared("a<2", group="default")), manifest(declared("a>=2", group="develop"), path="b.in"))
    known = facts(two, *asked, installed=(installed("a", "2.0"),))
    assert severities(known, Policy()) == {"locks-disagree": Severity.LOW}
    assert "lock-violates-declared" in severities(facts(two, manifest(declared("a>=3", group="develop"))), Policy())


def test_a_manifest_whose_lock_was_not_chosen_is_not_unpinned() -> None:
    elsewhere = manifest(declared("b", path="dev.in"), path="dev.in", locked_elsewhere=True)
    assert severities(facts(LOCK_A, elsewhere), Policy()) == {}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (lock(format="pipfile", requires_python="3.9"), True),
        (lock(format="pipfile", requires_python="3.12"), False),
        (lock(format="pipfile", requires_python="3.12.0"), True),
        (lock(format="pdm", environments=('python_version < "3.10"',)), True),
        (lock(format="pdm", environments=('sys_platform == "win32"', 'python_version >= "3.10"')), False),
    ],
    ids=range(5),
)
def test_a_lock_says_in_its_own_way_which_python_it_is_for(file: SourceFile, told: bool) -> None:
    assert ("lock-other-python" in severities(facts(LOCK_A, file, installed=(installed("a", "1.0"),)), Policy())) is told


def test_what_the_manifest_beside_a_whole_lock_asks_for_is_no_excuse() -> None:
    asked = replace(manifest(declared("b", path="pyproject.toml", group="dev"), path="pyproject.toml"), format="pyproject")
    there = (installed("a", "1.0"), installed("b", "1.0", "c"), installed("c", "1.0"))
    for format, groups, excused in (("uv", (), False), ("pdm", ("dev",), False), ("pdm", (), True), ("requirements", (), True)):
        known = facts(replace(LOCK_A, format=format, groups=groups), asked, installed=there)
        assert ("installed-not-locked" not in severities(known, Policy())) is excused


def test_the_pip_of_a_venv_is_not_what_a_group_pins() -> None:
    dev = lock(pin("pip", "21.0", path="requirements-dev.txt"), path="requirements-dev.txt")
    there = facts(LOCK_A, dev, installed=(installed("a", "1.0"), installed("pip", "23.0")))
    assert severities(there, Policy()) == {}
    assert set(severities(there, Policy(exact=True))) == {"version-differs"}
    main = lock(pin("pip", "21.0"))
    assert set(severities(facts(main, installed=(installed("pip", "23.0"),)), Policy())) == {"version-differs"}


def test_an_extra_that_only_a_group_asks_for_is_missed_where_it_was_chosen() -> None:
    there = (installed("a", "1.0", 'b; extra == "x"', "c<2; extra == 'y'"), installed("c", "2.0"))
    for where, missed in (({}, True), ({"group": "dev"}, False), ({"extra": "all"}, False), ({"kind": "tool"}, False)):
        known = facts(LOCK_A, manifest(declared("a[x]", **where)), installed=there[:1])
        assert ("broken-requirement" in severities(known, Policy())) is missed
    seen = facts(
        LOCK_A, lock(pin("c", "2.0", path="c.txt"), path="c.txt"), manifest(declared("a[y]", group="dev")), installed=there
    )
    assert "broken-requirement" in severities(seen, Policy()), (
        "all that the extra brings is there, in a version that it refuses"
    )


def test_what_pins_by_hand_bring_is_told_and_does_not_fail() -> None:
    there = (installed("a", "1.0", "b"), installed("b", "1.0"), installed("c", "1.0"))
    by_hand = replace(LOCK_A, role="both")
    found = {
        role: {
            f.package: f.severity for f in checks.findings(Case(facts=k, comparison=compare(k), policy=Policy())) if f.version
        }
        for role, k in (("lock", facts(LOCK_A, installed=there)), ("both", facts(by_hand, installed=there)))
    }
    assert found["lock"] == {"b": Severity.MEDIUM, "c": Severity.MEDIUM}
    assert found["both"] == {"b": Severity.LOW, "c": Severity.MEDIUM}


def test_the_cooldown_holds_for_what_others_bring_as_well() -> None:
    world = facts(
        manifest(declared("a")),
        installed=(installed("a", "1.0", "b"), installed("b", "1.0")),
        projects=(project("a", "1.0"), project("b", Release("0.9", "2025-01-01T00:00:00Z", None, None, (), True), YOUNG)),
    )
    policy = Policy(cooldown_days=7)
    comparison = compare(world, policy)
    assert {package.name: package.wanted.version for package in comparison.packages if package.wanted} == {
        "a": "1.0",
        "b": "0.9",
    }
    assert "release-too-new" in severities(world, policy)


def drifts(*found: FileDrift) -> Facts:
    return facts(LOCK_A, installed=(A_1,), file_check=FileCheck(drifts=found, files=9))


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("changed", "file-changed"),
        ("missing", "file-missing"),
        ("unreadable", "file-unverified"),
        ("outside", "file-unverified"),
        ("no-record", "file-unverified"),
    ],
)
def test_each_kind_of_file_drift_has_its_rule(kind: str, rule: str) -> None:
    known = drifts(FileDrift(kind=kind, path=f"{SITE}/a/x.py", name="a", detail="why"))
    assert rule in severities(known, Policy())


def test_a_stray_folder_is_one_finding_and_a_ruined_package_too() -> None:
    stray = [FileDrift(kind="unowned", path=f"{SITE}/patch/{i}.py") for i in range(50)]
    ruined = [FileDrift(kind="missing", path=f"{SITE}/a/{i}.py", name="a") for i in range(50)]
    known = drifts(*stray, *ruined)
    found = checks.findings(Case(facts=known, comparison=compare(known), policy=Policy()))
    assert sorted(f.rule for f in found) == ["file-missing", "file-unowned"]
    assert any("patch (50 files)" in f.message for f in found)
