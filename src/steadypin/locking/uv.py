"""uv.lock, through uv itself: it is asked for exactly the versions that were solved or tested.

A uv.lock covers every Python and platform that the project promises, the versions fit one of them. A version is asked for
wherever it runs. What uv refuses (the project caps a package on one platform, or for old Pythons) is asked for in the forks of
the lock that the target is in, then for the target's Python and newer ones, then for the target alone; what stands elsewhere
is asked to stay. Last, all are asked for the target alone, with the others left to uv.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from steadypin import process
from steadypin.errors import CommandError
from steadypin.model import parse
from steadypin.model.locked import LockedPackage
from steadypin.model.released import Project
from steadypin.model.target import Target
from steadypin.values import dataclass, field

TIMEOUT = 600.0
_PYTHON = "python_full_version"
_ROUNDS = 12
"""How often uv is asked about one lock at the most; it names one cause of a refusal at a time."""

_REFUSED = re.compile(r"No solution found")


@dataclass(frozen=True, slots=True, kw_only=True)
class UvLock:
    """`uv lock` for the project in `folder`. `python` is an interpreter (or a version to look for) that uv may read the project
    with, `variables` are logins of indexes. `packages` and `requires_python` are of the lock as it stands, `needs` what the new
    versions require of Python, by name. What of the project has dynamic metadata is built, by its own backend.
    """

    command: tuple[str, ...]
    folder: Path
    target: Target
    python: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False
    packages: tuple[LockedPackage, ...] = ()
    requires_python: str | None = None
    needs: Mapping[str, str] = field(default_factory=dict)

    def written(self, versions: Mapping[str, str]) -> bytes:
        """The new uv.lock in `folder`, with these packages at these versions. Raises CommandError."""
        self._ask(versions)
        return (self.folder / "uv.lock").read_bytes()

    def refusal(self, versions: Mapping[str, str]) -> str:
        """Why uv does not take these versions, in its words; "" where it does. Writes nothing. Raises CommandError where it
        fails for another reason.
        """
        try:
            self._ask(versions, "--dry-run")
        except CommandError as error:
            if _REFUSED.search(error.output):
                return error.output
            raise
        return ""

    def _ask(self, versions: Mapping[str, str], *more: str) -> None:
        """What uv refuses is asked of fewer Pythons and platforms, step by step, and of nothing else."""
        places = {name: self._places(name) for name in sorted(versions)}
        steps = dict.fromkeys(places, 0)
        for _ in range(_ROUNDS):
            asked = [pin for name, step in steps.items() for pin in self._pins(name, versions[name], *places[name][step])]
            done = self._locked(asked, more)
            blamed = _blamed(
                done.stderr, {name: versions[name] for name, step in steps.items() if step + 1 < len(places[name])}
            )
            if done.ok or not _REFUSED.search(done.stderr) or not blamed:
                break
            least = min(steps[name] for name in blamed)
            steps |= {name: least + 1 for name in blamed if steps[name] == least}
        if not done.ok and _REFUSED.search(done.stderr):
            done = self._locked([f"{name}=={version} ; {self._alone()[0]}" for name, version in sorted(versions.items())], more)
        if not done.ok:
            raise CommandError(
                f"uv cannot lock these versions: {done.stderr.strip()[-800:]}",
                output=done.stderr,
                hint="the lock covers other platforms and Pythons as well; move it by hand with uv lock --upgrade-package",
            )

    def _locked(self, asked: Iterable[str], more: Iterable[str]) -> process.Finished:
        words = [*self.command, "lock", *self._options(), *more, *(f"--upgrade-package={pin}" for pin in asked)]
        return process.run(words, timeout=TIMEOUT, cwd=self.folder, environment=self._environment())

    def _places(self, name: str) -> list[tuple[str, str, bool]]:
        """Where a version is asked for, less and less: a marker, one for elsewhere, whether in the target's forks alone."""
        need, oldest = _oldest(self.needs.get(name)), _oldest(self.requires_python)
        if need is not None and (oldest is None or need > oldest):
            first = [(f"{_PYTHON} >= '{need}'", f"{_PYTHON} < '{need}'", True)]
        else:
            forks = sum(package.name == name for package in self.packages) > 1
            first = [("", "", False), *([("", "", True)] if forks else [])]
        return [*first, (*self._newer(), True), (*self._alone(), True)]

    def _pins(self, name: str, version: str, where: str, elsewhere: str, forked: bool) -> Iterator[str]:
        """The new version `where` the marker says; what stands `elsewhere`, and in forks that the target is not in, stays."""
        if not forked:
            yield _pin(name, version, where)
            return
        entries = [p for p in self.packages if p.name == name and p.kind == "index" and p.version]
        here = [p for p in entries if not p.resolution_markers or any(map(self.target.applies, p.resolution_markers))]
        fork = _any(marker for entry in here for marker in entry.resolution_markers) if len(here) < len(entries) else ""
        yield _pin(name, version, where, fork)
        for entry in entries:
            if entry not in here:
                yield _pin(name, str(entry.version), _any(entry.resolution_markers))
            elif elsewhere:
                yield _pin(name, str(entry.version), elsewhere, _any(entry.resolution_markers))

    def _newer(self) -> tuple[str, str]:
        minor = ".".join(self.target.python.split(".")[:2])
        return f"{_PYTHON} >= '{minor}'", f"{_PYTHON} < '{minor}'"

    def _alone(self) -> tuple[str, str]:
        """The target's Python from this patch release on, on its platform; and everything else."""
        numbers = self.target.python.split(".")
        here, not_here = [f"{_PYTHON} >= '{self.target.python}'"], [f"{_PYTHON} < '{self.target.python}'"]
        if len(numbers) > 1 and numbers[1].isdecimal():
            below = f"{numbers[0]}.{int(numbers[1]) + 1}"
            here.append(f"{_PYTHON} < '{below}'")
            not_here.append(f"{_PYTHON} >= '{below}'")
        if platform := dict(self.target.environment).get("sys_platform"):
            here.append(f"sys_platform == '{platform}'")
            not_here.append(f"sys_platform != '{platform}'")
        return " and ".join(here), " or ".join(not_here)

    def _options(self) -> Iterator[str]:
        yield from ("--no-progress", "--color", "never", "--no-python-downloads")
        yield from ("--python", self.python) if self.python else ()
        yield from ("--offline",) if self.offline else ()

    def _environment(self) -> dict[str, str]:
        keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
        return process.scrubbed_environment(keep=keep, extra={**self.variables, "NO_COLOR": "1"})


