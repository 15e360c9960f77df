"""Compiled requirements and uv's log, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.errors import ResolverError
from steadypin.model.resolution import Question
from steadypin.resolution import uvsettings
from steadypin.resolution.compiled import answered, read_compiled
from steadypin.resolution.evidence import read_evidence, read_range

SPLIT = """\
# a header
--index-url https://index.example/simple

click==7.1.2 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via
    #   -r requirements.in
    #   Flask_WTF
flask[async]==2.0.3 ; python_version < "3.12"
    # via -r requirements.in
torch==2.13.0+cpu
    # via -c constraints.txt
    # via flask
setuptools==80.0
    # via
    #   steadypin (pyproject.toml)
"""


def test_pins_hashes_markers_extras_and_askers():
    click, flask, setuptools, torch = read_compiled(SPLIT, tool="uv")
    assert (click.name, click.version, click.hashes, click.via) == (
        "click",
        "7.1.2",
        ("sha256:aa", "sha256:bb"),
        ("", "flask-wtf"),
    )
    assert (flask.name, flask.extras, flask.marker, flask.via) == ("flask", ("async",), 'python_version < "3.12"', ("",))
    assert (torch.version, torch.via) == ("2.13.0+cpu", ("flask",))
    assert setuptools.via == ("",)


def test_the_other_annotation_style():
    (click,) = read_compiled("click==8.0    # via flask, -r a.in\n", tool="uv")
    assert click.via == ("", "flask")


@pytest.mark.parametrize("line", ["click>=8", "click", "Traceback (most recent call last):", "<html>", "click==8.*,<9"])
def test_what_is_no_pin_is_an_error(line):
    with pytest.raises(ResolverError, match="not a pin"):
        read_compiled(line, tool="uv")


@pytest.mark.parametrize(
    ("requirements", "said"),
    [(("flask",), "without it"), (("click>=9",), "with click 8.0"), (("click", "flask>=3"), "asked for flask>=3")],
)
def test_a_tool_that_succeeds_and_does_not_answer_what_was_asked(requirements, said):
    packages = read_compiled("click==8.0\n", tool="uv")
    with pytest.raises(ResolverError, match=said):
        answered(Question(requirements=requirements), packages, tool="uv")


def test_what_need_not_be_in_an_answer():
    question = Question(requirements=("gone", "own>=2", 'old ; python_version < "3"'), absent=("own",), overrides=("gone<0",))
    assert answered(question, (), tool="uv") == ()


@given(st.text(max_size=200))
def test_any_text_is_pins_or_an_error(text):
    try:
        read_compiled(text, tool="uv")
    except ResolverError:
        return


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("*", ""),
        (">=7", ">=7"),
        (">=5.1.0, <6.0", ">=5.1.0,<6.0"),
        (">=2.9.0.post0, <2.9.0.post0+", "==2.9.0.post0"),
        (">=1.2+, <2", ">1.2,<2"),
        ("<1.3+", "<=1.3"),
        ("<22.dev0 | >=23.dev0, <23.1 | >=23.1+, <24", "<24"),
        (">=1, <2 | >=3, <4", ">=1,<4"),
        ("nonsense", None),
        (">=4.6.0, <4.7.0 | >=4.7.0+", ">=4.6.0,!=4.7.0"),
        ("<0.4.17 | >=0.4.17+", "!=0.4.17"),
        (">=1, <2 | >=2+, <3 | >=3+, <4", ">=1,!=2,!=3,<4"),
    ],
)
def test_ranges_as_uv_prints_them(shown, meant):
    assert read_range(shown) == meant


def test_evidence():
    log = (
        "DEBUG Adding direct dependency: flask*\n"
        "DEBUG Adding transitive dependency for flask[async]==2.1.2: Jinja2>=3.0\n"
        "DEBUG Adding transitive dependency for flask==2.1.2: click{sys_platform == 'win32'}>=8.0, <9\n"
        "DEBUG Adding transitive dependency for vine==5.1: vine[x]==5.1\n"
        "DEBUG Something else entirely\n"
    )
    found = [(r.by, r.version, r.name, r.specifier) for r in read_evidence(log)]
    assert found == [("flask", "2.1.2", "click", ">=8.0,<9"), ("flask", "2.1.2", "jinja2", ">=3.0")]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        *(("3 weeks", 21), ("24 hours", 1), ("P7D", 7), ("PT36H", 2), ("2026-11-14", 10), ("2026-11-17T00:00:00Z", 7)),
        *(("soon", 0), ("", 0), ("2027-01-01", 0), ("P", 0), ("1" * 9000 + " days", 0)),
    ],
)
def test_the_projects_own_exclude_newer_in_days(text: str, days: int) -> None:
    assert uvsettings._days(text, "2026-11-24T00:00:00Z") == days
