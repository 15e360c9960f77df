"""What a check is: the rules that it declares, and a function from one case to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from steadypin.model.comparison import Comparison, PackageComparison
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.locked import SourceFile
from steadypin.model.policy import Policy
from steadypin.model.rule import Rule
from steadypin.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Case:
    """What every check looks at. Nothing else is known to it."""

    facts: Facts
    comparison: Comparison
    policy: Policy

    @cached_property
    def packages(self) -> tuple[PackageComparison, ...]:
        """The packages, without the project itself."""
        return tuple(package for package in self.comparison.packages if package.name not in self.comparison.own)

    @cached_property
    def locked_ages(self) -> dict[tuple[str, str], int]:
        """Whole days since a locked release was uploaded, by name and version, as locks say it where no index was asked."""
        from datetime import datetime

        now = datetime.fromisoformat(self.facts.taken_at[:19])
        return {
            (entry.name, entry.version): (now - datetime.fromisoformat(entry.uploaded)).days
            for entry in self.facts.locked
            if entry.uploaded and entry.name and entry.version and not self.facts.lookups
        }

    @cached_property
    def locked_by_section(self) -> frozenset[str]:
        """Paths of the locks whose sections are each locked alone, so that two of them can say different things."""
        return frozenset(file.path for file in self.facts.files if file.format == "pipfile" and file.role == "lock")

    @cached_property
    def locked_elsewhere(self) -> frozenset[str]:
        """Paths of the manifests whose own lock is not among those that were chosen."""
        return frozenset(file.path for file in self.facts.files if file.locked_elsewhere)

    @cached_property
    def optional(self) -> frozenset[str]:
        """What groups and extras ask for that no lock here is meant to hold, and what that needs in turn."""
        needs: dict[str, list[str]] = {}
        for package in self.comparison.packages:
            for demand in package.demands:
                if demand.declared is None:
                    needs.setdefault(demand.by, []).append(package.name)
        asked = [item for item in self.facts.declared if item.group or item.extra or item.kind != "requirement"]
        pending = [item.name for item in asked if not self.is_for_a_lock(item)]
        reached: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in reached:
                reached.add(name)
                pending.extend(needs.get(name, ()))
        return frozenset(reached)

    def is_for_a_lock(self, item: DeclaredRequirement) -> bool:
        """Whether a lock stands beside the manifest that holds whatever is asked for there, in any group or extra."""
        if item.kind != "requirement":
            return False
        group = item.group or item.extra or "default"
        return any(group in lock.groups or lock.format != "pdm" for lock in self._locks_beside.get(item.location.path, ()))

    @cached_property
    def _locks_beside(self) -> dict[str, list[SourceFile]]:
        """By the path of a manifest: the locks of tools that lock a whole project at once."""
        whole = {"uv": "pyproject", "poetry": "pyproject", "pdm": "pyproject", "pipfile": "pipfile-manifest"}
        files = self.facts.files
        locks = [file for file in files if file.role == "lock" and file.format in whole]
        return {
            file.path: [lock for lock in locks if whole[lock.format] == file.format and _folder(lock) == _folder(file)]
            for file in files
            if file.role == "manifest"
        }


def _folder(file: SourceFile) -> str:
    return file.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One family: its rules, and the function that applies them. No order, no memory, no network."""

    rules: tuple[Rule, ...]
    run: Callable[[Case], Iterator[Finding]]