def python_needs(projects: Iterable[Project], versions: Mapping[str, str]) -> dict[str, str]:
    """What these versions require of Python, by name, where an index said."""
    return {
        project.name: release.requires_python
        for project in projects
        if project.name in versions
        for release in project.releases
        if release.requires_python and parse.satisfies_pin(release.version, versions[project.name])
    }


def _oldest(requires_python: str | None) -> Version | None:
    """The oldest Python that a Requires-Python admits, where it says."""
    bounds = [Version(one.version) for one in parse.specifiers(requires_python or "") or () if one.operator in (">=", "~=")]
    return max(bounds, default=None)


def _blamed(said: str, versions: Mapping[str, str]) -> list[str]:
    """Those of these packages that a refusal is about: whose version it names, else whom it names at all."""
    text = " ".join(said.split())
    begin, extra = r"(?<![\w.-])", r"(?:\[[^\]]*\]|\{[^}]*\})*"
    named = [n for n, v in versions.items() if re.search(rf"{begin}{re.escape(n)}{extra}=={re.escape(v)}(?![\w.])", text)]
    return named or [n for n in versions if re.search(rf"{begin}{re.escape(n)}(?![\w-])", text)]


def _pin(name: str, version: str, *markers: str) -> str:
    told = " and ".join(f"({marker})" for marker in markers if marker)
    return f"{name}=={version}" + (f" ; {told}" if told else "")


def _any(markers: Iterable[str]) -> str:
    return " or ".join(f"({marker})" for marker in dict.fromkeys(markers))
