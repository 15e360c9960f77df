"""Real explanations of uv and pip, and the premises in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.resolution.conflicts import as_required, pip_conflicts, uv_conflicts

NEW_UV = """\
error: No solution found when resolving dependencies
  cause: Because flask==2.2.0 depends on click>=8.0 and you require flask==2.2, we can conclude that you require click>=8.0.
         And because you require click==7.1.2, we can conclude that your requirements are unsatisfiable.
"""
OLD_UV = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because flask==2.2.0 depends on click>=8.0 and you require flask==2.2, we can conclude that you require click>=8.0.
      And because you require click==7.1.2, we can conclude that your requirements are unsatisfiable.
"""
PYTHON = """\
error: No solution found when resolving dependencies
  cause: Because the requested Python version (>=3.9) does not satisfy Python>=3.11 and numpy==2.3.0 depends on Python>=3.11, we \
can conclude that numpy==2.3.0 cannot be used.
         And because you require numpy==2.3.0, we can conclude that your requirements are unsatisfiable.

hint: The `--python-version` value (>=3.9) includes Python versions that are not supported by your dependencies (e.g., \
numpy==2.3.0 only supports >=3.11).
"""
CHOICES = """\
error: No solution found when resolving dependencies
  cause: Because you require one of:
             attrs<22.dev0
             attrs>=23.dev0,<23.1
             attrs>23.1,<24
         and attrs>24, we can conclude that your requirements are unsatisfiable.
"""
LONG = """\
error: No solution found when resolving dependencies
  cause: Because sphinx>=7.4.0,<=8.2.3 depends on docutils>=0.20,<0.22 and sphinx>=9.0.0rc1,<=9.0.4 depends on \
docutils>=0.20,<0.23, we can conclude that all of:
             sphinx>=7.4.0,<=8.2.3
             sphinx>=9.0.0rc1,<=9.0.4
         depend on docutils>=0.20,<0.23. (1)

         And because we know from (1) that sphinx>=7.0.1,<=9.1.1 depends on docutils>=0.18.1,<0.23, we can conclude that \
sphinx>=7.0.1 depends on docutils>=0.18.1,<0.23.
         And because you require sphinx>7 and docutils<0.15, we can conclude that your requirements are unsatisfiable.
"""


def rows(conflicts):
    return [(c.name, c.by, c.requirement) for c in conflicts]


@pytest.mark.parametrize("text", [NEW_UV, OLD_UV])
def test_premises_and_no_conclusions(text):
    assert rows(uv_conflicts(text)) == [
        ("click", "flask==2.2.0", "click>=8.0"),
        ("flask", "", "flask==2.2"),
        ("click", "", "click==7.1.2"),
    ]


def test_python_is_a_demand_like_others():
    assert rows(uv_conflicts(PYTHON)) == [("Python", "numpy==2.3.0", "Python>=3.11"), ("numpy", "", "numpy==2.3.0")]


def test_choices():
    assert rows(uv_conflicts(CHOICES)) == [
        ("attrs", "", "attrs<22.dev0 | attrs>=23.dev0,<23.1 | attrs>23.1,<24"),
        ("attrs", "", "attrs>24"),
    ]


def test_all_but_one_version_is_one_requirement():
    text = "No solution found:\n  Because a==1 depends on one of:\n b<2.0\n b>2.0\n and you require a==1, you lose."
    assert ("b", "a==1", "b!=2.0") in rows(uv_conflicts(text))


@pytest.mark.parametrize(
    ("clause", "not_offered"),
    [
        ("only attrs<=26.1.0 is available", "more than attrs<=26.1.0"),
        ("only the following versions of attrs are available: attrs==1 attrs==2", "what is asked of attrs"),
    ],
)
def test_what_an_index_has_is_not_what_it_lacks(clause, not_offered):
    text = f"No solution found when resolving dependencies:\n  Because {clause} and you require attrs>27, you lose."
    assert ("attrs", "index", not_offered) in rows(uv_conflicts(text))


