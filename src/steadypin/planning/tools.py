"""Which declared packages only build, test or document a project."""

from __future__ import annotations

import re

from steadypin.model.comparison import PackageComparison
from steadypin.model.declared import DeclaredRequirement

_WORDS = frozenset(
    {"bench", "benchmark", "build", "ci", "check", "checks", "coverage", "dev", "develop", "development", "doc", "docs"}
    | {"documentation", "format", "lint", "linting", "mypy", "qa", "quality", "release", "style", "test", "testing", "tests"}
    | {"tools", "tox", "types", "typing", "typecheck"}
)
_NAMES = re.compile(
    r"pytest(-.+)?|.+-stubs|types-.+|tox(-.+)?|nox|coverage|hypothesis|mypy(-extensions)?|ruff|black|isort|flake8(-.+)?"
    r"|pylint(-.+)?|pre-commit|sphinx(-.+)?|twine|build|wheel|setuptools(-scm)?|pip|pip-tools|hatch(ling)?|factory-boy|freezegun|responses|faker"
)


def is_tool(package: PackageComparison) -> bool:
    """Whether every declaration of a package stands in a group, extra or file for development, or it is a known tool."""
    asked = [item for item in package.declared if item.kind == "requirement"]
    return bool(asked) and (all(_for_development(item) for item in asked) or _NAMES.fullmatch(package.name) is not None)


def _for_development(item: DeclaredRequirement) -> bool:
    if item.group or item.extra:
        return bool(_WORDS & set(re.split(r"[-_.\s]+", f"{item.group or ''} {item.extra or ''}".lower())))
    stem = re.split(r"[/\\]", item.location.path)[-1].rsplit(".", 1)[0].lower()
    return bool(_WORDS & set(re.split(r"[-_.]+", stem)))
