"""How a cap is raised: in the manner of the old one, no further than it must, and never without letting the version in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from steadypin.locking.caps import loosened, raised

CASES = [
    (">=4,<5", "5.2.1", ">=4,<6"),
    ("<5.0", "5.2.1", "<6.0"),
    ("<4.3,>=4.2", "5.2.1", "<5.3,>=4.2"),
    ("<0.28", "0.28.1", "<0.29"),
    ("<2024", "2025.1", "<2026"),
    ("<5.0.dev0", "5.2", "<6.0.dev0"),
    ("<1", "1!2.3", "<1!3"),
    ("<2.0", "2.0rc1", "<3.0"),
    ("<=4.2", "5.0.1", "<=5.0.1"),
    ("==1.2.3", "2.0", "==2.0"),
    ("===1.0", "2.0", "===2.0"),
    ("==4.*", "5.2.1", "==5.*"),
    ("==4.2.*", "5", "==5.0.*"),
    ("~=1.4", "2.3.1", "~=2.3"),
    ("~= 1.4.2", "2.3", "~= 2.3.0"),
    (">= 1.0 , < 2.0 ", "2.0.5", ">= 1.0 , < 3.0 "),
    (">=1,<2,!=1.5", "2.1", ">=1,<3,!=1.5"),
    ("(>=1,<2)", "2", "(>=1,<3)"),
    ("^1.2", "2.3.1", "^2.3"),
    ("^1.2", "1.9", "^1.2"),
    ("^0.5", "0.6.1", "^0.6"),
    ("~1.2", "2.3.1", "~2.3"),
    ("1.2.3", "2.0", "2.0"),
    ("1.*", "2.0", "2.*"),
    ("*", "2", "*"),
    ("!=2.0", "2.0", None),
    (">3", "2.0", None),
    ("<2 || >3", "2.5", None),
    ("of course", "2.5", None),
    ("", "2.5", None),
]


@pytest.mark.parametrize(("text", "version", "expected"), CASES, ids=[f"{text}-{version}" for text, version, _ in CASES])
def test_a_cap_is_raised_in_its_own_manner(text: str, version: str, expected: str | None) -> None:
    assert raised(text, version) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(">=4,<5", ">=4"), ("~=1.4", ">=1.4"), ("==1.*", ">=1"), ("==2", ">=2"), ("<3,!=2.5", "!=2.5"), ("<=1", ""), ("", "")],
)
def test_what_caps_goes_and_what_bounds_from_below_or_excludes_stays(text: str, expected: str) -> None:
    assert loosened(text) == expected


NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda numbers: ".".join(map(str, numbers)))


@given(low=NUMBERS, high=NUMBERS, version=NUMBERS)
def test_a_raised_range_lets_in_the_new_version_and_all_that_it_let_in_before(low: str, high: str, version: str) -> None:
    text = f">={low},<{high}"
    new = raised(text, version)
    if Version(version) < Version(low):
        assert new is None
        return
    assert new is not None and SpecifierSet(new).contains(version)
    for old in (low, high, version):
        assert SpecifierSet(new).contains(old) or not SpecifierSet(text).contains(old)
    assert (new == text) is SpecifierSet(text).contains(version)
    assert SpecifierSet(loosened(text)).contains(version)


@given(st.sampled_from(["==", "===", "~=", "<", "<=", "^", "~", ""]), NUMBERS, NUMBERS)
def test_raising_twice_changes_nothing_more(operator: str, written: str, version: str) -> None:
    once = raised(operator + written, version)
    if once is not None:
        assert raised(once, version) == once


@given(st.text(max_size=40), st.text(max_size=10))
def test_any_text_is_raised_or_refused_and_nothing_else(text: str, version: str) -> None:
    raised(text, version)
    loosened(text)
