"""Declarations against locks: unpinned, unhashed, contradicted, stale."""

from __future__ import annotations

from collections.abc import Iterator

from steadypin.checks.installers import INSTALLERS
from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.comparison import Demand, PackageComparison
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.finding import Finding
from steadypin.model.location import Location, Problem
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.model.target import Target
from steadypin.remembered import remembered
from steadypin.values import replace

UNPINNED = Rule(
    id="unpinned",
    title="Declared without a pin anywhere",
    severity=Severity.MEDIUM,
    why="Every install may bring another version: today's tests say nothing about tomorrow's image.",
    bad="requirements.txt has the line `requests`; no lock pins it",
    good="compile a lock from it: `pip-compile --generate-hashes`, `uv lock`, or `steadypin pin`",
)
UNPINNED_TOOL = Rule(
    id="unpinned-tool",
    title="A tool or image step installs without a pin",
    severity=Severity.LOW,
    why="tox, nox, pre-commit, a Dockerfile or a workflow installs whatever is newest that day, past every lock.",
    bad="`RUN pip install gunicorn` in a Dockerfile",
    good="`RUN pip install --require-hashes -r requirements.txt`, or at least `gunicorn==23.0.0`",
)
NO_HASH = Rule(
    id="missing-hashes",
    title="Lock without hashes, or with some missing",
    severity=Severity.LOW,
    why="A version names a file, a hash proves it. pip refuses a file in which some are missing (then it is "
    "medium; with `require-hashes` in the configuration every missing hash is high).",
    bad="`idna==3.7` without `--hash`",
    good="`pip-compile --generate-hashes`, or `uv pip compile --generate-hashes`",
)
CONTRADICTED = Rule(
    id="lock-violates-declared",
    title="The lock does not satisfy what is declared",
    severity=Severity.HIGH,
    why="The declaration was changed after locking: the next lock will move this package, and nobody has tested that.",
    bad="requirements.in has `flask>=3`; requirements.txt pins `flask==2.3.3`",
    good="lock again and run the tests",
)
STALE = Rule(
    id="lock-stale",
    title="The lock is older than its manifest",
    severity=Severity.HIGH,
    why="By its own format's rule the lock was not made from the manifest that stands beside it.",
    bad="poetry.lock's content-hash is not that of pyproject.toml",
    good="`poetry lock`, `uv lock`, `pdm lock`, `pipenv lock`",
)
OTHER_PYTHON = Rule(
    id="lock-other-python",
    title="The lock or the project is for another Python",
    severity=Severity.HIGH,
    why="Its markers and files are for the Pythons it was made for; on another one packages are missing or refuse to install.",
    bad='uv.lock has requires-python = ">=3.12"; the environment runs 3.10',
    good="lock for the Python that runs, or run the Python that is locked",
)
FILE_PROBLEM = Rule(
    id="file-problem",
    title="A line or entry of a file cannot be used",
    severity=Severity.MEDIUM,
    why="An installer stops at it or passes it over in silence; either way the file does not say what it seems to say. (Low "
    "where nothing is wrong, and only a run tells what is asked for.)",
    bad="requirements.txt:7 `flask=>2.0`",
    good="`flask>=2.0`",
)

_HASHING_FORMATS = frozenset({"requirements", "uv", "poetry", "pdm", "pipfile", "pylock"})


def run(case: Case) -> Iterator[Finding]:
    """Findings about files; an environment is not needed."""
    for package in case.packages:
        yield from _unpinned(package, case)
        yield from _unpinned_tools(package)
        yield from _contradicted(package, case)
    for file in case.facts.files:
        yield from _loose(file, case.facts.target)
        yield from _hashes(file, case)
        yield from _freshness(file, case)
    problems = [problem for file in case.facts.files for problem in file.problems]
    yield from map(_problem, (*case.facts.problems, *problems))


def _unpinned(package: PackageComparison, case: Case) -> Iterator[Finding]:
    asked = [item for item in package.declared if item.kind == "requirement" and not _fixed(item.requirement)]
    asked = [item for item in asked if item.location.path not in case.locked_elsewhere]
    if not asked or package.locked or package.name in INSTALLERS:
        return
    version = package.current
    finding = UNPINNED.finding(
        f"{package.name} is declared ({_short(asked[0].requirement)}), but pinned nowhere",
        package=package.name,
        version=version,
        at=[item.location for item in asked],
        remedy=f"pin what runs today: {package.name}=={version}" if version else _lock_it(case),
    )
    beyond = case.comparison.has_lock and all(_is_beyond_locks(item, case) for item in asked)
    yield replace(finding, severity=Severity.LOW) if beyond else finding


