"""From a project to a plan: read, compare, choose a resolver, plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic

from steadypin import codec
from steadypin.comparison import compare
from steadypin.comparison.applicable import Selection
from steadypin.config import Settings
from steadypin.errors import EnvironmentNotFound, UsageError
from steadypin.index.pipconfig import configuration_files
from steadypin.index.routing import route
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.parse import normalise
from steadypin.model.plan import Plan
from steadypin.pipeline import facts as reading
from steadypin.pipeline.accepted import accepted, told, without
from steadypin.pipeline.advisories import unsafe_releases
from steadypin.pipeline.environment import cache_dir
from steadypin.pipeline.facts import Request
from steadypin.pipeline.links import with_links
from steadypin.pipeline.lockable import lock_gaps
from steadypin.pipeline.newcomers import Newcomers, unsettled
from steadypin.pipeline.older import built_gaps, older_tools
from steadypin.pipeline.pinning import code_of, names_of
from steadypin.planning.goal import Goal, Grouping, Level, parse_levels
from steadypin.planning.plan import basis_digest, make_plan
from steadypin.planning.resolver import Resolver
from steadypin.planning.uses import uses_of, with_guesses
from steadypin.resolution.cached import Cached
from steadypin.resolution.choose import Circumstances, choose, owners
from steadypin.resolution.older import Forbearing
from steadypin.resolution.pipoptions import Access, PipConstraints, index_options, index_variables, pip_constraints
from steadypin.resolution.uvsettings import own_cooldown
from steadypin.sources.reading import read_bytes
from steadypin.text import nearest
from steadypin.values import dataclass, field, replace

Tell = Callable[[str], None]
_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """pip's configuration, for a resolver."""

    options: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = field(repr=False)
    constraints: PipConstraints


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """How far to plan and with whom, as the user said it. `to` may hold one level and NAME=LEVEL exceptions. `links`: the index
    is asked for links that no installed metadata has. `edit_manifest`: caps of the project's own manifests may be lifted.
    `changelogs`: what they say is quoted; each costs a download.
    """

    to: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_stages: int = 10
    group_by: str = "risk"
    resolver: str = "auto"
    timeout: float = 600.0
    hashes: bool = False
    reuse: bool = True
    links: bool = False
    edit_manifest: bool = False
    changelogs: bool = False


def plan(facts: Facts, settings: Settings, request: PlanRequest, *, tell: Tell = lambda _: None) -> Plan:
    """The plan for these facts. Raises UsageError, ResolverError, Unsolvable."""
    started = monotonic()
    pip = pip_of(facts, settings)
    goal = goal_of(facts, settings, request, pip)
    unheard = _unheard(facts, goal)
    resolver = resolver_of(facts, settings, request, pip, tell=tell)
    made = _settled(facts, settings, goal, resolver, tell)
    tell("links for reviewers" if request.links else "")
    made = with_links(made, facts, settings, ask=request.links)
    if request.changelogs:
        from steadypin.pipeline.changelogs import with_changelogs

        tell("changelogs for reviewers")
        made = with_changelogs(made, facts, settings)
    tell("whether uv can write it")
    uv_gaps = lock_gaps(made, facts, settings, variables=dict(pip.variables), interpreters=_interpreters(facts))
    tell("")
    older = built_gaps(older_tools(facts, settings), _locks(made))
    gaps = tuple(sorted({*made.gaps, *uv_gaps, *_owner_gaps(facts), *_constraint_gaps(pip), *unheard, *older}))
    return replace(made, gaps=gaps, stats=replace(made.stats, seconds=round(monotonic() - started, 3)))


