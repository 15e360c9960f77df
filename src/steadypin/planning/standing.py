"""Why each installed distribution is there: asked for, needed by another, for development, to build with, or left over.

What the project's files say comes first: declarations, locks, imports of its code, names in the files that start it. Only where
there are none of these, the REQUESTED marker (PEP 376) and the shape of the dependency graph are believed, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from steadypin.model import parse
from steadypin.model.code import CodeImport, CodeUse
from steadypin.model.comparison import Comparison, PackageComparison
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.pins import BUILD_TOOL, DEVELOPMENT, DIRECT, LEFTOVER, OWN, TRANSITIVE, Standing
from steadypin.values import dataclass, field, replace

BUILD_TOOLS = frozenset(
    {
        "build", "distribute", "editables", "flit-core", "hatch-vcs", "hatchling", "maturin", "pdm-backend", "pip", "pip-tools",
        "poetry-core", "pyproject-hooks", "scikit-build-core", "setuptools", "setuptools-scm", "uv", "wheel",
    }
)  # fmt: skip
"""What builds and installs, and is there without anybody asking for it."""

_DEVELOPMENT_WORDS = frozenset(
    {"dev", "develop", "development", "test", "tests", "testing", "lint", "doc", "docs", "typing", "ci", "local", "bench"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What installed distributions are called by code: modules and commands by distribution name."""

    modules: Mapping[str, frozenset[str]]
    commands: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def providers(self, module: str) -> tuple[str, ...]:
        """The distributions that an import can mean, ascending."""
        return tuple(sorted(name for name, modules in self.modules.items() if any(_is_within(module, m) for m in modules)))


