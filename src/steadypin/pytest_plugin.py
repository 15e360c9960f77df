"""`pytest --steadypin`: the check as tests, one for each family of rules. Unasked it adds and imports nothing.

The environment is the one that runs pytest, the project is pytest's root folder, the settings are the project's own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from steadypin.errors import SteadypinError
    from steadypin.model.finding import Finding


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    group = parser.getgroup("steadypin")
    group.addoption("--steadypin", action="store_true", help="Also check that environment, lock and manifests agree.")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the checks after the project's own tests."""
    if not config.getoption("--steadypin"):
        return
    from steadypin.pipeline.check import families

    shared = _Answer(config.rootpath)
    for name in families():
        title = f"steadypin[{name}]"
        items.append(FamilyItem.from_parent(session, name=title, nodeid=title, family=name, answer=shared))


class CheckFailed(Exception):
    """What a family of rules found; its text is the whole message."""


class _Answer:
    """One check for all items, made when the first of them runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, list[Finding]] | None = None
        self._error: SteadypinError | None = None

    def of(self, family: str) -> list[Finding]:
        """The failing findings of one family. Raises SteadypinError where the check could not be made."""
        from steadypin.errors import SteadypinError

        if self._found is None and self._error is None:
            try:
                self._found = self._made()
            except SteadypinError as error:
                self._error = error
        if self._error is not None:
            raise self._error
        return (self._found or {}).get(family, [])

    def _made(self) -> dict[str, list[Finding]]:
        from steadypin.cli.settings import settings_for
        from steadypin.pipeline import check

        report = check.run(settings_for(self._root, python=_own_environment()), check.Request()).report
        home = {rule: name for name, rules in check.families().items() for rule in rules}
        found: dict[str, list[Finding]] = {}
        for finding in report.failing:
            found.setdefault(home.get(finding.rule, "health"), []).append(finding)
        return found


def _words(found: Iterable[Finding]) -> Iterator[str]:
    """As the command line says it: each finding with its place, and what neighbours have in common to do next once."""
    from itertools import groupby

    for remedy, neighbours in groupby(found, key=lambda finding: finding.remedy):
        for finding in neighbours:
            place = finding.locations[0] if finding.locations else None
            name = place.path.replace("\\", "/") if place else ""
            shortened = name.rpartition("/")[2] if name.endswith((".dist-info", ".egg-info")) else str(place)
            yield f"{finding.rule} ({finding.severity}): {finding.message}{f'  ({shortened})' if place else ''}"
        if remedy:
            yield f"    -> {remedy}"


def _own_environment() -> str:
    return sys.prefix if Path(sys.prefix, "pyvenv.cfg").is_file() else sys.executable


class FamilyItem(pytest.Item):
    """One family of rules as a test."""

    def __init__(self, *, family: str, answer: _Answer, **more: Any) -> None:
        super().__init__(**more)
        self._family = family
        self._answer = answer

    def runtest(self) -> None:
        """Fail with what was found, in the words of the command line."""
        from steadypin.errors import SteadypinError
        from steadypin.text import shown

        try:
            found = self._answer.of(self._family)
        except SteadypinError as error:
            raise CheckFailed(shown(f"{error}; {error.hint}")) from None
        if found:
            raise CheckFailed("\n".join(map(shown, _words(found))))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: the traceback would be ours."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands in the summary."""
        return self.path, None, self.name
