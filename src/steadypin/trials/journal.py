"""Every run, written and synced before it is believed: an append-only file of JSON lines.

A run is known by its key: the lock, the tree, the command, the interpreter, and which tests were asked for. Runs of one key
are in order; a second one was made to doubt the first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steadypin import codec
from steadypin.errors import OutputError, StaleInput
from steadypin.model.trial import TestRun
from steadypin.values import dataclass, field

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a run is a run of. `tests` are the ids that were asked for, () for all."""

    lock: str
    tree: str
    command: str
    python: str
    tests: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return codec.digest(self)


@dataclass(slots=True, kw_only=True)
class Journal:
    """The file and what stands in it. `flaky` are tests that were once seen red and green on one lock of this project."""

    path: Path
    runs: dict[str, list[TestRun]] = field(default_factory=dict)
    flaky: set[str] = field(default_factory=set)
    unreadable: int = 0

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Read what is there. A last line that was torn by a crash, or any line that is none of ours, is left out."""
        journal = cls(path=path)
        for line in _lines(path):
            if not journal._take(line):
                journal.unreadable += 1
        return journal

    def append(self, subject: Subject, run: TestRun) -> None:
        """Write a run; when this returns it is on the disk. Raises OutputError."""
        self._write({"key": subject.key, "subject": codec.to_plain(subject), "run": codec.to_plain(run)})
        self.runs.setdefault(subject.key, []).append(run)

    def remember_flaky(self, tests: frozenset[str]) -> None:
        """Tests that cannot be blamed on a package any more."""
        if tests - self.flaky:
            self._write({"flaky": sorted(tests - self.flaky)})
            self.flaky |= tests

    def _take(self, line: bytes) -> bool:
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict) or entry.get("version") != VERSION:
                return False
            if "flaky" in entry:
                self.flaky |= {str(test) for test in entry["flaky"]}
                return True
            run = codec.decode(_document(entry["run"]), TestRun, kind="run", path=str(self.path))
        except (ValueError, KeyError, TypeError, RecursionError, StaleInput):
            return False
        self.runs.setdefault(str(entry.get("key")), []).append(run)
        return True

    def _write(self, entry: dict[str, Any]) -> None:
        line = codec.dumps({"version": VERSION, **entry}).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                _write_whole(descriptor, (b"\n" if _is_torn(descriptor) else b"") + line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise OutputError(
                f"{self.path}: a run cannot be recorded: {error.strerror or error}",
                hint="make room or choose another place with --cache-dir, then run the same with --resume",
            ) from None


def _document(plain: object) -> str:
    return json.dumps({"kind": "run", "schema_version": codec.SCHEMA_VERSION, "value": plain})


def _write_whole(descriptor: int, line: bytes) -> None:
    """A disk that is nearly full takes the first part of a write and says so with a number alone. Raises OSError."""
    while line:
        line = line[os.write(descriptor, line) :]


def _is_torn(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if not size:
        return False
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            yield from (line for line in stream if line.strip())
    except OSError:
        return
