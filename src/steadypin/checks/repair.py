"""The one command that repairs drift, with the tool that made the lock."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.locked import SourceFile
from steadypin.values import dataclass, replace

_LOCK_RULES = frozenset(
    {"lock-stale", "lock-violates-declared", "lock-other-python", "unpinned", "missing-hashes", "locks-disagree"}
)
_INSTALL_RULES = frozenset(
    {
        "installed-not-locked",
        "locked-not-installed",
        "version-differs",
        "source-differs",
        "installed-not-chosen",
        "broken-requirement",
    }
)
_PLAIN = re.compile(r"[\w ./=:,+@~-]{1,400}")
"""Anybody may have written the head of a lock: only words that a shell takes as they are get shown as a command."""
_FILE_RULES = frozenset({"file-changed", "file-missing", "broken-metadata", "duplicate-distribution", "wheel-other-platform"})
_PIPENV_DEV = frozenset({"dev", "develop", "dev-packages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an install was meant to bring."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    no_dev: bool = False


def command(facts: Facts, findings: Iterable[Finding], chosen: Chosen) -> str:
    """A shell command; "" where nothing can be repaired by one. It is shown and never run."""
    findings = list(findings)
    rules = {finding.rule for finding in findings}
    lock = _main_lock(facts)
    if lock is None:
        return ""
    steps = _locked_again([finding for finding in findings if finding.rule in _LOCK_RULES], lock, facts)
    if rules & (_INSTALL_RULES | {"lock-stale"}) and facts.environment is not None:
        steps.append(_install(lock, facts, _present(facts, chosen), strip="installed-not-chosen" in rules))
    if len(steps) == 2 and steps[0] == "uv lock":
        steps = steps[1:]  # uv sync locks again by itself
    pinned = {package.name for package in facts.locked}
    broken = sorted({f.package for f in findings if f.rule in _FILE_RULES and f.package in pinned and f.package})
    if broken and facts.environment is not None:
        steps.append(_reinstall(lock, facts, broken))
    return " && ".join(steps)


def _main_lock(facts: Facts) -> SourceFile | None:
    """The lock of a tool before a requirements file; of several the one with the most pins."""
    locks = [file for file in facts.files if file.role != "manifest" and file.packages]
    return max(locks, key=lambda file: (file.format != "requirements", file.role == "lock", len(file.packages)), default=None)


def _locked_again(findings: list[Finding], main: SourceFile, facts: Facts) -> list[str]:
    """For each lock that the findings speak of; the main one first, for others may be constrained by it."""
    paths = {finding: {at.path for at in finding.locations} for finding in findings}
    locks = [file for file in facts.files if file.role != "manifest"]
    named = [file for file in locks if any(file.path in found for found in paths.values())]
    steps = []
    for lock in sorted(named or ([main] if findings else []), key=lambda file: file is not main):
        others = {file.path for file in named} - {lock.path}
        rules = {finding.rule for finding in findings if lock.path in paths[finding] or not paths[finding] & others}
        restored = _restore_hashes(lock) if "missing-hashes" in rules else []
        steps += restored if rules == {"missing-hashes"} and restored else [*restored, _lock_again(lock)]
    return steps


def _lock_again(lock: SourceFile) -> str:
    """The tool's own command, with as few moves as it can; a compiled file says in its head which it was."""
    made_by = lock.generated_by or ""
    if lock.format == "poetry":
        return "poetry lock --no-update" if _is_old_poetry(lock) else "poetry lock"
    if lock.format in ("uv", "pdm", "pipfile"):
        return {"uv": "uv lock", "pdm": "pdm lock --update-reuse", "pipfile": "pipenv lock"}[lock.format]
    if " " in made_by and made_by.startswith(("pip-compile ", "uv pip compile ")) and _PLAIN.fullmatch(made_by):
        return made_by
    source = shlex.quote(lock.path.removesuffix(".txt") + ".in")
    if lock.format == "requirements" and made_by.startswith("uv"):
        return f"uv pip compile --generate-hashes {source} -o {shlex.quote(lock.path)}"
    if lock.format == "requirements" and lock.role == "lock":
        return f"pip-compile --generate-hashes {source}"
    return f"steadypin pin -o {shlex.quote(lock.path)}"


def _restore_hashes(lock: SourceFile) -> list[str]:
    """The tools take the entries of their own locks as they are: a lost hash comes back only where they are told to look."""
    if lock.format == "poetry":
        return ["poetry lock" if _is_old_poetry(lock) else "poetry lock --regenerate"]
    return {"uv": ["uv lock --refresh"], "pdm": ["pdm lock --refresh"]}.get(lock.format, [])


def _is_old_poetry(lock: SourceFile) -> bool:
    return (lock.generated_by or "").startswith("poetry 1.")


