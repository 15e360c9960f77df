"""Read everything first: the ledgers of one project into one immutable `Facts`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from steadypin.comparison.join import own_names
from steadypin.config import Settings
from steadypin.errors import EnvironmentNotFound, SourceError, SteadypinError
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Problem
from steadypin.model.locked import SourceFile
from steadypin.model.target import Target
from steadypin.pipeline import environment
from steadypin.values import dataclass, replace

Progress = Callable[[int, int], None]
FACTS = "facts"
MINORS = range(7, 20)
"""Minor versions of Python 3 that a project is judged for where it names them and there is no environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to read. `ledgers` are the two that cost network or a database: "index", "advisories". `without` is the option that
    does with no environment, told where none is found.
    """

    no_environment: bool = False
    without: str = "--no-env"
    snapshot: Path | None = None
    ledgers: frozenset[str] = frozenset({"index", "advisories"})
    lenient: bool = True
    progress: Progress | None = None


def gather(settings: Settings, request: Request) -> Facts:
    """Read the ledgers. A file or an answer that cannot be had is a `Gap`; not `lenient`, an unreadable file is an error."""
    found = None if request.no_environment else _environment(settings, request)
    installed = found.environment if found else None
    files = _files(settings, request, itself=found is not None and found.itself)
    target, note = _target(settings, installed, files.files)
    facts = Facts(
        target=target,
        taken_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        root=settings.root.resolve().name,
        files=files.files,
        environment=installed,
        problems=files.problems,
        gaps=files.gaps,
        notes=tuple(text for text in (*(found.notes if found else ()), note, _beside(files.nested)) if text),
    )
    if found is None and request.lenient and _has_nothing(facts):
        raise _nothing(settings, files)
    if "index" in request.ledgers:
        facts = with_projects(facts, settings, _names(facts), request.progress)
    if "advisories" in request.ledgers:
        facts = _with_advisories(facts, settings)
    return facts


def _environment(settings: Settings, request: Request) -> environment.ReadEnvironment:
    try:
        return environment.read(settings, snapshot=request.snapshot)
    except EnvironmentNotFound as error:
        hint = f"{error.hint}, or give {request.without}" if error.hint and request.without else error.hint
        raise EnvironmentNotFound(error.message, looked=error.looked, hint=hint) from None


def _beside(nested: Sequence[str]) -> str:
    from steadypin.reporters.layout import count, names

    were = "was" if len(nested) == 1 else "were"
    return f"{count(len(nested), 'project')} below {were} not read: {names(nested, most=3)}" if nested else ""


def _has_nothing(facts: Facts) -> bool:
    """Whether there is neither lock nor manifest: a project that asks for no package is one all the same."""
    from steadypin.sources.discovery import TOOL_FORMATS

    return not (facts.declared or facts.problems or facts.gaps or any(file.format not in TOOL_FORMATS for file in facts.files))


def _nothing(settings: Settings, files: _Files) -> SteadypinError:
    from steadypin.reporters.layout import names

    read = ", ".join(file.path for file in files.files) or "no file"
    return SteadypinError(
        f"{settings.root}: nothing to look at: no lock, no manifest, no environment (read: {read})",
        hint=f"name a project below it: {names(files.nested)}" if files.nested else "name a project's folder, or give --python",
    )


def saved(facts: Facts) -> str:
    """The text of a facts file: everything that was read, for a replay or a bug report."""
    from steadypin import codec

    return codec.encode(facts, kind=FACTS)


def load(path: Path) -> Facts:
    """Facts that were saved. Raises StaleInput, SourceError."""
    from steadypin import codec
    from steadypin.sources.reading import read_bytes

    text = read_bytes(path, shown=str(path)).decode("utf-8", "replace")
    return codec.decode(text, Facts, kind=FACTS, path=str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    files: tuple[SourceFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    nested: tuple[str, ...] = ()


def _files(settings: Settings, request: Request, *, itself: bool) -> _Files:
    """The project's files. Around an image or a container's root there is no project: it is the one that the lock lies in."""
    if itself and not settings.locks:
        return _Files()
    from steadypin.sources.project import read_project

    folder = Path(settings.locks[0]) if itself else settings.root
    folder = folder if folder.is_dir() else folder.parent
    locks = tuple(Path(lock) for lock in settings.locks)
    found = read_project(folder, locks=locks, excluded=settings.exclude)
    if found.errors and (not request.lenient or settings.locks):
        raise found.errors[0]
    return _Files(
        files=found.files,
        problems=found.problems,
        gaps=tuple(map(_unreadable, found.errors)),
        nested=tuple(sorted({other.project for other in found.others if other.project})),
    )


def _unreadable(error: SourceError) -> Gap:
    return Gap(
        subject=error.location.path,
        stage="sources",
        reason="unreadable",
        detail=error.message if str(error.location) == error.location.path else str(error),
    )


def _target(settings: Settings, installed: PythonEnvironment | None, files: Sequence[SourceFile]) -> tuple[Target, str]:
    """The target, and a note where nobody chose it: without an environment, the first Python that the project's files allow."""
    if installed and not settings.target:
        return installed.target, ""
    from steadypin.sources.targets import parse_target, running_target

    if settings.target:
        return parse_target(settings.target, base=installed.target if installed else None), ""
    here = running_target()
    asked = sorted({file.requires_python for file in files if file.requires_python})
    if all(here.accepts_python(text) for text in asked):
        return here, ""
    for minor in MINORS:
        other = parse_target(f"python=3.{minor}", base=here)
        if all(other.accepts_python(text) for text in asked):
            refused = next(text for text in asked if not here.accepts_python(text))
            return (
                other,
                f"judged for Python 3.{minor}: Python {refused} is asked for and this is {here.python} (--target chooses)",
            )
    return here, ""


