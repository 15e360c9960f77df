"""A question as files in a folder of its own, which is how the tools want to be asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steadypin.errors import ResolverError
from steadypin.model.resolution import Question
from steadypin.text import printable
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFiles:
    """Where the parts of a question stand; None where it has no such part. `lock` is read and written by the tool."""

    folder: Path
    requirements: Path
    lock: Path
    constraints: Path | None
    overrides: Path | None


@contextmanager
def question_files(question: Question) -> Iterator[QuestionFiles]:
    """The question as files, removed at the end."""
    overrides = (*question.overrides, *(f"{name} ; python_version < '0'" for name in question.absent))
    with tempfile.TemporaryDirectory(prefix="steadypin-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        requirements = _write(folder / "requirements.in", question.requirements)
        lock = _write(folder / "requirements.txt", preferred(question))
        yield QuestionFiles(
            folder=folder,
            requirements=requirements,
            lock=lock,
            constraints=_write(folder / "constraints.txt", question.constraints) if question.constraints else None,
            overrides=_write(folder / "overrides.txt", overrides) if overrides else None,
        )


def preferred(question: Question) -> tuple[str, ...]:
    """The pins that stand in the existing lock.

    A name that may be raised simply has no pin there. That says the same as the tools' `--upgrade-package`, without the
    revalidation of cached index pages that this option brings with it.
    """
    if question.upgrade is None:
        return ()
    free = frozenset(question.upgrade)
    return tuple(f"{name}=={version}" for name, version in question.pins if name not in free)


def _write(path: Path, lines: tuple[str, ...]) -> Path:
    for line in lines:
        if any(mark in line for mark in "\n\r\0") or line.lstrip().startswith("-"):
            raise ResolverError(f"not a requirement that can be handed to a resolver: {printable(line, 120)}")
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
