"""The four ledgers, joined."""

from __future__ import annotations

from steadypin.comparison import compare
from steadypin.model.comparison import PackageComparison
from steadypin.model.facts import Facts
from steadypin.model.policy import Policy
from steadypin.model.released import Release
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project


def only(facts: Facts, name: str, policy: Policy | None = None) -> PackageComparison:
    (found,) = [package for package in compare(facts, policy).packages if package.name == name]
    return found


def row(
    version: str, *, requires_python: str | None = None, yanked: str | None = None, wheels: tuple[str, ...] = ()
) -> Release:
    return Release(version, "2026-11-20T00:00:00Z", yanked, requires_python, wheels, not wheels)


def test_every_ledger_of_one_name_stands_in_one_value() -> None:
    package = only(
        facts(
            manifest(declared("Flask>=2")),
            lock(pin("flask", "2.3.3")),
            installed=(installed("flask", "2.3.2"),),
            projects=(project("flask", "2.3.2", "2.3.3", "3.1.3"),),
        ),
        "flask",
    )
    assert package.declared[0].requirement == "Flask>=2"
    assert package.locked[0].version == "2.3.3"
    assert package.current == "2.3.2"
    assert package.direct
    assert (package.wanted, package.latest) == (package.project.releases[-1], package.project.releases[-1])
    assert package.behind == 2


def test_wanted_is_what_declarations_and_installed_packages_accept_and_blockers_are_named() -> None:
    package = only(
        facts(
            manifest(declared("jinja2<4", line=3)),
            installed=(installed("jinja2", "3.0.0"), installed("flask", "2.0", "Jinja2 (<3.1)")),
            projects=(project("jinja2", "3.0.0", "3.0.9", "3.1.2", "4.0.0"),),
        ),
        "jinja2",
    )
    assert package.wanted is not None and package.wanted.version == "3.0.9"
    assert package.latest is not None and package.latest.version == "4.0.0"
    assert [(b.name, b.requirement) for b in package.blocked_by] == [
        ("flask", "Jinja2 (<3.1)"),
        ("requirements.in:3", "jinja2<4"),
    ]


def test_latest_is_for_this_interpreter_and_newest_for_any() -> None:
    package = only(
        facts(
            installed=(installed("numpy", "1.0"),),
            projects=(project("numpy", row("1.0"), row("2.0"), row("3.0", requires_python=">=3.13")),),
        ),
        "numpy",
    )
    assert package.latest is not None and package.latest.version == "2.0"
    assert package.newest is not None and package.newest.version == "3.0"
    assert [(b.name, b.requirement) for b in package.blocked_by] == [("python", ">=3.13")]


def test_yanked_releases_prereleases_and_foreign_wheels_are_not_offered() -> None:
    foreign = row("1.4", wheels=("x-1.4-cp312-cp312-win_amd64.whl",))
    package = only(
        facts(
            installed=(installed("x", "1.0"),),
            projects=(project("x", row("1.0"), row("1.1"), row("1.2", yanked="bad"), row("1.3rc1"), foreign),),
        ),
        "x",
    )
    assert package.latest is not None and package.latest.version == "1.1"


def test_a_prerelease_user_is_offered_prereleases() -> None:
    package = only(facts(installed=(installed("x", "1.1rc1"),), projects=(project("x", "1.0", "1.1rc1", "1.1rc2"),)), "x")
    assert package.wanted is not None and package.wanted.version == "1.1rc2"


def test_a_cooldown_keeps_young_releases_from_being_wanted_and_says_so() -> None:
    old = Release("1.1", "2026-11-01T00:00:00Z", None, None, (), True)
    young = Release("1.2", "2026-11-22T00:00:00Z", None, None, (), True)
    known = facts(installed=(installed("x", "1.0"),), projects=(project("x", old, young),))
    package = only(known, "x", Policy(cooldown_days=7))
    assert package.wanted is not None and package.wanted.version == "1.1"
    assert ("cooldown", "7 days") in [(b.name, b.requirement) for b in package.blocked_by]


def test_extras_that_somebody_asked_for_bring_their_requirements() -> None:
    quiet = "httptools>=0.5; extra == 'standard'"
    asked = facts(
        manifest(declared("uvicorn[standard]")), installed=(installed("uvicorn", "0.30", quiet), installed("httptools", "0.4"))
    )
    unasked = facts(
        manifest(declared("uvicorn")), installed=(installed("uvicorn", "0.30", quiet), installed("httptools", "0.4"))
    )
    assert [d.by for d in only(asked, "httptools").demands] == ["uvicorn"]
    assert only(unasked, "httptools").demands == ()


def test_extras_travel_through_requirements() -> None:
    known = facts(
        manifest(declared("a[x]")),
        installed=(installed("a", "1", "b[y]; extra == 'x'"), installed("b", "1", "c>2; extra == 'y'"), installed("c", "1")),
    )
    assert [d.by for d in only(known, "c").demands] == ["b"]


def test_markers_are_the_targets_own() -> None:
    known = facts(
        lock(pin("colorama", "0.4", marker='sys_platform == "win32"'), pin("uvloop", "0.2", marker='sys_platform != "win32"')),
        installed=(installed("x", "1", "tomli; python_version < '3.11'"),),
    )
    names = {package.name for package in compare(known).packages if package.locked or package.demands}
    assert names == {"uvloop"}


def test_a_pin_of_a_hand_written_file_is_lock_not_cap() -> None:
    from dataclasses import replace

    both = replace(
        manifest(declared("flask==2.1.1", path="requirements.txt"), path="requirements.txt"),
        role="both",
        packages=(pin("flask", "2.1.1"),),
    )
    package = only(facts(both, installed=(installed("flask", "2.1.1"),), projects=(project("flask", "2.1.1", "3.0"),)), "flask")
    assert package.wanted is not None and package.wanted.version == "3.0"
    assert package.locked[0].version == "2.1.1"


def test_a_missing_requirement_of_an_installed_package_is_a_package_of_its_own() -> None:
    package = only(facts(installed=(installed("a", "1", "gone>=2"),)), "gone")
    assert not package.installed and [d.by for d in package.demands] == ["a"]


def test_comparison_does_not_depend_on_the_order_of_facts() -> None:
    items = (installed("a", "1", "b<2"), installed("b", "1"))
    assert compare(facts(installed=items)) == compare(facts(installed=items[::-1]))
