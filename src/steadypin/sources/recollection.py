"""What earlier checks found out, in a file of the cache: safe to delete, and never older than the code that reads it."""

from __future__ import annotations

import functools
import json
import os
import sys
from binascii import crc32
from pathlib import Path

from steadypin import __version__
from steadypin.remembered import Answers
from steadypin.sources import cache_file

try:
    from _blake2 import blake2b  # what hashlib gives, without loading a library of cryptography
except ImportError:
    from hashlib import blake2b

_ANSWERING = ("model", "sources", "sources/lockfiles", "sources/manifests")


def place(cache_dir: Path, subject: str) -> Path:
    """Where the answers about a subject are kept. Two subjects that share a place cost each other time, nothing else."""
    return cache_dir / "answers" / f"{crc32(subject.encode('utf-8', 'surrogateescape')):08x}.json"


def load(file: Path) -> Answers:
    """The answers that are kept there; none where they are damaged, or were found by other code than this."""
    try:
        stored = json.loads(file.read_bytes())
        return dict(stored["answers"]) if stored["by"] == _answering() else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def save(file: Path, answers: Answers) -> None:
    """Keep answers; where that cannot be written, nothing is lost but time."""
    cache_file.keep(file, json.dumps({"by": _answering(), "answers": answers}))


def fingerprint(data: bytes) -> str:
    """A text that no other bytes have, whoever made them (BLAKE2b, RFC 7693)."""
    return str(blake2b(data, digest_size=32).hexdigest())


@functools.cache
def _answering() -> list[object]:
    """What answers depend on besides their questions: this code, the one that it asks, and the language."""
    from packaging import __version__ as packaging

    here = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
    stamps = []
    for folder in _ANSWERING:
        with os.scandir(os.path.join(here, folder)) as entries:  # noqa: PTH118
            stamps += [[entry.name, (known := entry.stat()).st_mtime_ns, known.st_size] for entry in entries if entry.is_file()]
    return [__version__, packaging, sys.version, crc32(repr(sorted(stamps)).encode())]