def _install(lock: SourceFile, facts: Facts, chosen: Chosen, *, strip: bool) -> str:
    """The tool's own command, which removes as well; `strip`: what was not chosen is to go."""
    groups = " ".join(f"--group {shlex.quote(name)}" for name in chosen.groups)
    extras = " ".join(f"--extra {shlex.quote(name)}" for name in chosen.extras)
    if lock.format == "uv":
        return _words(_for_uv(facts), "uv sync", "--no-dev" if chosen.no_dev else "", groups, extras)
    if lock.format == "poetry":
        only = ",".join(("main", *chosen.groups)) if chosen.no_dev else ""
        chosen_groups = f"--only {shlex.quote(only)}" if only else groups.replace("--group", "--with")
        return _words(
            "poetry install --sync" if _is_old_poetry(lock) else "poetry sync",
            chosen_groups,
            extras.replace("--extra", "--extras"),
        )
    if lock.format == "pdm":
        named = f"{groups} {extras}".replace("--group", "-G").replace("--extra", "-G").strip()
        return _words("pdm sync", "--clean-unselected" if strip else "--clean", "--prod" if chosen.no_dev else "", named)
    if lock.format == "pipfile":
        return _pipenv(chosen)
    return _install_files(lock, facts, chosen)


def _words(*words: str) -> str:
    return " ".join(word for word in words if word)


def _for_uv(facts: Facts) -> str:
    """uv sync acts on the `.venv` of the project, whatever environment was looked at."""
    environment = facts.environment
    if environment is None or environment.path.endswith(f"/{facts.root}/.venv"):
        return ""
    return f"UV_PROJECT_ENVIRONMENT={shlex.quote(environment.path)}"


def _pipenv(chosen: Chosen) -> str:
    """Sections are named apart as soon as there is one of the project's own."""
    own = [name for name in chosen.groups if name not in _PIPENV_DEV]
    dev = len(own) < len(chosen.groups)
    sections = ("packages", *(["dev-packages"] if dev else []), *own)
    which = f"--categories {shlex.quote(','.join(sections))}" if own else "--dev" if dev else ""
    return f"{_words('pipenv sync', which)} && pipenv clean"


def _present(facts: Facts, chosen: Chosen) -> Chosen:
    """Beside what was chosen, the groups and extras that are installed now: a repair does not take them away."""
    if chosen.no_dev:
        return chosen
    installed = {distribution.name for distribution in facts.installed}
    asked: dict[tuple[str | None, str | None], list[str]] = {}
    for item in facts.declared:
        if item.kind == "requirement" and (item.group or item.extra) and ";" not in item.requirement:
            asked.setdefault((item.group, item.extra), []).append(item.name)
    there = [place for place, names in asked.items() if installed.issuperset(names)]
    groups = [group for group, _ in there if group and group != "dev"]  # that one comes by itself
    extras = [extra for _, extra in there if extra]
    return replace(
        chosen,
        groups=tuple(dict.fromkeys((*chosen.groups, *groups))),
        extras=tuple(dict.fromkeys((*chosen.extras, *extras))),
    )


def _install_files(lock: SourceFile, facts: Facts, chosen: Chosen) -> str:
    files = [shlex.quote(file.path) for file in _lock_files(lock, facts, chosen)]
    made_by, python = lock.generated_by or "", _python(facts)
    if lock.format != "requirements" or made_by.startswith("uv"):
        return f"uv pip sync --python {python} {' '.join(files)}"
    if made_by.startswith("pip-compile"):
        return f"pip-sync --python-executable {python} {' '.join(files)}"
    return f"{python} -m pip install {' '.join(f'-r {file}' for file in files)}"


def _lock_files(lock: SourceFile, facts: Facts, chosen: Chosen) -> list[SourceFile]:
    """The lock, and beside a main requirements file those of the chosen groups, and those that are installed as well."""
    same = [file for file in facts.files if file.format == lock.format and _is_like(file, lock)]
    installed = {distribution.name for distribution in facts.installed}
    main = {package.name for package in lock.packages}

    def belongs(file: SourceFile) -> bool:
        own = {package.name for package in file.packages if package.name} - main
        return any(group in file.path for group in chosen.groups) or (not chosen.no_dev and bool(own) and own <= installed)

    return [lock, *(file for file in same if file is not lock and (belongs(file) or not file.packages))]


def _is_like(file: SourceFile, lock: SourceFile) -> bool:
    """Whether a requirements file is installed beside another: one of its kind, or emptied (to be compiled again)."""
    return file.role == lock.role or (file.role == "both" and not file.packages and not file.declared)


def _reinstall(lock: SourceFile, facts: Facts, names: Sequence[str]) -> str:
    if lock.format == "uv":
        return " ".join(["uv sync --inexact", *(f"--reinstall-package {name}" for name in names)])
    versions = {d.name: d.version for d in facts.installed}
    pins = " ".join(shlex.quote(f"{name}=={versions[name]}" if versions.get(name) else name) for name in names)
    python = _python(facts)
    pip = (
        f"{python} -m pip" if "pip" in versions else f"pip --python {python}"
    )  # uv, poetry and pdm make environments without it
    return f"{pip} install --force-reinstall --no-deps {pins}"


def _python(facts: Facts) -> str:
    environment = facts.environment
    if environment is None or environment.kind in ("image", "snapshot", "sbom"):
        return "python"
    inside = "Scripts\\python.exe" if facts.target.platform.startswith("windows") else "bin/python"
    separator = "\\" if "\\" in environment.path else "/"
    return shlex.quote(f"{environment.path}{separator}{inside}")
