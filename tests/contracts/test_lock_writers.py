"""Laws of every lock that is ours to write, over real files: one pin moves and nothing else does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin.locking import pylock, requirements
from steadypin.locking.edits import Edit, Repin
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.released import ReleaseFile
from steadypin.sources.reading import reader_of

WRITERS = {"requirements": requirements.rewrite, "constraints": requirements.rewrite, "pylock": pylock.rewrite}
HERE = Path(__file__).parents[2]
PLACES = (HERE / "tests" / "data" / "lockfiles" / "files", HERE.parent / "shared" / "corpus" / "files")
FILES = (
    ReleaseFile(
        filename="new-9999.1-py3-none-any.whl",
        url="https://files.example/new-9999.1-py3-none-any.whl",
        hashes=("sha256:" + "ab" * 32,),
        size=7,
    ),
)
NEW = "9999.1"


def locks() -> Iterator[tuple[str, Path]]:
    for place in PLACES:
        for format in WRITERS:
            for path in sorted((place / format).rglob("*")) if (place / format).is_dir() else ():
                if path.is_file() and path.stat().st_size < 2_000_000:
                    yield format, path


CASES = list(locks())


def read(format: str, path: Path, data: bytes) -> SourceFile:
    reader = reader_of(path.name, format=format)
    assert reader is not None
    return reader.read(data, path.name)


def movable(file: SourceFile) -> list[LockedPackage]:
    found = [p for p in file.packages if p.name and p.version and p.kind == "index" and p.location.line]
    if file.format == "pylock":
        return [p for p in found if p.files]
    return [p for p in found if p.requirement and "==" in p.requirement]


def told(package: LockedPackage) -> tuple[object, ...]:
    return (package.name, package.version, package.marker, package.kind, package.extras, package.groups)


def test_the_corpus_is_there_where_it_must_be() -> None:
    assert len(CASES) > 5
    if os.environ.get("CI"):
        assert PLACES[1].is_dir(), "the shared corpus is missing"


@pytest.mark.parametrize(("format", "path"), CASES, ids=[path.name[:60] for _, path in CASES])
def test_moving_one_pin_changes_only_its_lines(format: str, path: Path) -> None:
    data = path.read_bytes()
    before = _readable(format, path, data)
    assert WRITERS[format](data, Edit(), path=path.name) == data
    pins = movable(before)
    for pin in [*pins[:2], *pins[len(pins) // 2 :][:1], *pins[-1:]]:
        edit = Edit(
            repins=(Repin(line=pin.location.line or 0, name=str(pin.name), before=str(pin.version), after=NEW, files=FILES),)
        )
        new = WRITERS[format](data, edit, path=path.name)
        after = read(format, path, new)
        assert sorted(map(str, map(told, after.packages))) == sorted(
            str((p.name, NEW if p is pin else p.version, p.marker, p.kind, p.extras, p.groups)) for p in before.packages
        )
        moved = next(p for p in after.packages if p.name == pin.name and p.version == NEW)
        assert moved.hashed == (1 if pin.hashed or format == "pylock" else 0)
        _only_its_lines(data, new, pin, before)


def _readable(format: str, path: Path, data: bytes) -> SourceFile:
    from steadypin.errors import SourceError

    try:
        return read(format, path, data)
    except SourceError:
        pytest.skip("not readable, so not writable")


def _only_its_lines(old: bytes, new: bytes, pin: LockedPackage, file: SourceFile) -> None:
    """What stands before the entry and from the next entry on is the same bytes."""
    start = (pin.location.line or 1) - 1
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    assert before[:start] == after[:start]
    following = sorted({p.location.line for p in file.packages if p.location.line and p.location.line > start + 1})
    if following:
        rest = before[following[0] - 1 :]
        assert after[len(after) - len(rest) :] == rest