def test_what_is_known_from_before_is_not_told_twice():
    assert rows(uv_conflicts(LONG)) == [
        ("docutils", "sphinx>=7.4.0,<=8.2.3", "docutils>=0.20,<0.22"),
        ("docutils", "sphinx>=9.0.0rc1,<=9.0.4", "docutils>=0.20,<0.23"),
        ("sphinx", "", "sphinx>7"),
        ("docutils", "", "docutils<0.15"),
    ]


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("there is no version of flask==99.2 and you require flask==99.2", "flask"),
        ("nosuch was not found in the package registry and you require nosuch", "nosuch"),
        ("only attrs<=26.1.0 is available and you require attrs>27", "attrs"),
        ("torch==2.0 has no wheels with a matching Python ABI tag (e.g., `cp313`) and you require torch", "torch"),
        ("sphinx==8.3.0 was yanked (reason: Bad release) and you require sphinx==8.3.0", "sphinx"),
    ],
)
def test_an_index_that_has_nothing_fitting(clause, name):
    text = f"No solution found when resolving dependencies:\n  Because {clause}, we can conclude that your requirements are unsatisfiable."
    assert (name, "index") in {(c.name, c.by) for c in uv_conflicts(text)}


def test_pip_tells_it_in_its_own_way():
    text = (
        "ERROR: Cannot install -r r.in (line 1) and click==7.1.2 because these package versions have conflicting dependencies.\n\n"
        "The conflict is caused by:\n    The user requested click==7.1.2\n    flask 2.2.0 depends on click>=8.0\n"
        "    The user requested (constraint) click<8\n"
    )
    assert rows(pip_conflicts(text)) == [
        ("click", "flask==2.2.0", "click>=8.0"),
        ("click", "", "click==7.1.2"),
        ("click", "", "click<8"),
    ]


def test_pip_compile_prints_a_traceback_that_has_the_premises():
    text = (
        "  ERROR: Cannot install x because these package versions have conflicting dependencies.\n"
        "Traceback (most recent call last):\n"
        "pip._vendor.resolvelib.resolvers.ResolutionImpossible: [RequirementInformation(requirement=SpecifierRequirement("
        "'click==7.1.2'), parent=None), RequirementInformation(requirement=SpecifierRequirement('click>=8.0'), "
        "parent=LinkCandidate('https://files.example/7b/Flask-2.2.0-py3-none-any.whl (from https://index.example/flask/) "
        "(requires-python:>=3.7)'))]\n"
    )
    assert rows(pip_conflicts(text)) == [("click", "", "click==7.1.2"), ("click", "flask==2.2.0", "click>=8.0")]


def test_a_failure_that_is_no_conflict_has_none():
    for text in ("", "error: Failed to fetch: `https://index.example/simple/a/`", "Segmentation fault"):
        assert uv_conflicts(text) == () == pip_conflicts(text)


def test_a_conflict_in_other_words_is_still_one():
    (conflict,) = uv_conflicts("No solution found when resolving dependencies: the stars are not right")
    assert conflict.name == "" and "stars" in conflict.text


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text):
    uv_conflicts("No solution found " + text)
    pip_conflicts("ResolutionImpossible " + text)


def test_long_texts_end_soon():
    for text in (
        "a " * 100_000,
        "Because " + "a-" * 100_000,
        "you require one of: " + "a>=1 " * 20_000,
        "a==1 depends on " * 10_000,
    ):
        uv_conflicts("No solution found " + text)
        pip_conflicts("ResolutionImpossible " + text)


def test_a_constraint_is_nobodys_requirement_but_the_projects():
    text = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because requests>=2.31.0 depends on urllib3<1.26.17 and you require urllib3>=1.26.17, we can conclude that "
        "requests>=2.31.0 cannot be used. And because you require requests>=2.31.0, your requirements are unsatisfiable."
    )
    told = as_required(uv_conflicts(text), ["urllib3<1.26.17", "urllib3>=1.26.17"])
    assert rows(told)[:2] == [("urllib3", "requests>=2.31.0", "urllib3"), ("urllib3", "", "urllib3<1.26.17")]


def test_a_conclusion_that_ends_in_a_list_swallows_no_premise():
    text = (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because broker[db]==5.0.0 was yanked (reason: too early), we can conclude that all of:\n"
        "             broker[db]<=5.0.1\n             broker[db]==5.1.0b1\n         depend on one of:\n"
        "             broker<=4.6.11\n             broker==5.1.0b1\n\n"
        "         And because broker[db]>=5.7.0 depends on db>=6.4.0,<9.0.0 and queue==5.6.3 depends on broker==5.7.0, we can\n"
        "         conclude that queue==5.6.3, db<6.4.0 are incompatible.\n"
        "         And because you require queue>=5.6.3 and db>=5.2.1,<5.3.dev0, we can conclude that your requirements are "
        "unsatisfiable.\n"
    )
    assert ("db", "broker>=5.7.0", "db>=6.4.0,<9.0.0") in rows(uv_conflicts(text))