def with_projects(facts: Facts, settings: Settings, names: Iterable[str], progress: Progress | None = None) -> Facts:
    """The facts with what the indexes say of these names, too."""
    from steadypin.index.client import IndexClient
    from steadypin.index.routing import route
    from steadypin.transport.cache import Cache

    prefix = Path(facts.environment.path) if facts.environment else None
    routing = route(index_url=settings.index_url, extra_index_urls=settings.extra_index_urls, prefix=prefix)
    cache = Cache(environment.cache_dir(settings))
    with IndexClient(routing, cache=cache, offline=settings.offline, refresh=settings.refresh) as client:
        answers = client.ask(names, progress=progress)
    return replace(
        facts,
        projects=tuple(sorted((*facts.projects, *answers.projects), key=lambda project: project.name)),
        unknown=tuple(sorted({*facts.unknown, *answers.unknown})),
        lookups=True,
        gaps=(*facts.gaps, *answers.gaps),
    )


def _names(facts: Facts) -> Iterable[str]:
    """Names that an index can know: not the project itself, nor what came from elsewhere."""
    named = {item.name for item in facts.declared} | {p.name for p in facts.locked if p.name and p.kind == "index"}
    installed = {d.name for d in facts.installed if d.direct_url is None and not d.editable}
    return sorted((named | installed) - own_names(facts))


def _with_advisories(facts: Facts, settings: Settings) -> Facts:
    from steadypin.pipeline.advisories import ask

    answer = ask(versions(facts), settings, at=facts.taken_at)
    return replace(
        facts,
        advisories=answer.matches,
        advisories_as_of=answer.as_of,
        withdrawn=answer.withdrawn,
        gaps=(*facts.gaps, *answer.gaps),
    )


def versions(facts: Facts) -> Iterable[tuple[str, str]]:
    """Name and version of what stands here and is to be asked about."""
    locked = {(p.name, p.version) for p in facts.locked if p.name and p.version and p.kind == "index"}
    return sorted(locked | {(d.name, d.version) for d in facts.installed if d.version})


def list_sources(settings: Settings) -> Iterable[str]:
    """One line per file that a reader claims: what is read, then what belongs to another project or says nothing."""
    from steadypin.sources.project import read_project
    from steadypin.text import shown

    found = read_project(settings.root, excluded=settings.exclude)
    yield from (f"{file.role:<9} {file.format:<14} {shown(file.path)}" for file in found.files)
    yield from (f"{'silent':<9} {item.format:<14} {shown(item.path)}" for item in found.silent)
    yield from (f"{'other':<9} {item.format:<14} {shown(item.path)}" for item in found.others)
    yield from (f"{'unread':<9} {'':<14} {shown(str(error))}" for error in found.errors)
    yield from (f"{'problem':<9} {'':<14} {shown(f'{p.location}: {p.message}')}" for p in found.problems)
