"""What test runners print, read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.trials.runner.command import Ended
from steadypin.trials.runner.reports import Suite, boundary, names_in_errors, packages_passed, read_plain, read_unittest
from steadypin.trials.runner.run import outcome_of

NEW = """F.E
======================================================================
ERROR: tests.test_links (unittest.loader._FailedTest.tests.test_links)
----------------------------------------------------------------------
ImportError: Failed to import test module: tests.test_links
Traceback (most recent call last):
  File "/copy/tests/test_links.py", line 3, in <module>
    from app import links
  File "/env/lib/python3.12/site-packages/itsdangerous/__init__.py", line 12, in <module>
ImportError: cannot import name 'Signer'


======================================================================
FAIL: test_alone (tests.test_shapes.Shapes.test_alone)
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: more-itertools moved

----------------------------------------------------------------------
Ran 3 tests in 0.001s

FAILED (failures=1, errors=1)
"""
OLD = NEW.replace("(tests.test_shapes.Shapes.test_alone)", "(tests.test_shapes.Shapes)")


@pytest.mark.parametrize("output", [NEW, OLD])
def test_unittest_of_every_python(output: str) -> None:
    suite = read_unittest(output)
    assert suite is not None
    assert suite.failed == ("tests.test_links", "tests.test_shapes.Shapes.test_alone")
    assert suite.tests == 3 and suite.collection
    assert suite.error == "ImportError: cannot import name 'Signer'"


def test_no_summary_is_no_unittest() -> None:
    assert read_unittest("hello\nworld\n") is None


def test_the_boundary_is_where_the_project_called() -> None:
    suite = read_unittest(NEW)
    assert suite is not None
    assert boundary(suite.traceback, Path("/copy"), Path("/env")) == "tests/test_links.py:3 -> itsdangerous/__init__.py:12"
    assert list(packages_passed(NEW)) == ["itsdangerous"]


def test_a_frozen_module_is_nobodys_own() -> None:
    passed = (
        '  File "/copy/app.py", line 3, in <module>\n  File "<frozen importlib._bootstrap>", line 219, in _call\n'
        '  File "/env/lib/python3.7/site-packages/tweaks/__init__.py", line 1, in <module>\nModuleNotFoundError: no\n'
    )
    assert boundary(passed, Path("/copy"), Path("/env")) == "app.py:3 -> tweaks/__init__.py:1"


def test_what_a_runner_says_of_its_arguments_is_the_error() -> None:
    assert read_plain("\nERROR: file or directory not found: tests/\n\n").error == "ERROR: file or directory not found: tests/"
    usage = "ERROR: usage: __main__.py [options]\n__main__.py: error: unrecognized arguments: -n\n  rootdir: /copy\n"
    assert read_plain(usage).error == "__main__.py: error: unrecognized arguments: -n"


def test_a_line_without_a_word_is_no_error() -> None:
    assert read_plain('E   """\nE   too many blank lines\n').error == "too many blank lines"


def test_names_that_errors_tell() -> None:
    text = (
        "E   ImportError: cannot import name 'x' from 'flask_sqlalchemy'\nflask is nice\nAssertionError: more-itertools moved\n"
    )
    assert list(names_in_errors(text, ["flask-sqlalchemy", "flask", "more-itertools", "tools"])) == [
        "flask-sqlalchemy",
        "more-itertools",
    ]


def ended(code: int | None, output: str = "") -> Ended:
    return Ended(exit_code=code, output=output, seconds=1.0)


@pytest.mark.parametrize(
    ("code", "suite", "pytest_ran", "output", "outcome"),
    [
        (0, Suite(tests=3), True, "", "passed"),
        (0, Suite(tests=0), False, "", "no-tests"),
        (0, Suite(), False, "", "passed"),
        (1, Suite(tests=3, failed=("a",)), True, "", "failed"),
        (2, Suite(tests=1, failed=("a",), collection=True), True, "", "collection-error"),
        (4, Suite(), True, "", "cannot-start"),
        (4, Suite(), True, "ImportError while loading conftest '/x/conftest.py'", "collection-error"),
        (5, Suite(tests=0), True, "", "no-tests"),
        (5, Suite(tests=0), False, "", "no-tests"),
        (None, Suite(), True, "", "timeout"),
        (-11, Suite(), True, "", "signal"),
        (139, Suite(), False, "", "signal"),
        (127, Suite(), False, "sh: nope: not found", "cannot-start"),
        (1, Suite(), True, "/env/bin/python: No module named pytest\n", "cannot-start"),
        (1, Suite(), False, "boom", "failed"),
    ],
)
def test_outcomes_are_told_apart(code: int | None, suite: Suite, pytest_ran: bool, output: str, outcome: str) -> None:
    assert outcome_of(ended(code, output), suite, is_pytest=pytest_ran) == outcome
