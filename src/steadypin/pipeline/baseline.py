"""The file of known findings: read for a check, written by `baseline write` only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steadypin.errors import SteadypinError
from steadypin.model.report import Report
from steadypin.values import dataclass, replace

if TYPE_CHECKING:
    from steadypin.model.baseline import Baseline

NAME = ".steadypin-baseline.json"
KIND = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The new text of a baseline file, and how many entries came, went and stayed."""

    text: str
    added: int
    removed: int
    kept: int


def place(root: Path, given: Path | None) -> Path:
    """The file that is meant: the given one, else the project's own."""
    return given or (root if root.is_dir() else root.parent) / NAME


def load(root: Path, given: Path | None) -> Baseline | None:
    """The known findings, None where the project has no such file. Raises StaleInput for a newer schema or a damaged file,
    SteadypinError for a file that was named and is not there.
    """
    path = place(root, given)
    if not path.is_file():
        if given is None:
            return None
        raise SteadypinError(f"{path}: no such baseline", hint="write one: steadypin baseline write")
    from steadypin import codec
    from steadypin.errors import StaleInput
    from steadypin.model.baseline import Baseline
    from steadypin.sources.reading import read_bytes

    text = read_bytes(path, shown=path.as_posix()).decode("utf-8", "replace")
    try:
        known = codec.decode(text, Baseline, kind=KIND, path=path.as_posix())
    except StaleInput as error:
        hint = "use the steadypin that wrote it, or delete the file and write it again: steadypin baseline write"
        raise StaleInput(error.message, hint=hint) from None
    return replace(known, path=path.as_posix())


def renewed(old: Baseline | None, report: Report, silent: frozenset[str], *, prune: bool) -> Written:
    """What the file will say: the findings of a report without baseline; pruning only takes cured ones away.

    What the file knows of rules that are `silent`, not asked this time, stays.
    """
    from steadypin import codec
    from steadypin.model.baseline import KnownFinding

    before = {entry.fingerprint: entry for entry in old.findings} if old else {}
    now = {
        f.fingerprint: KnownFinding(rule=f.rule, package=f.package, fingerprint=f.fingerprint, message=f.message)
        for f in report.findings
        if not f.rule.startswith(("exception-", "baseline-"))
    }
    unheard = {key: entry for key, entry in before.items() if entry.rule in silent}
    after = {**{key: entry for key, entry in now.items() if not prune or key in before}, **unheard}
    entries = sorted(after.values(), key=lambda entry: (entry.rule, entry.package or "", entry.fingerprint))
    # The document with each finding on a line of its own, so that a review shows what came and went, and branches merge.
    empty = {"kind": KIND, "schema_version": codec.SCHEMA_VERSION, "value": {"findings": []}}
    head, foot = codec.dumps(empty).split("[]")
    lines = ",\n".join(codec.dumps(codec.to_plain(entry)) for entry in entries)
    return Written(
        text=f"{head}[\n{lines}\n]{foot}\n" if lines else f"{head}[]{foot}\n",
        added=len(after.keys() - before.keys()),
        removed=len(before.keys() - after.keys()),
        kept=len(after.keys() & before.keys()),
    )
