"""One environment as a JSON file, to be audited elsewhere; and the script that takes it where steadypin is not installed."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steadypin.codec import decode, encode
from steadypin.errors import InterpreterError, SourceError
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Location
from steadypin.sources.filetree import SMALL_FILE
from steadypin.sources.interpreter import facts_script, interpreter_of, parse_facts, script_text
from steadypin.sources.live import environment_of
from steadypin.sources.sbom import looks_like_sbom, read_sbom
from steadypin.sources.targets import running_target
from steadypin.values import replace

LARGEST = 256 * 1024 * 1024
"""Bytes that a snapshot may have."""
_HINT = "take it again: steadypin snapshot --emit-script | ssh HOST python3 - > snapshot.json"


def write_snapshot(environment: PythonEnvironment) -> str:
    """The text of a snapshot file."""
    return encode(environment, kind="snapshot")


def read_snapshot(path: Path) -> PythonEnvironment:
    """An environment from what `write_snapshot` or the emitted script wrote, or the packages of an SBOM.

    An SBOM does not say for which Python it is: the target is the running one, and its `source` says so. Raises SourceError
    where the file cannot be read or was cut off, StaleInput where it is no snapshot or from a newer schema.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=Location(path=str(path))) from None
    if len(content) > LARGEST:
        raise SourceError(f"has more than {LARGEST >> 20} MiB", location=Location(path=str(path)))
    if looks_like_sbom(content[:65536]):
        target = running_target()
        return read_sbom(path, target=replace(target, source=f"{target.source}, as {path.name} names none"))
    text = content.decode("utf-8-sig", "replace")
    if "<<<steadypin" not in text[:65536]:
        return decode(text, PythonEnvironment, kind="snapshot", path=str(path))
    return _from_script(text, path)


def emit_script() -> str:
    """A whole program in the standard library of Python 2.7 to 3.14 that prints a snapshot of the Python that runs it."""
    return "\n".join((facts_script(), script_text("snapshot_files.py"), "print_answer(take_snapshot())", ""))


class RecordedTree:
    """The files that the script recorded, as a FileTree."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.separator = "\\" if document.get("separator") == "\\" else "/"
        self._folders = _table(document, "folders")
        self._files = _table(document, "files")
        self._errors = _table(document, "errors")

    def names(self, folder: str) -> list[str]:
        names = self._folders.get(folder)
        if not isinstance(names, list):
            raise self._missing(folder)
        return [name for name in names if isinstance(name, str)]

    def read(self, path: str, limit: int = SMALL_FILE) -> bytes:
        content = self._files.get(path)
        if not isinstance(content, str):
            raise self._missing(path)
        return content.encode("latin-1", "replace")[:limit]

    def is_dir(self, path: str) -> bool:
        return path in self._folders

    def is_file(self, path: str) -> bool:
        return path in self._files or (path in self._errors and path not in self._folders)

    def layer(self, path: str) -> str | None:
        return None

    def _missing(self, path: str) -> OSError:
        error = self._errors.get(path)
        if isinstance(error, Sequence) and len(error) == 2:
            number = error[0] if isinstance(error[0], int) and not isinstance(error[0], bool) else errno.EIO
            return OSError(number, str(error[1]), path)
        return FileNotFoundError(errno.ENOENT, "not in the snapshot", path)


def _from_script(text: str, path: Path) -> PythonEnvironment:
    try:
        document = parse_facts(text, origin=str(path), shape={"facts": dict, "folders": dict, "files": dict})
        if document.get("schema_version") != 1:
            raise InterpreterError(f"{path}: made by the script of another steadypin")
        facts = document["facts"]
        interpreter = interpreter_of(str(facts.get("executable") or "python"), facts, source=f"snapshot {path}")
        return environment_of(interpreter, RecordedTree(document))
    except InterpreterError as error:
        message = error.message.removeprefix(f"{path}: ")
        raise SourceError(message, location=Location(path=str(path)), hint=_HINT) from None


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key)
    return table if isinstance(table, dict) else {}
