"""Laws of which entries of a lock apply, over locks of every kind made at random."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.comparison.applicable import Selection, applicable
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.locked import LockedDependency, LockedPackage, SourceFile
from steadypin.model.target import Target
from steadypin.sources.targets import parse_target
from tests.support.ledgers import declared, lock, pin

NAMES = ("a", "b", "c", "d", "e", "f")
TARGETS = tuple(
    replace(parse_target(text), tags=())  # the tags do not matter here, and an example with them fills a screen
    for text in ("python=3.12,platform=linux_x86_64", "python=3.10,platform=windows_x86_64", "python=3.13,platform=macos_arm64")
)
HERE = ('python_version >= "3.11"', 'python_version < "3.11"', 'sys_platform == "win32"', 'sys_platform != "win32"')
FALSE = 'python_version < "3"'
CHOICES = ('extra == "x"', '"g" in dependency_groups', '"x" in extras and sys_platform == "linux"')

markers = st.sampled_from((None, *HERE, *CHOICES, FALSE))
selections = st.builds(
    lambda extras, groups: Selection(extras=extras, groups=groups),
    st.frozensets(st.sampled_from(("x", "y")), max_size=2),
    st.frozensets(st.sampled_from(("g", "h")), max_size=2),
)


@st.composite
def edges(draw: st.DrawFn) -> LockedDependency:
    return LockedDependency(
        name=draw(st.sampled_from(NAMES)),
        specifier=draw(st.sampled_from((None, "==1", ">=2"))),
        marker=draw(st.sampled_from((None, *HERE, FALSE))),
        extras=draw(st.sampled_from(((), ("x",)))),
        under=draw(st.sampled_from(("", "extra:x", "group:g"))),
    )


@st.composite
def entries(draw: st.DrawFn) -> LockedPackage:
    return pin(
        draw(st.sampled_from(NAMES)),
        draw(st.sampled_from(("1", "2"))),
        marker=draw(markers),
        groups=draw(st.sampled_from((None, ("main",), ("g",), ("main", "h")))),
        optional=draw(st.booleans()),
        resolution_markers=draw(st.sampled_from(((), (HERE[0],), (FALSE,)))),
        dependencies=tuple(draw(st.lists(edges(), max_size=3))),
    )


@st.composite
def locks(draw: st.DrawFn) -> SourceFile:
    format, version = draw(
        st.sampled_from(
            (("poetry", "2.1"), ("poetry", "1.1"), ("pdm", "4.5"), ("pylock", "1.0"), ("pipfile", "6"), ("uv", "1"))
        )
    )
    packages = draw(st.lists(entries(), max_size=8))
    if format == "uv":  # its entries have no markers of their own
        packages = [replace(package, marker=None, groups=None, optional=False) for package in packages]
    roots = draw(st.sampled_from(((), ("a",)))) if format == "uv" else ()
    return lock(*packages, format=format, format_version=version, roots=roots)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[DeclaredRequirement, ...]:
    found = draw(st.lists(st.sampled_from(NAMES), max_size=3))
    return tuple(declared(name) for name in found)


@given(locks(), st.sampled_from(TARGETS), selections, wishes())
@settings(max_examples=150, deadline=None)
def test_nothing_is_expected_that_cannot_apply_and_all_is_of_the_lock(
    file: SourceFile, target: Target, chosen: Selection, asked: tuple[DeclaredRequirement, ...]
) -> None:
    found = applicable(file, target, chosen, declared=asked)
    every, own = {id(package) for package in found.every}, {id(package) for package in file.packages}
    assert {id(package) for package in found.expected} <= every <= own
    assert len(every) == len(found.every), "each entry once"


@given(locks(), st.sampled_from(TARGETS), selections, wishes())
@settings(max_examples=150, deadline=None)
def test_an_entry_whose_marker_is_false_here_is_never_expected(
    file: SourceFile, target: Target, chosen: Selection, asked: tuple[DeclaredRequirement, ...]
) -> None:
    for package in applicable(file, target, chosen, declared=asked).expected:
        assert package.marker != FALSE and FALSE not in package.resolution_markers
        assert package.marker not in HERE or target.applies(package.marker)
        if package.marker in ('extra == "x"', CHOICES[2]):
            assert "x" in chosen.extras
        if package.marker == '"g" in dependency_groups':
            assert "g" in chosen.groups


@given(locks(), st.sampled_from(TARGETS), wishes())
@settings(max_examples=100, deadline=None)
def test_choosing_more_takes_nothing_away(file: SourceFile, target: Target, asked: tuple[DeclaredRequirement, ...]) -> None:
    """Markers here ask for what is chosen, never for what is not; then a larger choice brings at least as much."""
    plain = applicable(file, target, Selection(), declared=asked)
    more = applicable(file, target, Selection(extras=frozenset("xy"), groups=frozenset("gh")), declared=asked)
    assert {id(package) for package in plain.expected} <= {id(package) for package in more.expected}
    assert plain.every == more.every


@given(locks(), st.sampled_from(TARGETS), selections)
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_entries_does_not_matter(file: SourceFile, target: Target, chosen: Selection) -> None:
    backwards = replace(file, packages=tuple(reversed(file.packages)))
    first, second = applicable(file, target, chosen), applicable(backwards, target, chosen)
    assert {id(package) for package in first.expected} == {id(package) for package in second.expected}
    assert {id(package) for package in first.every} == {id(package) for package in second.every}


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), st.sampled_from(TARGETS))
@settings(max_examples=40, deadline=None)
def test_what_only_a_false_edge_leads_to_is_not_expected(names: list[str], target: Target) -> None:
    chain = [
        pin(name, "1", dependencies=(LockedDependency(name=after, marker=FALSE if not place else None),))
        for place, (name, after) in enumerate(zip(names, [*names[1:], "z"], strict=True))
    ]
    file = lock(*chain, pin("z", "1"), format="poetry", format_version="2.0")
    asked = (declared(names[0]),)
    assert [package.name for package in applicable(file, target, Selection(), declared=asked).expected] == [names[0]]
