"""From a project to the tree of one of its packages."""

from __future__ import annotations

import difflib

from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.comparison.tree import package_tree
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.model.facts import Facts
from steadypin.model.parse import normalise
from steadypin.model.tree import PackageTree


def tree(facts: Facts, settings: Settings, name: str, *, levels: int | None = None) -> PackageTree:
    """The requirements around a package, in both directions. Raises UsageError for a name that nothing here has."""
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    comparison = compare(facts, settings.policy, selection)
    found = package_tree(facts, comparison, name, **({} if levels is None else {"levels": levels}))
    if found is None:
        names = [package.name for package in comparison.packages]
        near = difflib.get_close_matches(normalise(name), names, n=3)
        raise UsageError(
            f"no package {name!r} here", hint=f"did you mean {' or '.join(near)}?" if near else "steadypin audit lists all"
        )
    return found
