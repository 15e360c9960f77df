"""uv.lock, through uv itself: it is asked for exactly the versions that were solved or tested.

A uv.lock covers every Python and platform that the project promises, the versions fit one of them. A version that is right for
all of it is asked for first. Where uv refuses that (numpy has dropped the oldest Python), each is asked for where it can run,
in the forks of the lock that the target is in, and what stands elsewhere is asked to stay. Only then for the target's Python
and newer ones, for the target alone, and last with the others left to uv.
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
        for pins in self._ways(versions):
            done = process.run(
                [*self.command, "lock", *self._options(), *more, *(f"--upgrade-package={pin}" for pin in pins)],
                timeout=TIMEOUT,
                cwd=self.folder,
                environment=self._environment(),
            )
            if done.ok or not _REFUSED.search(done.stderr):
                break
        if not done.ok:
            raise CommandError(
                f"uv cannot lock these versions: {done.stderr.strip()[-800:]}",
                output=done.stderr,
                hint="the lock covers other platforms and Pythons as well; move it by hand with uv lock --upgrade-package",
            )

    def _ways(self, versions: Mapping[str, str]) -> Iterator[list[str]]:
        """Pins to ask for, one way after the other; the same way twice is asked once."""
        names = sorted(versions)
        asked = [f"{name}=={versions[name]}" for name in names]
        yield asked
        last = asked
        able, newer, alone = self._runs(), self._newer(), self._alone()
        for part in (able, dict.fromkeys(names, newer), dict.fromkeys(names, alone)):
            asked = [pin for name in names for pin in self._pins(name, versions[name], *part.get(name, ("", "")))]
            if asked != last:
                yield asked
            last = asked
        yield [f"{name}=={versions[name]} ; {alone[0]}" for name in names]

    def _pins(self, name: str, version: str, where: str, elsewhere: str) -> Iterator[str]:
        """The new version `where` the marker says, in the target's forks; what stands in others, and `elsewhere`, stays."""
        entries = [p for p in self.packages if p.name == name and p.kind == "index" and p.version]
        here = [p for p in entries if not p.resolution_markers or any(map(self.target.applies, p.resolution_markers))]
        fork = _any(marker for entry in here for marker in entry.resolution_markers) if len(here) < len(entries) else ""
        yield _pin(name, version, where, fork)
        for entry in entries:
            if entry not in here:
                yield _pin(name, str(entry.version), _any(entry.resolution_markers))
            elif elsewhere:
                yield _pin(name, str(entry.version), elsewhere, _any(entry.resolution_markers))

    def _runs(self) -> dict[str, tuple[str, str]]:
        """Markers of where a release runs and of where not, for those that do not run on every Python of the lock."""
        oldest = _oldest(self.requires_python)
        needs = {name: _oldest(text) for name, text in self.needs.items()}
        return {
            name: (f"{_PYTHON} >= '{need}'", f"{_PYTHON} < '{need}'")
            for name, need in needs.items()
            if need and (oldest is None or need > oldest)
        }

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


def _pin(name: str, version: str, *markers: str) -> str:
    told = " and ".join(f"({marker})" for marker in markers if marker)
    return f"{name}=={version}" + (f" ; {told}" if told else "")


def _any(markers: Iterable[str]) -> str:
    return " or ".join(f"({marker})" for marker in dict.fromkeys(markers))
