"""What a plan claims, put to uv anew: each stage installs, the end is everything at once, and what is held cannot be had."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident

from steadypin.model import parse
from steadypin.model.plan import Hold, Plan, Stage
from steadypin.planning.bounds import higher, same

UV = str(Path(sys.executable).with_name("uv"))
FORCIBLE = frozenset({"requirement", "python"})
"""Kinds of reasons that a resolver can be held against."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Asks uv with the plan's own question, and with nothing else of what steadypin asked or kept. `root` is the project."""

    plan: Plan
    root: Path
    scratch: Path

    @property
    def last(self) -> dict[str, str]:
        return versions(self.plan.stages[-1]) if self.plan.stages else dict(self.plan.base)

    @property
    def python(self) -> str:
        return self.plan.question.python if self.plan.question else ""

    def uninstallable(self) -> Iterator[str]:
        """Stages that a dry run in a clean environment of the target's Python refuses, or that need more than they say."""
        clean = self.scratch / "clean"
        minor = ".".join(self.python.split(".")[:2])
        made = uv("venv", "-q", "--clear", "--python", minor, str(clean), cwd=self.root)
        assert made.returncode == 0, made.stderr
        with ThreadPoolExecutor(4) as pool:  # a dry run mostly waits for the index
            for stage, fault in zip(
                self.plan.stages, pool.map(lambda s: self._dry_run(s, clean), self.plan.stages), strict=True
            ):
                yield from [f"stage {stage.number}: {fault}"] if fault else []

    def _dry_run(self, stage: Stage, clean: Path) -> str:
        lock = self._file(f"stage{stage.number}.txt", pins(versions(stage)))
        asked = self._file("asked.in", self._question.requirements)
        done = self._uv("install", "--dry-run", "-r", lock, "-r", asked, "--python", str(clean))
        if done.returncode:
            return done.stderr[-600:]
        brought = dict(line[3:].split("==") for line in done.stderr.splitlines() if line.startswith(" + "))
        return "" if brought == versions(stage) else f"brings {difference(brought, versions(stage))}"

    def unlike_everything_at_once(self) -> dict[str, tuple[str | None, str | None]]:
        """(at once, last stage) by name, where one compilation of the declarations gives another version."""
        done = self._compile("all", self._question.requirements)
        assert done.returncode == 0, done.stderr
        return difference(read(self.scratch / "all.txt"), self.last)

    def forced(self, *, outright: bool = False) -> dict[str, str]:
        """What comes of demanding the newest release of each hold that a resolver can be held against: "refused at the end", where
        everything else may go no lower than the plan ends; "possible"; and where asked `outright`, "refused" whatever gives way.
        """
        holds = [hold for hold in self.plan.holds if {reason.kind for reason in hold.because} & FORCIBLE]
        with ThreadPoolExecutor(3) as pool:
            outcomes = pool.map(lambda hold: self._forced(hold, outright=outright), holds)
            return {hold.name: outcome for hold, outcome in zip(holds, outcomes, strict=True)}

    def _forced(self, hold: Hold, *, outright: bool) -> str:
        wanted = [*self._question.requirements, f"{hold.name}=={hold.latest}"]
        floors = (f"{name}>={public(version)}" for name, version in sorted(self.last.items()) if name != hold.name)
        if self._compile(hold.name, wanted, floors).returncode == 0:
            return "possible"
        return "refused" if outright and self._compile(hold.name, wanted).returncode else "refused at the end"

    def lost(self, newest: Mapping[str, str]) -> Iterator[str]:
        """Names that end below the newest release and are held nowhere."""
        held = {hold.name for hold in self.plan.holds if hold.because}
        for name, version in sorted(self.last.items()):
            if name in newest and higher(newest[name], version) and name not in held:
                yield f"{name} ends at {version}, the newest is {newest[name]}, and nothing says why"

    def undone(self) -> Iterator[str]:
        """Moves of a stage that an earlier one had made the other way, and changes that are not the difference of two locks."""
        before = dict(self.plan.base)
        for stage in self.plan.stages:
            after = versions(stage)
            if stage.number:
                yield from (
                    f"{n} goes back in stage {stage.number}"
                    for n in before.keys() & after.keys()
                    if higher(before[n], after[n])
                )
                named = {change.name for change in stage.changes}
                found = {n for n in {*before, *after} if not same(before.get(n), after.get(n))}
                yield from (f"stage {stage.number} does not list {n}" for n in sorted(named ^ found))
            before = after

    @property
    def _question(self):  # type: ignore[no-untyped-def]
        assert self.plan.question is not None
        return self.plan.question

    def _compile(self, name: str, asked: Iterable[str], more: Iterable[str] = ()) -> subprocess.CompletedProcess[str]:
        source, limits = self._file(f"{name}.in", asked), self._file(f"{name}.limits", more)
        (self.scratch / f"{name}.txt").unlink(missing_ok=True)
        return self._uv(
            "compile", source, "-c", limits, "--python-version", self.python, "-o", str(self.scratch / f"{name}.txt")
        )

    def _uv(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        limits = self._file("limits.txt", self._question.constraints)
        found = [*(["-c", limits] if self._question.constraints else []), *self._question.options]
        overrides = [*self._question.overrides, *(f"{name} ; python_version < '0'" for name in self._question.absent)]
        found += ["--override", self._file("overrides.txt", overrides)] if overrides else []
        several = [] if not {"--extra-index-url", "--find-links"} & set(found) else ["--index-strategy", "unsafe-best-match"]
        return uv("pip", command, *words, *found, *several, cwd=self.root)

    def _file(self, name: str, lines: Iterable[str]) -> str:
        file, text = self.scratch / name, "".join(f"{line}\n" for line in lines)
        if not file.exists() or file.read_text("utf-8") != text:
            scratch = file.with_name(f"{name}.{get_ident()}")
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(file)
        return str(file)


def uv(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([UV, *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=600)


def versions(stage: Stage) -> dict[str, str]:
    return {package.name: package.version for package in stage.lock}


def pins(wanted: Mapping[str, str]) -> list[str]:
    return [f"{name}=={version}" for name, version in sorted(wanted.items())]


def read(compiled: Path) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", compiled.read_text("utf-8"), re.MULTILINE)
    return dict(found)


def difference(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    names = sorted({*one, *other})
    return {name: (one.get(name), other.get(name)) for name in names if not same(one.get(name), other.get(name))}


def public(version: str) -> str:
    parsed = parse.version(version)
    return version if parsed is None else parsed.public
