"""Write the lock that was tested, into every file that pins, each in its own format."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from steadypin.comparison.applicable import in_fork
from steadypin.errors import SourceError, SteadypinError
from steadypin.locking import pylock, requirements
from steadypin.locking.atomic import replace_all
from steadypin.locking.edits import Edit, NewPin, Repin
from steadypin.locking.foreign import how
from steadypin.locking.uv import UvLock, python_needs
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.parse import satisfies_pin
from steadypin.model.released import ReleaseFile
from steadypin.pipeline.lifting import edit
from steadypin.sources.reading import read_bytes, reader_of
from steadypin.trials.results import Versions, differences
from steadypin.values import dataclass, field

FilesOf = Callable[[str, str], tuple[ReleaseFile, ...]]
_OURS = {"requirements": requirements.rewrite, "constraints": requirements.rewrite, "pylock": pylock.rewrite}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Before and after: `today` and `lock` are the pins, `via` who asks for a package, `files_of` an index's answer for a
    release. A new uv.lock is made in a copy of `tree`, read by uv with `python` (a path or a version). `caps` are
    declarations that may be raised.
    """

    facts: Facts
    root: Path
    today: Versions
    lock: Versions
    via: Mapping[str, tuple[str, ...]]
    files_of: FilesOf
    uv_command: tuple[str, ...] = ()
    python: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    tree: Path | None = None
    caps: tuple[DeclaredRequirement, ...] = ()

    def write(self, intent: Path) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
        """(files written, what could not be). Raises SteadypinError, with every file as it was.

        `intent` is where it is written down what is being done, for `locking.atomic.finish`.
        """
        contents, gaps = self.contents()
        replace_all({self.root / path: data for path, data in contents.items()}, intent=intent)
        return tuple(sorted(contents)), gaps

    def contents(self) -> tuple[dict[str, bytes], tuple[Gap, ...]]:
        """(new bytes by path below the root, what cannot be written). Raises SteadypinError.

        Manifests come before the locks that are made from them.
        """
        contents: dict[str, bytes] = {}
        gaps: list[Gap] = []
        locks = tuple(self._locks())
        for file in locks:
            if file.format in _OURS and (new := self._rewritten(file)) is not None:
                contents[file.path] = new
        edited = edit(self.facts, self.root, self.caps, self.lock, contents)
        contents |= edited.contents
        for file in locks:
            if file.format == "uv":
                contents[file.path] = self._relocked(file, edited.contents)
            elif file.format not in _OURS:
                gaps.append(self._foreign(file))
        return contents, (*gaps, *edited.gaps)

    def _locks(self) -> Iterator[SourceFile]:
        """Files that pin something that moved."""
        moved = frozenset(differences(self.today, self.lock))
        for file in self.facts.files:
            if file.role != "manifest" and any(p.name in moved and p.version for p in file.packages):
                yield file

    def _rewritten(self, file: SourceFile) -> bytes | None:
        data = read_bytes(self.root / file.path, shown=file.path)
        edit = self._edit(file)
        if not edit:
            return None
        new = _OURS[file.format](data, edit, path=file.path)
        self._verify(file, new)
        return new if new != data else None

    def _edit(self, file: SourceFile) -> Edit:
        moves = [p for p in file.packages if self._is_moved(p)]
        kept = [p for p in moves if p.name in self.lock]
        adds = self._adds(file) if file.role == "lock" else ()
        hashed = file.format == "pylock" or any(p.hashed for p in file.packages)
        return Edit(
            repins=tuple(
                Repin(
                    line=p.location.line or 0,
                    name=str(p.name),
                    before=str(p.version),
                    after=self.lock[str(p.name)],
                    files=self.files_of(str(p.name), self.lock[str(p.name)]) if hashed else (),
                )
                for p in kept
            ),
            adds=tuple(
                NewPin(
                    name=n,
                    version=self.lock[n],
                    files=self.files_of(n, self.lock[n]) if hashed else (),
                    via=self.via.get(n, ()),
                )
                for n in adds
            ),
            drops=tuple(p.location.line or 0 for p in moves if p.name not in self.lock and file.role == "lock"),
        )

    def _is_moved(self, package: LockedPackage) -> bool:
        """Entries for other platforms, and entries that were not what was tested, stay."""
        name = package.name
        if name is None or package.version is None or package.kind != "index" or not self._applies(package):
            return False
        return satisfies_pin(self.today.get(name), package.version) and not satisfies_pin(self.lock.get(name), package.version)

    def _applies(self, package: LockedPackage) -> bool:
        target = self.facts.target
        return target.applies(package.marker) and in_fork(package, target)

    def _adds(self, file: SourceFile) -> tuple[str, ...]:
        """What the tested lock has and no lock had, where this file has somebody who asks for it."""
        pinned = {p.name for p in self.facts.locked}
        here = {p.name for p in file.packages}
        new = sorted(self.lock.keys() - pinned - here)
        return tuple(n for n in new if n not in self.today and here.intersection(self._askers(n)))

    def _askers(self, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """Who asks for a package, directly or through others that are new."""
        direct = frozenset(self.via.get(name, ())) - seen
        return direct.union(*(self._askers(one, seen | direct | {name}) for one in direct if one not in self.today))

    def _verify(self, file: SourceFile, new: bytes) -> None:
        """Read what would be written. Raises SourceError where it does not say what was tested."""
        reader = reader_of(file.path.rpartition("/")[2], format=file.format)
        read = reader.read(new, file.path) if reader is not None else None
        for package in read.packages if read else ():
            name = package.name
            if name is None or name not in self.lock or not self._was(file, name) or package.version is None:
                continue
            if self._applies(package) and not satisfies_pin(self.lock[name], package.version):
                raise SourceError(
                    f"{name} would be {package.version} and {self.lock[name]} was tested",
                    location=package.location,
                    hint="two entries of one package? bring them together first",
                )

    def _was(self, file: SourceFile, name: str) -> bool:
        return any(p.name == name and self._is_moved(p) for p in file.packages)

    def _relocked(self, file: SourceFile, manifests: Mapping[str, bytes]) -> bytes:
        if not self.uv_command or self.tree is None:
            raise SteadypinError(f"{file.path}: uv is not there, and only it writes this lock", hint="pip install uv")
        folder = self.tree.with_name("relock")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.tree, folder, symlinks=True)
        for path, data in manifests.items():
            (folder / path).unlink(missing_ok=True)  # a link in the copy may lead out of it
            (folder / path).write_bytes(data)
        moved = {n: self.lock[n] for n in differences(self.today, self.lock) if n in self.lock}
        lock = UvLock(
            command=self.uv_command,
            folder=(folder / file.path).parent,
            target=self.facts.target,
            python=self.python,
            variables=self.variables,
            packages=file.packages,
            requires_python=file.requires_python,
            needs=python_needs(self.facts.projects, moved),
        )
        try:
            new = lock.written(moved)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._verify(file, new)
        return new

    def _foreign(self, file: SourceFile) -> Gap:
        here = {p.name for p in file.packages}
        moved = {n: self.lock[n] for n in differences(self.today, self.lock) if n in self.lock and n in here}
        return Gap(subject=file.path, stage="locking", reason="foreign-lock", detail=f"its own tool has to: {how(file, moved)}")
