"""Old source distributions of a project, built with older build tools where today's do not understand them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from steadypin.config import Settings
from steadypin.errors import NetworkError
from steadypin.model.facts import Facts
from steadypin.model.gap import Gap
from steadypin.model.parse import satisfies_pin
from steadypin.pipeline.environment import project_folder
from steadypin.pipeline.links import index_of
from steadypin.resolution.older import OlderTools, Sdist
from steadypin.resolution.uv import Uv, find_uv, index_options
from steadypin.values import replace


def older_tools(
    facts: Facts,
    settings: Settings,
    *,
    options: tuple[str, ...] = (),
    variables: tuple[tuple[str, str], ...] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> OlderTools:
    """What builds with older tools for the target's Python. What it has built is kept beside the journal."""
    minor = ".".join(facts.target.python.split(".")[:2])

    def fetch(name: str, version: str) -> Sdist | None:
        return None if settings.offline else _sdist(facts, settings, name, version)

    return OlderTools(
        folder=project_folder(settings).absolute() / "built" / f"{minor}-{facts.target.platform}",
        start=lambda: _start(facts, minor),
        fetch=fetch,
        options=index_options(options),
        variables=variables,
        tell=tell,
    )


def _start(facts: Facts, minor: str) -> tuple[tuple[str, ...], str] | None:
    uv = find_uv(folder=None)
    return (uv.command, _interpreter(facts, uv, minor)) if uv is not None else None


def _interpreter(facts: Facts, uv: Uv, minor: str) -> str:
    environment = facts.environment
    if environment is not None and environment.target == facts.target:
        for name in ("bin/python", "Scripts/python.exe"):
            if (Path(environment.path) / name).is_file():
                return str((Path(environment.path) / name).absolute())
    fitting = replace(uv, interpreters=tuple(pair for pair in uv.interpreters if pair[0] == minor))
    return fitting.interpreter(facts.target.python) or minor


def _sdist(facts: Facts, settings: Settings, name: str, version: str) -> Sdist | None:
    from steadypin.index.changelogs import read_sdist
    from steadypin.transport.session import Session

    with index_of(facts, settings) as (client, _):
        session = Session(client.routing.manners, logins=client.routing.logins)
        try:
            return read_sdist(client, name, version, session=session)
        except NetworkError:  # it was had a moment ago; what the build said is told then
            return None
        finally:
            session.close()


def built_gaps(tools: OlderTools, locks: Iterable[Mapping[str, str]]) -> Iterable[Gap]:
    """What of these locks was built with older tools: a result must not look as if it had been built like the rest."""
    locks = tuple(locks)
    for name, version, with_what in tools.built():
        if any(satisfies_pin(version, lock.get(name)) for lock in locks if name in lock):
            detail = f"{version} does not build with today's build tools; what was solved and tried was built with {with_what}"
            yield Gap(subject=name, stage="trials", reason="older-build-tools", detail=detail)
