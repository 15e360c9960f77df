"""Code against declarations: what is imported and not declared, declared and not imported, or no longer there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steadypin.checks.rule import Case, Check
from steadypin.model.code import CodeImport
from steadypin.model.comparison import PackageComparison
from steadypin.model.finding import Finding
from steadypin.model.pins import BUILD_TOOL, OWN
from steadypin.model.readiness import Readiness
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.model.standard_library import REMOVED_MODULES

UNDECLARED = Rule(
    id="undeclared-import",
    title="The code imports a package that is declared nowhere",
    severity=Severity.MEDIUM,
    why="It is there because something else needs it today; the next upgrade of that may take it away.",
    bad="`from urllib3.util import Retry` with only requests declared",
    good="declare what you import",
)
UNUSED = Rule(
    id="unused-declaration",
    title="Declared, and the code never imports or names it",
    severity=Severity.LOW,
    why="It is installed, audited and patched for nothing, unless something loads it by a way that cannot be seen.",
    bad="redis in requirements.txt of a program that no longer uses it",
    good="take it out, and run the tests",
)
NOT_THERE = Rule(
    id="import-not-installed",
    title="The code imports a module that nothing installed provides",
    severity=Severity.HIGH,
    why="That path of the program fails here already; in the image it will too.",
    bad="`import boto3` in an environment without it",
    good="declare and install it, or guard the import",
)
REMOVED = Rule(
    id="removed-module",
    title="The code imports a module that the image's Python no longer has",
    severity=Severity.HIGH,
    why="The standard library lost it (PEP 594, PEP 632): the import fails when the image starts.",
    bad="`import cgi` on Python 3.13",
    good="another way to do it; legacy backports are on the index for the time being",
)


def run(case: Case) -> Iterator[Finding]:
    """Findings about the project's code; nothing where no image was asked about."""
    ready = case.facts.readiness
    if ready is None or ready.code is None:
        return
    yield from _removed(ready)
    if case.facts.environment is None or not ready.contents:
        return
    packages = {package.name: package for package in case.comparison.packages}
    providers = _providers(ready)
    used: set[str] = set()
    for top, item in _by_top(ready, providers).items():
        used.update(name for other in ready.code.imports if other.top == top for name in providers[other.name])
        if not providers[item.name] and not item.optional and top not in REMOVED_MODULES and not item.tests:
            yield _not_there(item)
    yield from _undeclared(ready, packages, providers, case.comparison.own)
    yield from _unused(ready, packages, used)


def _providers(ready: Readiness) -> dict[str, tuple[str, ...]]:
    """Installed names by imported module."""
    owners = [(module, item.name) for item in ready.contents for module in item.modules]
    imports = ready.code.imports if ready.code else ()
    return {
        item.name: tuple(sorted({name for module, name in owners if item.name == module or item.name.startswith(module + ".")}))
        for item in imports
    }


def _by_top(ready: Readiness, providers: Mapping[str, tuple[str, ...]]) -> dict[str, CodeImport]:
    """One import for each top-level name, the one that is best provided for: `import google` leads nowhere by itself."""
    found: dict[str, CodeImport] = {}
    for item in ready.code.imports if ready.code else ():
        known = found.get(item.top)
        if known is None or (not providers[known.name] and (providers[item.name] or known.optional)):
            found[item.top] = item
    return found


def _removed(ready: Readiness) -> Iterator[Finding]:
    python = ".".join(ready.targets[0].python.split(".")[:2])
    provided = {module for item in ready.contents for module in item.modules}
    seen: set[str] = set()
    for item in ready.code.imports if ready.code else ():
        if item.top in ready.removed and item.top not in provided and item.top not in seen and not item.optional:
            seen.add(item.top)
            yield REMOVED.finding(
                f"{item.top} is imported, which Python {python} no longer has",
                at=[item.location],
                remedy=f"do without {item.top}, or stay on an older Python for now",
                about=item.top,
            )


def _not_there(item: CodeImport) -> Finding:
    return NOT_THERE.finding(
        f"{item.top} is imported, and nothing that is installed provides it",
        at=[item.location],
        remedy="declare and install what provides it, or guard the import with try/except ImportError",
        about=item.top,
    )


def _undeclared(
    ready: Readiness,
    packages: Mapping[str, PackageComparison],
    providers: Mapping[str, tuple[str, ...]],
    own: frozenset[str],
) -> Iterator[Finding]:
    seen: set[str] = set()
    if not any(package.declared for package in packages.values()):
        return  # nothing is declared at all: `unpinned` and `pin` have more to say
    for item in ready.code.imports if ready.code else ():
        names = providers[item.name]
        if len(names) != 1 or item.optional or names[0] in seen or names[0] in own or item.tests:
            continue
        package = packages.get(names[0])
        if package is None or any(declared.kind != "constraint" for declared in package.declared):
            continue
        seen.add(names[0])
        brought = sorted({demand.by for demand in package.demands if demand.declared is None})
        because = f"it is here because {brought[0]} needs it" if brought else "it was installed by hand"
        yield UNDECLARED.finding(
            f"{names[0]} is imported and not declared; {because}",
            package=names[0],
            version=package.current,
            at=[item.location],
            remedy=f"declare {names[0]}{'==' + package.current if package.current else ''}",
        )


def _unused(ready: Readiness, packages: Mapping[str, PackageComparison], used: set[str]) -> Iterator[Finding]:
    """Declared for running, installed, not required by another, and without a trace in code or start files."""
    mentions = ready.code.mentions if ready.code else frozenset()
    modules = {item.name: {module.partition(".")[0] for module in item.modules} for item in ready.contents}
    apart = {item.name for item in ready.standings if item.role in (OWN, BUILD_TOOL)}
    for name, package in packages.items():
        declared = [d for d in package.declared if d.kind == "requirement" and not d.group and not d.extra]
        if not declared or not package.installed or name in used or name in apart:
            continue
        needed = any(demand.declared is None for demand in package.demands)
        if needed or mentions & (modules.get(name, set()) | {name, name.replace("-", "_")}) or _is_stub(name):
            continue
        yield UNUSED.finding(
            f"{name} is declared, and no code imports or names it",
            package=name,
            version=package.current,
            at=[declared[0].location],
            remedy=f"take {name} out and run the tests; keep it if a framework loads it",
        )


def _is_stub(name: str) -> bool:
    return name.startswith("types-") or name.endswith(("-stubs", "-binary"))


CHECK = Check(rules=(UNDECLARED, UNUSED, NOT_THERE, REMOVED), run=run)