def _settled(facts: Facts, settings: Settings, goal: Goal, resolver: Resolver, tell: Tell) -> Plan:
    """The plan in which cooldown and advisories also hold for what comes new: where they do not, it is planned again with what
    is known of that by then.
    """
    selection = Selection(extras=frozenset(settings.extras), groups=frozenset(settings.groups))
    borne = accepted(facts, settings.policy)
    asker = Newcomers.of(facts, settings, goal)
    runs, more = 0, without(facts, borne)
    for _ in range(_ROUNDS):
        facts = more
        made = make_plan(facts, compare(facts, settings.policy, selection), resolver, goal, tell=tell)
        runs += made.stats.resolver_runs
        if (found := asker.known_with(made, facts)) is None:
            break
        more = without(found, borne)
    made = told(made, borne, facts)
    return replace(made, gaps=(*made.gaps, *asker.gaps, *unsettled(made, more)), stats=replace(made.stats, resolver_runs=runs))


def _locks(made: Plan) -> Iterator[Mapping[str, str]]:
    """The pins that the plan starts from, and those of each stage."""
    yield dict(made.base)
    yield from ({package.name: package.version for package in stage.lock} for stage in made.stages)


def gather(settings: Settings, request: Request) -> Facts:
    """The facts to plan from. Where no environment is found and none was named, locks and manifests are enough."""
    facts = _read(settings, request)
    known = settings.advisory_source == "local" and "advisories" in request.ledgers
    return replace(facts, unsafe=unsafe_releases(facts, settings)) if known else facts


def _read(settings: Settings, request: Request) -> Facts:
    try:
        return reading.gather(settings, request)
    except EnvironmentNotFound as error:
        if settings.python is not None or request.snapshot is not None:
            raise
        facts = reading.gather(settings, replace(request, no_environment=True))
        if not facts.files:
            raise
        gap = Gap(
            subject="environment", stage="sources", reason="not-found", detail=f"{error.message}; planned from files alone"
        )
        return replace(facts, gaps=(*facts.gaps, gap))


def load(path: Path) -> Plan:
    """A plan that was written. Raises SourceError, StaleInput."""
    from steadypin.reporters.plan_json import load_plan

    return load_plan(read_bytes(path, shown=str(path)).decode("utf-8", "replace"), path=str(path))


def checklist_text(made: Plan, *, result: Path | None = None, body: Path | None = None) -> str:
    """The checklist of a plan, or `body` with its checklist brought up to date. Raises SourceError, StaleInput."""
    from steadypin.reporters import checklist

    evidence = None
    if result is not None:
        text = read_bytes(result, shown=str(result)).decode("utf-8", "replace")
        evidence = checklist.read_evidence(text, made, path=str(result))
    old = read_bytes(body, shown=str(body)).decode("utf-8", "replace") if body is not None and body.exists() else ""
    return checklist.render(made, evidence=evidence, body=old.replace("\r\n", "\n"))


def goal_of(facts: Facts, settings: Settings, request: PlanRequest, pip: Pip) -> Goal:
    """The goal of a request under the project's settings."""
    level, levels = levels_of(request)
    days, file = own_cooldown(settings.root, facts.taken_at) if request.resolver != "pip-tools" else (0, "")
    stricter = days > settings.policy.cooldown_days
    return Goal(
        level=level,
        levels=levels,
        only=tuple(sorted(map(normalise, request.only))),
        exclude=tuple(sorted(map(normalise, request.exclude))),
        taken_at=facts.taken_at,
        cooldown_days=days if stricter else settings.policy.cooldown_days,
        cooldown_from=file if stricter else "",
        prereleases=settings.policy.prereleases,
        max_stages=request.max_stages,
        grouping=Grouping(request.group_by),
        options=pip.options,
        constraints=pip.constraints.lines,
        constraints_from=", ".join(pip.constraints.files),
        hashes=request.hashes,
        uses=uses_of(code_of(settings), with_guesses(names_of(facts), facts)),
    )


def is_stale(made: Plan, facts: Facts) -> bool:
    """Whether what stands here is no longer what a plan rests on."""
    return made.basis != basis_digest(facts)


