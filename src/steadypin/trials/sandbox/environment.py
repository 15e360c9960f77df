"""A scratch environment that holds exactly the pins it is given, moved from one lock to the next by delta.

Before each move it is compared with how it was left: a suite that changed installed files gets a new environment, so that no
trial sees what another one did.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError
from steadypin.model import parse
from steadypin.trials.sandbox.installers import Installer
from steadypin.trials.sandbox.pins import Pins
from steadypin.trials.sandbox.room import vacate
from steadypin.values import dataclass, field

_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info$")
_WHERE = (
    "import sys; del sys.path[0]; import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('platlib'))"
)

Files = dict[str, tuple[int, int, int]]
"""Size and times of each file; the time of the entry, too, which nobody can set."""


@dataclass(slots=True, kw_only=True)
class Environment:
    """`folder` is made anew for the interpreter `base`. `relocate` turns a requirement line that names the user's tree into one
    that names the copy. `finish` is called after an environment was made, with its interpreter: it installs the project itself.
    """

    folder: Path
    base: str
    installer: Installer
    relocate: Callable[[str], str] = str
    finish: Callable[[Path], None] = lambda _: None
    built: int = 0
    _sites: tuple[Path, ...] = ()
    _left: Files = field(default_factory=dict)
    _others: tuple[str, ...] = ()
    _fixed: frozenset[str] = frozenset()

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def scripts(self) -> Path:
        """Where its commands are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def move(self, pins: Pins) -> None:
        """Make it hold exactly `pins` (and the project itself). Raises CommandError where that cannot be installed; it is made
        anew the next time then.
        """
        as_left = self._sites and self._others == pins.others and self._files() == self._left
        self._left = {}
        if as_left:
            self._apply(pins)
        else:
            self._make(pins)
        missing = self._difference(pins)[0]
        if missing:
            raise CommandError(
                f"the scratch environment lacks {', '.join(missing[:5])} after it was installed",
                hint="does this release exist?",
            )
        self._left = self._files()

    def spoil(self) -> None:
        """It is made anew at the next move."""
        self._sites = ()

    def refused(self, pins: Pins) -> dict[str, str]:
        """Names of pins that cannot be installed, each found by halving, and what is said of it. The environment is made anew
        afterwards.
        """
        lines = {f"{name}=={version}": name for name, version in pins.versions}
        lines |= {line: parse.normalise(line.partition(" @ ")[0]) for line in pins.others}
        bad = self._refused(list(lines)) if self.python.exists() else {}
        self.spoil()
        return dict(sorted((lines[line], why) for line, why in bad.items()))

    def _refused(self, lines: list[str]) -> dict[str, str]:
        try:
            self.installer.install(self.python, [self.relocate(line) for line in lines])
        except CommandError as error:
            if len(lines) < 2:
                return dict.fromkeys(lines, _reason(error.output))
            middle = len(lines) // 2
            return self._refused(lines[:middle]) | self._refused(lines[middle:])
        return {}

    def owner(self, top: str) -> str | None:
        """The distribution that a top-level module in site-packages belongs to, by its RECORD."""
        for site in self._sites:
            for entry, name, _ in _distributions(site):
                if f"\n{top}/" in (record := "\n" + _read(site / entry / "RECORD")) or f"\n{top}.py," in record:
                    return name
        return None

    def _make(self, pins: Pins) -> None:
        vacate(self.folder)
        self.installer.create(self.folder, self.base)
        words = [str(self.python), "-E", "-s", "-c", _WHERE]  # Python 2 knows no -I
        done = process.run(words, timeout=60, environment=process.scrubbed_environment())
        self._sites = tuple(dict.fromkeys(Path(line) for line in done.stdout.splitlines() if line))
        if not self._sites:
            raise CommandError(f"{self.python}: does not start: {done.stderr[-300:]}", hint="name another Python with --python")
        self.built += 1
        if pins.others:
            self.installer.install(self.python, [self.relocate(line) for line in pins.others])
        self._others = pins.others
        self._fixed = frozenset(self._present())
        self._apply(pins)
        self.finish(self.python)
        self._fixed |= self._present().keys() - dict(pins.versions).keys()

    def _apply(self, pins: Pins) -> None:
        missing, surplus = self._difference(pins)
        if surplus:
            self.installer.uninstall(self.python, surplus)
        if missing:
            self.installer.install(self.python, missing)
            self._forget_bytecode({line.split("==")[0] for line in missing})

    def _difference(self, pins: Pins) -> tuple[list[str], list[str]]:
        """Requirement lines that are not met, and names that are too much."""
        have, wanted = self._present(), dict(pins.versions)
        missing = [f"{name}=={version}" for name, version in pins.versions if not _same(have.get(name), version)]
        return missing, sorted(have.keys() - wanted.keys() - self._fixed)

    def _present(self) -> dict[str, str]:
        return {name: version for site in self._sites for _, name, version in _distributions(site)}

    def _forget_bytecode(self, names: set[str]) -> None:
        """Bytecode is matched by time and size alone; two releases of one size, installed in one second, would share it."""
        for site in self._sites:
            folders = {site / path.rpartition("/")[0] for path in _recorded(site, names) if path.endswith(".py")}
            for folder in folders:
                shutil.rmtree(folder / "__pycache__", ignore_errors=True)

    def _files(self) -> Files:
        found: Files = {}
        _scan(str(self.folder), found)
        return found


def _reason(said: str) -> str:
    """What tells the error: a resolver's sentence, else the last line before the installer's own advice."""
    if because := re.search(r"\bBecause\b.*", " ".join(said.split())):
        return because[0][:300]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("hint:", "note:", "help:", "["))]
    return (told or ["cannot be installed"])[-1][:300]


def _scan(folder: str, found: Files) -> None:
    try:
        with os.scandir(folder) as scan:
            entries = list(scan)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                _scan(entry.path, found)
        else:
            known = entry.stat(follow_symlinks=False)
            found[entry.path] = (known.st_size, known.st_mtime_ns, known.st_ctime_ns)


def _distributions(site: Path) -> Iterator[tuple[str, str, str]]:
    """(metadata folder, normalised name, version) of what stands in a folder."""
    try:
        entries = sorted(os.listdir(site))  # noqa: PTH208 - names alone are wanted
    except OSError:
        return
    for entry in entries:
        if match := _INFO.match(entry):
            yield entry, parse.normalise(match["name"]), match["version"]


def _recorded(site: Path, names: set[str]) -> Iterable[str]:
    for entry, name, _ in _distributions(site):
        if name in names:
            yield from (line.partition(",")[0].strip('"') for line in _read(site / entry / "RECORD").splitlines())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _same(have: str | None, want: str) -> bool:
    """Folder names escape versions (`1.0_local` for `1.0+local`)."""
    if have is None:
        return False
    return parse.satisfies_pin(have.replace("_", "+", 1) if "_" in have else have, want)
