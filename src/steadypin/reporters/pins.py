"""What `steadypin pin` says to people, on stderr; the lock itself is the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from steadypin.model.pins import ROLES, PinnedLock, PinProblem
from steadypin.model.proof import Proof
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_WORDS = {
    "direct": "asked for",
    "transitive": "needed by those",
    "development": "for development",
    "leftover": "left over",
}
MOST = 20


def render_pins(
    lock: PinnedLock,
    blocking: Sequence[PinProblem],
    notes: Sequence[str],
    how: Presentation,
    *,
    refused: bool,
    vendor: Path | None = None,
) -> str:
    """The summary: how many of which kind, what is apart, what stands in the way."""
    lines: list[str] = []
    if not how.quiet:
        lines += [_counts(lock), *_apart(lock, how), *(f"note: {shown(note)}" for note in notes)]
    lines += _blocking(blocking)
    if vendor is not None:
        lines += _vendor(blocking, vendor)
    if refused:
        lines.append("Nothing was written. Mend these, or take them as they are with --as-is.")
    return "".join(f"{line}\n" for line in lines)


def _counts(lock: PinnedLock) -> str:
    parts = [
        f"{count} {_WORDS[role]}"
        for role in ROLES
        if role in _WORDS and (count := sum(1 for package in lock.packages if package.role == role))
    ]
    files = sum(len(package.files) for package in lock.packages)
    return f"{len(lock.packages)} packages pinned ({', '.join(parts) or 'none'}), {files} files hashed"


def _apart(lock: PinnedLock, how: Presentation) -> Iterator[str]:
    rows = lock.apart if how.verbose else lock.apart[:MOST]
    if rows:
        yield "Installed and not pinned:"
    for item in rows:
        yield f"  {item.name} {shown(item.version or '?')}  {item.role}: {shown(item.because)}"
    if len(rows) < len(lock.apart):
        yield f"  … and {len(lock.apart) - len(rows)} more (--verbose lists them)"
    if any(item.role == "leftover" for item in lock.apart):
        yield "  (a leftover is a guess; --include-leftovers pins it)"


def _blocking(problems: Sequence[PinProblem]) -> Iterator[str]:
    for problem in problems:
        yield f"{problem.kind}: {shown(problem.message)}"
        if problem.remedy:
            yield f"    -> {shown(problem.remedy)}"


def _vendor(problems: Sequence[PinProblem], folder: Path) -> Iterator[str]:
    lost = [problem for problem in problems if problem.kind in ("unknown", "local")]
    yield (
        f"Wheels that {shown(str(folder))} would have to hold, because no index has them:"
        if lost
        else "Every release can be downloaded."
    )
    yield from (f"  {shown(problem.message)}" for problem in lost)


def render_proof(proof: Proof, how: Presentation) -> str:
    """What a fresh environment of the lock was found to hold."""
    if not proof.differences:
        return f"verified: {proof.installed} packages installed with {proof.installer} are what runs, version by version\n"
    lines = [f"not verified: a fresh environment ({proof.installer}) differs from what runs:"]
    lines += [f"  {shown(difference)}" for difference in proof.differences]
    return "\n".join(lines) + "\n"
