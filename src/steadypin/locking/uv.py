"""uv.lock, through uv itself: it is asked for exactly the versions that were solved or tested.

A uv.lock covers every Python and platform that the project promises, the versions fit one of them. A version that is right for
all of it is asked for first. Where uv refuses that (numpy has dropped the oldest Python), it is asked for the target's Python
and newer ones, then for the target alone; uv then forks the lock and chooses for the others itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError
from steadypin.model.target import Target
from steadypin.values import dataclass, field

TIMEOUT = 600.0
_REFUSED = re.compile(r"No solution found")


@dataclass(frozen=True, slots=True, kw_only=True)
class UvLock:
    """`uv lock` for the project in `folder`. `python` is an interpreter (or a version to look for) that uv may read the project
    with, `variables` are logins of indexes. What of the project has dynamic metadata is built, by its own backend.
    """

    command: tuple[str, ...]
    folder: Path
    target: Target
    python: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False

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
        for marker in self._markers():
            pins = [f"--upgrade-package={name}=={version}{marker}" for name, version in sorted(versions.items())]
            done = process.run(
                [*self.command, "lock", *self._options(), *more, *pins],
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

    def _markers(self) -> Iterator[str]:
        yield ""
        yield f" ; python_full_version >= '{self.target.python}'"
        numbers = self.target.python.split(".")
        if len(numbers) > 1 and numbers[1].isdecimal():
            platform = dict(self.target.environment).get("sys_platform")
            only = f" and sys_platform == '{platform}'" if platform else ""
            below = f"{numbers[0]}.{int(numbers[1]) + 1}"
            yield f" ; python_full_version >= '{self.target.python}' and python_full_version < '{below}'{only}"

    def _options(self) -> Iterator[str]:
        yield from ("--no-progress", "--color", "never", "--no-python-downloads")
        yield from ("--python", self.python) if self.python else ()
        yield from ("--offline",) if self.offline else ()

    def _environment(self) -> dict[str, str]:
        keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
        return process.scrubbed_environment(keep=keep, extra={**self.variables, "NO_COLOR": "1"})