def levels_of(request: PlanRequest) -> tuple[Level, tuple[tuple[str, Level], ...]]:
    """The level for all, and those of single packages. Raises UsageError."""
    levels = [text for text in request.to if "=" not in text]
    return parse_levels(levels[-1] if levels else "latest", tuple(text for text in request.to if "=" in text))


def pip_of(facts: Facts, settings: Settings) -> Pip:
    """What pip would use for this project on this machine."""
    prefix = Path(facts.environment.path) if facts.environment else None
    routing = route(index_url=settings.index_url, extra_index_urls=settings.extra_index_urls, prefix=prefix)
    access = Access(
        indexes=routing.indexes,
        find_links=routing.find_links,
        logins=tuple((login.prefix, login.user, login.password) for login in routing.logins),
        ca_bundle=routing.manners.ca_bundle,
        proxy=routing.manners.proxy,
        trusted_hosts=routing.manners.trusted_hosts,
    )
    return Pip(
        options=() if routing.source == "default" else index_options(access),
        variables=index_variables(access),
        constraints=pip_constraints(os.environ, configuration_files(os.environ, prefix)),
    )


def resolver_of(facts: Facts, settings: Settings, request: PlanRequest, pip: Pip, *, tell: Tell = lambda _: None) -> Resolver:
    """The resolver that the request asks for, with its kept answers. Raises ResolverError, CommandNotFound."""
    folder = cache_dir(settings)
    where = Circumstances(
        folder=settings.root,
        interpreters=_interpreters(facts),
        cache_dir=folder,
        offline=settings.offline,
        timeout=request.timeout,
        variables=pip.variables,
    )
    chosen: Resolver = choose(request.resolver, where)
    if chosen.name.startswith("uv "):
        tools = older_tools(facts, settings, options=pip.options, variables=pip.variables, tell=tell)
        chosen = Forbearing(solver=chosen, tools=tools)
    if not request.reuse:
        return chosen
    context = codec.digest(replace(facts, taken_at="", gaps=()))
    return Cached(solver=chosen, folder=folder / "resolutions", context=context)


def _interpreters(facts: Facts) -> tuple[tuple[str, str], ...]:
    """The environment's own interpreter by its minor version: what has to be built is built for it."""
    environment = facts.environment
    if environment is None or environment.target != facts.target:
        return ()
    minor = ".".join(facts.target.python.split(".")[:2])
    folder = Path(environment.path)
    places = (folder / "bin" / "python", folder / "Scripts" / "python.exe")
    return tuple((minor, str(python)) for python in places if python.is_file())[:1]


def _unheard(facts: Facts, goal: Goal) -> tuple[Gap, ...]:
    """Names that the user said and that nothing here has. Raises UsageError for one that was to move."""
    known = {d.name for d in facts.declared} | {p.name for p in facts.locked if p.name} | {d.name for d in facts.installed}
    for name in (name for name in goal.only if name not in known):
        near = nearest(name, sorted(known))
        hint = f"did you mean {near}?" if near else "steadypin audit lists all"
        raise UsageError(f"--only {name}: no such package here", hint=hint)
    strangers = sorted({*goal.exclude, *dict(goal.levels)} - known)
    detail = "no such package here: what was said of it (--exclude, --to NAME=LEVEL) changes nothing"
    return tuple(Gap(subject=name, stage="resolution", reason="not-found", detail=detail) for name in strangers)


def _owner_gaps(facts: Facts) -> tuple[Gap, ...]:
    return tuple(
        Gap(
            subject=path,
            stage="resolution",
            reason="foreign-lock",
            detail=f"solved with another resolver; only {tool} can write this lock, with the versions of the plan",
        )
        for path, tool in owners(facts.files)
    )


def _constraint_gaps(pip: Pip) -> tuple[Gap, ...]:
    return tuple(
        Gap(
            subject=name,
            stage="resolution",
            reason="unreadable",
            detail="pip's configuration names these constraints; they were not considered",
        )
        for name in pip.constraints.unread
    )