def _is_within(imported: str, module: str) -> bool:
    """Whether an import is of a module or of something in it, or of a namespace that leads to nothing else."""
    return imported == module or imported.startswith(module + ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Root:
    role: str
    because: str
    via: str = ""
    guess: bool = False


def standings(facts: Facts, comparison: Comparison, code: CodeUse, names: Names) -> tuple[Standing, ...]:
    """One for each installed name, ascending. Pure."""
    packages = {package.name: package for package in comparison.packages if package.installed}
    roots = _roots(facts, packages, code, names)
    runtime = _reach((name for name, found in roots.items() if found.role == DIRECT), packages)
    development = _reach((name for name, found in roots.items() if found.role == DEVELOPMENT), packages)
    return tuple(_standing(package, roots, runtime, development, comparison) for package in packages.values())


def _standing(
    package: PackageComparison,
    roots: Mapping[str, _Root],
    runtime: frozenset[str],
    development: frozenset[str],
    comparison: Comparison,
) -> Standing:
    name = package.name
    askers = tuple(sorted({demand.by for demand in package.demands if demand.declared is None and demand.by != name}))
    root = roots.get(name)
    if name in comparison.own:
        return _made(package, OWN, "the project itself", ())
    if root is not None and root.role == DIRECT:
        return _made(package, DIRECT, root.because, (*((root.via,) if root.via else ()), *_among(askers, runtime)), root.guess)
    if name in runtime:
        used = _among(askers, runtime)
        return _made(package, TRANSITIVE, f"required by {used[0]}" if used else "required", used)
    if root is not None:
        via = (*((root.via,) if root.via else ()), *_among(askers, development))
        return _made(package, DEVELOPMENT, root.because, via, root.guess)
    if name in development:
        used = _among(askers, development)
        return _made(package, DEVELOPMENT, f"required by {used[0]}" if used else "required for development", used)
    if name in BUILD_TOOLS:
        return _made(package, BUILD_TOOL, "installs or builds; nothing that runs requires it", askers)
    because = f"only {askers[0]} requires it, which is left over too" if askers else "nothing declares, requires or imports it"
    return _made(package, LEFTOVER, because, askers, True)


def _among(askers: Iterable[str], reached: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in askers if name in reached)


def _made(package: PackageComparison, role: str, because: str, via: tuple[str, ...], guess: bool = False) -> Standing:
    return Standing(name=package.name, version=package.current, role=role, because=because, via=via, guess=guess)


def _roots(facts: Facts, packages: Mapping[str, PackageComparison], code: CodeUse, names: Names) -> dict[str, _Root]:
    """What is asked for, by whom; everything else is there because of these, or for nothing."""
    roots: dict[str, _Root] = {}
    for name, package in packages.items():
        if found := _declared(item for item in package.declared if not _is_pin(item, facts)):
            roots[name] = found
    for name, found in {**_mentioned(code, names), **_imported(code, names)}.items():
        known = roots.get(name)
        if name in packages and (known is None or (known.role, found.role) == (DEVELOPMENT, DIRECT)):
            pinned = next((_place(item) for item in packages[name].declared if item.kind == "requirement"), found.via)
            roots[name] = replace(found, via=pinned)
    roots.update(_locked(packages, _reach(roots, packages)))
    return roots or _guessed(packages)


def _locked(packages: Mapping[str, PackageComparison], known: frozenset[str]) -> dict[str, _Root]:
    """What only a lock names, as far as nothing else in the lock needs it; of a circle, its first member."""
    rest = {name for name, package in packages.items() if package.locked and name not in known}
    alone = [name for name in rest if not (_askers(packages[name]) & (rest | known) - {name})]
    roots = {name: _of_lock(packages[name]) for name in alone}
    for name in sorted(rest - _reach(roots, packages)):
        if name not in _reach(roots, packages):
            roots[name] = _of_lock(packages[name])
    return roots


def _askers(package: PackageComparison) -> frozenset[str]:
    return frozenset(demand.by for demand in package.demands if demand.declared is None)


def _of_lock(package: PackageComparison) -> _Root:
    path = package.locked[0].location.path
    groups = [group.lower() for entry in package.locked for group in entry.groups or ()]
    development = groups and not package.expected and all(group in _DEVELOPMENT_WORDS for group in groups)
    via = f"-r {path}" if path.endswith((".txt", ".in")) else path
    return _Root(role=DEVELOPMENT if development else DIRECT, because=f"locked in {path}", via=via, guess=True)


def _is_pin(item: DeclaredRequirement, facts: Facts) -> bool:
    """Whether a declaration is a line of a list such as `pip freeze` writes, which names everything alike."""
    role = next((file.role for file in facts.files if file.path == item.location.path), "manifest")
    return role == "both" and parse.exact_version(item.requirement) is not None


def _declared(items: Iterable[DeclaredRequirement]) -> _Root | None:
    found = None
    for item in items:
        if item.kind in ("build", "constraint", "override"):
            continue
        root = _Root(role=_role_of(item), because=f"declared in {item.location.path}", via=_place(item))
        if root.role == DIRECT:
            return root
        found = found or root
    return found


def _role_of(item: DeclaredRequirement) -> str:
    if item.kind == "tool":
        return DIRECT if item.group == "docker" else DEVELOPMENT
    if item.group:
        return DEVELOPMENT
    return DEVELOPMENT if item.extra and item.extra.lower() in _DEVELOPMENT_WORDS else DIRECT


def _place(item: DeclaredRequirement) -> str:
    path = item.location.path
    if path.endswith((".txt", ".in")):
        return f"-r {path}"
    if item.kind == "tool" or not (item.group or item.extra):
        return path
    return f"{path} ({f'group {item.group}' if item.group else f'extra {item.extra}'})"


def _imported(code: CodeUse, names: Names) -> dict[str, _Root]:
    found: dict[str, _Root] = {}
    for item in code.imports:
        for name in names.providers(item.name):
            role = DEVELOPMENT if item.tests else DIRECT
            if name not in found or (found[name].role, role) == (DEVELOPMENT, DIRECT):
                found[name] = _Root(role=role, because=f"imported by {_where(item)}", via=f"import in {item.location.path}")
    return found


def _where(item: CodeImport) -> str:
    return f"{item.location.path}:{item.location.line}"


def _mentioned(code: CodeUse, names: Names) -> dict[str, _Root]:
    """Packages that are named without an import: settings as texts, commands that start the program."""
    found: dict[str, _Root] = {}
    for name, modules in names.modules.items():
        words = ({module for module in modules if "." not in module} | names.commands.get(name, frozenset())) & code.mentions
        if words and name not in BUILD_TOOLS:
            word = min(words)
            found[name] = _Root(role=DIRECT, because=f"{word!r} is named in the project's code or start files", guess=True)
    return found


def _guessed(packages: Mapping[str, PackageComparison]) -> dict[str, _Root]:
    """No file says anything: what was asked for by name at an install, and what nobody else requires."""
    found: dict[str, _Root] = {}
    for name, package in packages.items():
        if name in BUILD_TOOLS:
            continue
        alone = not any(demand.declared is None and demand.by != name for demand in package.demands)
        requested = package.installed[0].requested
        if requested or alone:
            because = "installed by name (REQUESTED)" if requested else "no installed package requires it"
            found[name] = _Root(role=DIRECT, because=because, guess=True)
    return found


def _reach(starts: Iterable[str], packages: Mapping[str, PackageComparison]) -> frozenset[str]:
    """What the named packages require, directly or through others, themselves included."""
    needs = _needs(packages)
    pending, reached = [name for name in starts if name in packages], set()
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending.extend(needs.get(name, ()))
    return frozenset(reached)


def _needs(packages: Mapping[str, PackageComparison]) -> dict[str, list[str]]:
    needs: dict[str, list[str]] = {}
    for asker, name in _edges(packages):
        needs.setdefault(asker, []).append(name)
    return needs


def _edges(packages: Mapping[str, PackageComparison]) -> Iterator[tuple[str, str]]:
    for package in packages.values():
        for demand in package.demands:
            if demand.declared is None:
                yield demand.by, package.name
