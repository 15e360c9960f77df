"""`pytest --steadypin`: the check as tests, one for each family of rules. Unasked it adds and imports nothing.

The environment is the one that runs pytest, the project is pytest's root folder, the settings are the project's own.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
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
    items += [FamilyItem.from_parent(session, name=f"steadypin[{name}]", family=name, answer=shared) for name in families()]


class CheckFailed(Exception):
    """What a family of rules found; its text is the whole message."""


class _Answer:
    """One check for all items, made when the first of them runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: Mapping[str, tuple[Finding, ...]] | None = None

    def of(self, family: str) -> tuple[Finding, ...]:
        """The failing findings of one family. Raises SteadypinError where the check could not be made."""
        if self._found is None:
            from steadypin.cli.settings import settings_for
            from steadypin.pipeline import check

            report = check.run(settings_for(self._root, python=_own_environment()), check.Request()).report
            self._found = {
                name: tuple(finding for finding in report.failing if finding.rule in rules)
                for name, rules in check.families().items()
            }
        return self._found[family]


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
            lines = [f"{f.rule} ({f.severity}): {f.message}{f' -> {f.remedy}' if f.remedy else ''}" for f in found]
            raise CheckFailed("\n".join(map(shown, lines)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: the traceback would be ours."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands in the summary."""
        return self.path, None, self.name
