"""What is built with older tools, and what is not: a build that ends in a compiler's error or without a library stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.errors import BuildFailed
from steadypin.model.resolution import Question, Resolution
from steadypin.resolution.older import Forbearing, OlderTools, failed_release

NOWHERE = Path("/nowhere/built")
FEATURE = (
    "error: Failed to build `MarkupSafe==1.0`\n  cause: The build backend returned an error\n"
    "         ImportError: cannot import name 'Feature' from 'setuptools' (setuptools/__init__.py)\n"
)


def tools(asked: list[tuple[str, str]]) -> OlderTools:
    def fetch(name: str, version: str) -> None:
        asked.append((name, version))

    return OlderTools(folder=NOWHERE, start=lambda: (("uv",), "python3"), fetch=fetch)


@pytest.mark.parametrize(
    "line",
    [
        "ImportError: cannot import name 'Feature' from 'setuptools' (setuptools/__init__.py)",
        "error in anyjson setup command: use_2to3 is invalid.",
        "ModuleNotFoundError: No module named 'pkg_resources'",
        "AttributeError: cython_sources",
        "packaging.specifiers.InvalidSpecifier: Invalid specifier: '>=3.5.*'",
    ],
)
def test_what_build_tools_have_dropped_is_built_with_older_ones(line: str) -> None:
    asked: list[tuple[str, str]] = []
    older = tools(asked)
    assert not older.mend(f"Failed to download and build `Some_Thing==1.0`\n{line}")
    assert asked == [("some-thing", "1.0")]
    assert not older.mend(f"Failed to build `some-thing==1.0`\n{line}")
    assert len(asked) == 1, "it was tried once"


@pytest.mark.parametrize(
    "said",
    [
        "Failed to build `gevent==1.3.4`\nerror: command '/usr/bin/gcc' failed with exit code 1",
        "Failed to build `psycopg2==2.8.6`\nError: pg_config executable not found.",
        "ImportError: cannot import name 'Feature' from 'setuptools'",
    ],
)
def test_other_failures_are_left_alone(said: str) -> None:
    asked: list[tuple[str, str]] = []
    assert not tools(asked).mend(said)
    assert asked == []


def test_the_release_is_found_across_line_ends() -> None:
    assert failed_release("× Failed to build\n  `MarkupSafe==1.0`") == ("markupsafe", "1.0")
    assert failed_release("Failed to build `file:///project`") is None


class Once:
    """Fails to build until it is told where wheels are."""

    name = "uv 0"

    def __init__(self) -> None:
        self.options: list[tuple[str, ...]] = []

    def resolve(self, question: Question) -> Resolution:
        self.options.append(question.options)
        if not any(option.startswith("--find-links=") for option in question.options):
            raise BuildFailed("uv failed", output=FEATURE)
        return Resolution(resolver=self.name)


def test_a_resolver_is_asked_again_with_what_was_built(tmp_path: Path) -> None:
    solver, older = Once(), tools([])
    older.folder = tmp_path

    def fetch(name: str, version: str) -> None:
        wheel = tmp_path / "setuptools-below-46" / f"{name}-{version}-py3-none-any.whl"
        wheel.parent.mkdir()
        wheel.touch()

    older.fetch = fetch
    with pytest.raises(BuildFailed):
        Forbearing(solver=solver, tools=older).resolve(Question(requirements=(), hashes=True))
    with pytest.raises(BuildFailed):  # nothing was built, as there was no source distribution
        Forbearing(solver=solver, tools=older).resolve(Question(requirements=()))
    assert Forbearing(solver=solver, tools=older).resolve(Question(requirements=())).solved
    assert solver.options[-1] == (f"--find-links={tmp_path / 'setuptools-below-46'}",)
    assert list(older.built()) == [("markupsafe", "1.0", "setuptools<46")]
