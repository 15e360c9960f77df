"""`--edit-manifest`: plan as if the project's own manifests had no caps, and raise those that stand against the pins.

Only what is the project's own and stands in a text is lifted, never what another package requires, and nothing below the level
that was asked for: a cap that nothing needs to pass stays as it is, and so does that of a package that the tests hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.errors import SourceError
from steadypin.locking.caps import loosened
from steadypin.locking.manifests import FORMATS, Reading, with_cap
from steadypin.model import parse
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.locked import SourceFile
from steadypin.model.plan import ManifestEdit, Plan
from steadypin.pipeline import planning
from steadypin.planning.goal import Goal, Level
from steadypin.planning.plan import basis_digest
from steadypin.planning.problem import is_demand
from steadypin.sources.reading import read_bytes, reader_of
from steadypin.trials.results import pins_of
from steadypin.values import dataclass, field, replace

OURS = ("requirements", "constraints", "pylock", "uv")
"""Formats of locks that an upgrade writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """`facts` as they are without the caps that may be lifted; `caps` as they are written."""

    facts: Facts
    caps: tuple[DeclaredRequirement, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True, kw_only=True)
class Edited:
    """New bytes by path below the root, and what was raised in them."""

    contents: dict[str, bytes] = field(default_factory=dict)
    edits: list[ManifestEdit] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def plan(
    facts: Facts, settings: Settings, request: planning.PlanRequest, *, tell: Callable[[str], None] = lambda _: None
) -> Plan:
    """The plan, with caps lifted where the request allows it. Raises as `planning.plan`."""
    if not request.edit_manifest:
        return planning.plan(facts, settings, request, tell=tell)
    lifting = lift(facts, settings, request)
    made = planning.plan(lifting.facts, settings, request, tell=tell)
    edited = edit(facts, settings.root, lifting.caps, pins_of(made.stages))
    asked_too_early = {gap for gap in made.gaps if gap.reason == "refused" and edited.edits}  # uv, of the manifest as it is
    gaps = tuple(sorted({*made.gaps, *lifting.gaps, *edited.gaps} - asked_too_early))
    return replace(made, basis=basis_digest(facts), edits=tuple(edited.edits), gaps=gaps)


def lift(facts: Facts, settings: Settings, request: planning.PlanRequest) -> Lifting:
    """The facts without the caps that keep a package from the newest release, as far as these can be raised in their files."""
    lifted, gaps = [], []
    foreign = _foreign(facts)
    for item, version in _caps(facts, settings, request):
        if item.name in foreign or edit(facts, settings.root, (item,), {item.name: version}).edits:
            lifted.append(item)
        else:
            gaps.append(_gap(item, "cannot be raised safely; raise it by hand"))
    return Lifting(facts=_without(facts, frozenset(lifted)), caps=tuple(lifted), gaps=tuple(gaps))


def _caps(facts: Facts, settings: Settings, request: planning.PlanRequest) -> Iterator[tuple[DeclaredRequirement, str]]:
    """Declarations that keep their package from the newest release that could be installed, and that release."""
    level, levels = planning.levels_of(request)
    goal = Goal(level=level, levels=levels, only=_names(request.only), exclude=_names(request.exclude))
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    for package in compare(facts, settings.policy, selection).packages:
        newest = package.latest or package.newest
        if newest is None or not goal.touches(package.name) or goal.level_of(package.name) is Level.WANTED:
            continue
        for item in package.declared:
            if item.kind in ("requirement", "constraint") and is_demand(item, package) and _refuses(item, newest.version):
                yield item, newest.version


def _names(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(parse.normalise, texts))


def _refuses(item: DeclaredRequirement, version: str) -> bool:
    parsed = parse.requirement(item.requirement)
    return parsed is not None and not parsed.specifier.contains(version, prereleases=True)


def _without(facts: Facts, caps: frozenset[DeclaredRequirement]) -> Facts:
    files = (
        replace(file, declared=tuple(_loosened(item) if item in caps else item for item in file.declared))
        for file in facts.files
    )
    return replace(facts, files=tuple(files)) if caps else facts


def _loosened(item: DeclaredRequirement) -> DeclaredRequirement:
    requirement = Requirement(item.requirement)
    requirement.specifier = SpecifierSet(loosened(str(requirement.specifier)))
    return replace(item, requirement=str(requirement))


def edit(
    facts: Facts,
    root: Path,
    caps: tuple[DeclaredRequirement, ...],
    pins: Mapping[str, str],
    contents: Mapping[str, bytes] | None = None,
) -> Edited:
    """The manifests with those caps raised that refuse their package's pin; `contents` is what files hold by now."""
    files = {file.path: file for file in facts.files}
    known, edited, foreign = contents or {}, Edited(), _foreign(facts)
    for item in caps:
        path, version = item.location.path, pins.get(item.name)
        if version is None or not _refuses(item, version):
            continue
        if item.name in foreign:
            edited.gaps.append(_gap(item, f"is left to the tool that writes {foreign[item.name]}, which changes both together"))
            continue
        try:
            data = edited.contents.get(path) or known.get(path) or read_bytes(root / path, shown=path)
            done = with_cap(data, item, version, _reading(files[path])) if files[path].format in FORMATS else None
        except SourceError:
            done = None
        if done is None:
            edited.gaps.append(_gap(item, "cannot be raised safely; raise it by hand"))
            continue
        edited.contents[path] = done[0]
        edited.edits.append(ManifestEdit(name=item.name, place=_place(item), before=_words(item), after=_words(done[1])))
    return edited


def _foreign(facts: Facts) -> dict[str | None, str]:
    """Names in locks that only another tool can write, with the lock: beside an edited manifest that would be stale."""
    locks = (file for file in facts.files if file.role == "lock" and file.format not in OURS)
    return {package.name: file.path for file in locks for package in file.packages}


def _reading(file: SourceFile) -> Reading:
    reader = reader_of(file.path.rpartition("/")[2], format=file.format)

    def read(data: bytes) -> tuple[DeclaredRequirement, ...]:
        try:
            return reader.read(data, file.path).declared if reader is not None else ()
        except SourceError:
            return ()

    return read


def _words(item: DeclaredRequirement) -> str:
    return item.text or item.requirement


def _place(item: DeclaredRequirement) -> str:
    return f"{item.location.path}:{item.location.line}" if item.location.line else item.location.path


def _gap(item: DeclaredRequirement, what: str) -> Gap:
    detail = f"its cap {_words(item)} in {_place(item)} {what}"
    return Gap(subject=item.name, stage="locking", reason="manifest", detail=detail)