def _lock_it(case: Case) -> str:
    if case.comparison.has_lock:
        return "add it to what your lock is made from, and lock again"
    return "write a lock: uv lock, poetry lock or pip-compile; or steadypin pin, from an environment that works"


def _is_beyond_locks(item: DeclaredRequirement, case: Case) -> bool:
    """Whether it stands in a group or extra of a manifest, and the lock there is was made without those."""
    format = next((file.format for file in case.facts.files if file.path == item.location.path), "requirements")
    return bool(item.group or item.extra) and format not in ("requirements", "constraints")


def _unpinned_tools(package: PackageComparison) -> Iterator[Finding]:
    asked = [item for item in package.declared if item.kind == "tool" and not _fixed(item.requirement)]
    if not asked or package.name in INSTALLERS:
        return
    yield UNPINNED_TOOL.finding(
        f"{package.name} is installed without a pin ({_short(asked[0].requirement)}) by a tool or image step",
        package=package.name,
        at=[item.location for item in asked],
        remedy=f"write {package.name}=={package.current}" if package.current else "pin it there",
    )


def _fixed(text: str) -> bool:
    """Whether a requirement admits one version only, or one place."""
    asked = parse.parts(text)
    return asked is None or bool(asked.url) or parse.exact_version(text) is not None


def _short(text: str) -> str:
    asked = parse.parts(text)
    return asked.specifier or "any version" if asked else text


def _contradicted(package: PackageComparison, case: Case) -> Iterator[Finding]:
    for entry in package.locked:
        asked = next((demand for demand in package.demands if _violates(demand, entry, case)), None)
        if asked is None or asked.declared is None:
            continue
        yield CONTRADICTED.finding(
            f"{package.name} is locked at {entry.version}, but {asked.by} asks for {_short(asked.requirement)}",
            package=package.name,
            version=entry.version,
            at=[entry.location, asked.declared.location],
            remedy=f"lock {package.name} again",
            about=asked.requirement,
        )


def _violates(demand: Demand, entry: LockedPackage, case: Case) -> bool:
    if demand.declared is None or entry.version is None or _is_apart(demand.declared, entry, case):
        return False
    return parse.is_version(entry.version) and demand.refuses(entry.version)


def _is_apart(item: DeclaredRequirement, entry: LockedPackage, case: Case) -> bool:
    """Whether the entry is of a section that was locked without the declaration: those of a Pipfile are locked one by one."""
    return entry.location.path in case.locked_by_section and (item.group or "default") not in (entry.groups or ())


def _loose(file: SourceFile, target: Target) -> Iterator[Finding]:
    """Entries of a lock that lock nothing. (pipenv leaves what its own platform does not need without a version.)"""
    for entry in file.packages if file.role == "lock" else ():
        if entry.kind == "index" and entry.version is None and entry.name:
            here = target.applies(entry.marker)
            asked = f" ({_short(entry.requirement)})" if entry.requirement else ""
            asked += "" if here else ", for other environments"
            finding = UNPINNED.finding(
                f"{entry.name} stands in {file.path} without an exact version{asked}",
                package=entry.name,
                at=[entry.location],
                remedy=f"write {entry.name}==VERSION, or {_again(file)}",
                about=file.path,
            )
            yield finding if here else replace(finding, severity=Severity.LOW)


def _again(file: SourceFile) -> str:
    return f"compile {file.path} again" if file.format == "requirements" else _LOCK_COMMAND.get(file.format, "lock again")


def _hashes(file: SourceFile, case: Case) -> Iterator[Finding]:
    if file.role == "manifest" or file.format not in _HASHING_FORMATS:
        return
    entries = [package for package in file.packages if package.kind == "index" and package.version is not None]
    bare = [package for package in entries if not package.hashed or package.hashed < len(package.files)]
    if not bare:
        return
    names = ", ".join(sorted({package.name or "?" for package in bare})[:3])
    have = "has" if len(bare) == 1 else "have"
    finding = NO_HASH.finding(
        f"{len(bare)} of {len(entries)} pins in {file.path} {have} no hash ({names}{' …' if len(bare) > 3 else ''})",
        at=[package.location for package in bare],
        remedy=_HASH_REMEDY.get(file.format, "lock again with hashes"),
        about=file.path,
    )
    lost = len(bare) < len(entries) or any(
        package.hashed for package in bare
    )  # somebody meant to have hashes: pip refuses the whole file now
    severity = Severity.HIGH if case.policy.require_hashes else Severity.MEDIUM if lost else finding.severity
    yield replace(finding, severity=severity)


