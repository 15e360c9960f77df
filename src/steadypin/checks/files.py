"""Installed files against RECORD: edited on the server, lost, or put there by nobody (only with `--verify-files`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from steadypin.checks.rule import Case, Check
from steadypin.checks.wheel_tags import fits
from steadypin.model.files import FileDrift
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity

CHANGED = Rule(
    id="file-changed",
    title="An installed file is not as it was installed",
    severity=Severity.HIGH,
    why="Somebody edited site-packages, or a disk did. The next install takes the change away, and no other machine has it.",
    bad="`requests/sessions.py` was patched on the server; its hash is not the one in RECORD",
    good="reinstall the package, and carry the change into a release, a fork or your own code",
)
MISSING = Rule(
    id="file-missing",
    title="An installed file is gone",
    severity=Severity.HIGH,
    why="The metadata says that the package is there, and an import will say that it is not.",
    bad="`yaml/loader.py` is in RECORD and not on the disk",
    good="reinstall the package",
)
UNOWNED = Rule(
    id="file-unowned",
    title="A file in site-packages that no distribution owns",
    severity=Severity.MEDIUM,
    why="It can be imported and may hide another module; no installer updates, removes or even lists it.",
    bad="`hotfix.py` was copied to site-packages by hand",
    good="put it into a package that is installed, or delete it",
)
UNVERIFIED = Rule(
    id="file-unverified",
    title="Files that could not be compared",
    severity=Severity.LOW,
    why="Nothing can be said of them: there is no RECORD, it leads out of the environment, or the file cannot be read.",
    bad="a package that `setup.py install` put there",
    good="reinstall the package with pip or uv",
)
OTHER_WHEEL = Rule(
    id="wheel-other-platform",
    title="An installed wheel is for another platform or Python",
    severity=Severity.HIGH,
    why="Its compiled modules cannot be imported here: it was copied from another machine or forced in, or the interpreter was "
    "changed underneath.",
    bad="`Tag: cp312-cp312-win_amd64` in an environment of Python 3.11 on Linux",
    good="reinstall the package with the environment's own interpreter",
)

MOST = 20
"""How many files of one package are findings of their own."""
_RULES = {
    "changed": CHANGED,
    "missing": MISSING,
    "unowned": UNOWNED,
    "unreadable": UNVERIFIED,
    "outside": UNVERIFIED,
    "no-record": UNVERIFIED,
}
_WORDS = {
    "changed": "was changed after it was installed",
    "missing": "is gone",
    "unreadable": "cannot be read",
    "outside": "lies outside of the environment and was not opened",
    "no-record": "cannot be read, so no file of the package was compared",
}


def run(case: Case) -> Iterator[Finding]:
    """One finding a file, one a package where there are too many, and one for each stray thing in a site folder."""
    checked, environment = case.facts.file_check, case.facts.environment
    if checked is None or environment is None:
        return
    owned = sorted((drift for drift in checked.drifts if drift.name is not None), key=lambda d: (d.name or "", d.kind, d.path))
    for (name, kind), group in groupby(owned, key=lambda drift: (drift.name or "", drift.kind)):
        yield from _of_package(name, kind, list(group), case)
    yield from _wheels(checked.wheels, case)
    yield from _stray([drift.path for drift in checked.drifts if drift.name is None], environment.paths)


def _of_package(name: str, kind: str, drifts: list[FileDrift], case: Case) -> Iterator[Finding]:
    rule = _RULES[kind]
    installed = next((item for item in case.facts.installed if item.name == name), None)
    version = installed.version if installed else None
    remedy = f"reinstall it: pip install --force-reinstall --no-deps {name}{f'=={version}' if version else ''}"
    if len(drifts) > MOST:
        yield rule.finding(
            f"{len(drifts)} files of {name}: each {_WORDS[kind]}",
            package=name,
            version=version,
            at=[Location(path=drift.path) for drift in drifts[:3]],
            remedy=remedy,
            about=kind,
        )
        return
    paths = case.facts.environment.paths if case.facts.environment else ()
    for drift in drifts:
        short = _short(drift.path, paths)
        detail = f" ({drift.detail})" if drift.detail else ""
        yield rule.finding(
            f"{name}: {short} {_WORDS[kind]}{detail}",
            package=name,
            version=version,
            at=[Location(path=drift.path)],
            remedy=remedy,
            about=f"{kind} {short}",
        )


def _wheels(wheels: Iterable[tuple[str, str, str]], case: Case) -> Iterator[Finding]:
    target = case.facts.target
    for name, path, tags in wheels:
        if not fits(tags.split(), target):
            yield OTHER_WHEEL.finding(
                f"{name} is a wheel for {tags.split()[0]}, this is Python {target.python} on {target.platform}",
                package=name,
                at=[Location(path=path)],
                remedy=f"reinstall {name} with this environment's interpreter",
                about=tags,
            )


def _stray(paths: Iterable[str], folders: Iterable[str]) -> Iterator[Finding]:
    """A folder full of files that nobody owns is one thing."""
    folders = tuple(folders)
    tops: dict[str, list[str]] = {}
    for path in paths:
        tops.setdefault(_top(_short(path, folders)), []).append(path)
    for top, found in sorted(tops.items()):
        files = f" ({len(found)} files)" if len(found) > 1 else ""
        yield UNOWNED.finding(
            f"{top}{files} stands in site-packages, but no distribution owns it",
            at=[Location(path=path) for path in found[:3]],
            remedy="delete it, or put it into a package that is installed",
            about=top,
        )


def _short(path: str, folders: Iterable[str]) -> str:
    """The path from its site folder on: the same on every machine."""
    for folder in folders:
        if path.startswith(folder) and path[len(folder) : len(folder) + 1] in ("/", "\\"):
            return path[len(folder) + 1 :].replace("\\", "/")
    return path.replace("\\", "/")


def _top(path: str) -> str:
    return path if path.startswith("/") else path.split("/")[0]


CHECK = Check(rules=(CHANGED, MISSING, UNOWNED, UNVERIFIED, OTHER_WHEEL), run=run)