_HASH_REMEDY = {
    "requirements": "compile it with --generate-hashes, or: steadypin pin",
    "poetry": "restore it from version control, or lock from scratch: poetry lock --regenerate",
    "pdm": "pdm lock --refresh",
    "pipfile": "pipenv lock",
    "uv": "uv lock --refresh",
}


def _freshness(file: SourceFile, case: Case) -> Iterator[Finding]:
    at = [Location(path=file.path, line=1)]
    stale = (file.stale or _for_other_pythons(file, case)) if file.role != "manifest" else None
    if stale:
        remedy = _LOCK_COMMAND.get(file.format, "lock again")
        if file.format == "requirements" and not file.generated_by:
            remedy = f"compile {file.path} again, as it was made"  # no head says how
        yield STALE.finding(f"{file.path} is older than its manifest: {stale}", at=at, remedy=remedy)
    asked = _python_of(file)
    if case.facts.environment is not None and not case.facts.target.accepts_python(asked):
        made = "was made for" if file.role == "lock" else "asks for"
        yield OTHER_PYTHON.finding(
            f"{file.path} {made} Python {asked}, this is {case.facts.target.python}",
            at=at,
            remedy=f"lock for Python {case.facts.target.python}, or use a Python that is {asked}",
        )
    elif case.facts.environment is not None and not _admits(file, case.facts.target):
        yield OTHER_PYTHON.finding(
            f"{file.path} was made for {' or '.join(file.environments[:3])}, this is Python {case.facts.target.python} "
            f"on {case.facts.target.platform}",
            at=at,
            remedy="lock for this Python and platform as well, or use one that the lock was made for",
        )


def _for_other_pythons(lock: SourceFile, case: Case) -> str | None:
    """uv writes down the Pythons that all members are for, and refuses a lock of others. Where one of the files is not for the
    Python at hand, that is said of it instead.
    """
    roots = {parse.normalise(name) for name in lock.roots} if lock.format == "uv" and lock.requires_python else frozenset()
    manifests = [file for file in case.facts.files if file.format == "pyproject" and file.project_name]
    members = [file for file in manifests if parse.normalise(file.project_name or "") in roots]
    asked = sorted({file.requires_python for file in members if file.requires_python})
    if not asked or len(members) < len(roots) or _same_pythons(f"{lock.requires_python};{','.join(asked)}"):
        return None
    if case.facts.environment is not None and not all(map(case.facts.target.accepts_python, (lock.requires_python, *asked))):
        return None
    return f"it was made for Python {lock.requires_python}, and the project asks for {' and '.join(asked)} now"


@remembered
def _same_pythons(pair: str) -> bool:
    """Whether two specifiers admit the same, as far as the first, the named and a late release of each minor version tell."""
    before, _, now = pair.partition(";")
    named = [word for word in pair.replace(";", ",").replace("=", ",").split(",") if word.count(".") == 2]
    some = [f"{major}.{minor}.{micro}" for major in (3, 4) for minor in range(20) for micro in (0, 30)]
    pythons = [python for python in (*named, *some) if parse.version(python)]
    return before == now or all(parse.admits(before, python) == parse.admits(now, python) for python in pythons)


def _python_of(file: SourceFile) -> str | None:
    """The Pythons that a file is for, as a specifier. Pipfiles name one: `3.12` is any of 3.12, `3.12.1` is itself."""
    text = file.requires_python
    if text and file.format in ("pipfile", "pipfile-manifest") and text[:1].isdigit():
        return f"=={text}" if text.count(".") > 1 else f"=={text}.*"
    return text


def _admits(file: SourceFile, target: Target) -> bool:
    """Whether one of the environments that a lock was made for is the target."""
    return file.role != "lock" or not file.environments or any(target.applies(marker) for marker in file.environments)


_LOCK_COMMAND = {
    "uv": "uv lock",
    "poetry": "poetry lock",
    "pdm": "pdm lock",
    "pipfile": "pipenv lock",
    "requirements": "run the command in the file's head again",
}


def _problem(problem: Problem) -> Finding:
    remedy = "" if problem.unknown else f"mend {problem.location.path}"
    finding = FILE_PROBLEM.finding(problem.message, at=[problem.location], remedy=remedy, about=problem.message)
    return replace(finding, severity=Severity.LOW) if problem.unknown else finding


CHECK = Check(rules=(UNPINNED, UNPINNED_TOOL, NO_HASH, CONTRADICTED, STALE, OTHER_PYTHON, FILE_PROBLEM), run=run)
