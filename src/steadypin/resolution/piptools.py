"""pip-tools as a resolver: `pip-compile` as a command.

pip-compile answers for the interpreter that it runs under. For another one it is put into a scratch environment of that
interpreter; where there is none, or where the platform is another one, the question is refused. It is never answered for the
wrong target. What pip's configuration says is part of the question, so the command itself is kept from reading it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from functools import lru_cache
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError, CommandNotFound, CommandTimeout, ResolverError
from steadypin.model.resolution import Question, Resolution
from steadypin.resolution.compiled import answered, read_compiled
from steadypin.resolution.conflicts import pip_conflicts
from steadypin.resolution.scratch import QuestionFiles, question_files
from steadypin.resolution.uv import TIMEOUT, host_platform
from steadypin.values import dataclass, field, replace

OLDEST_PYTHON = (3, 8)
"""The oldest Python with a pip-tools that knows `--constraint` and `--no-config`."""

_ASK = (
    "import sys, importlib.util as u\n"
    "version = ''\n"
    "if u.find_spec('piptools'):\n"
    "    try:\n"
    "        from importlib.metadata import version as of\n"
    "        version = of('pip-tools')\n"
    "    except Exception:\n"
    "        version = '?'\n"
    "print('%d.%d.%d %s' % (sys.version_info[:3] + (version,)))\n"
)
_UNREACHABLE = re.compile(
    r"Could not fetch URL|Retrying \(Retry\(total=0|Failed to establish a new connection|Max retries exceeded"
)
"""What pip says of an index that does not answer, before it goes on as if that index had no packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipTools:
    """`interpreters` are tried for the one that the question is about, in order; `cache_dir` keeps scratch environments."""

    interpreters: tuple[str, ...]
    version: str
    cache_dir: Path | None = None
    timeout: float = TIMEOUT
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    offline: bool = False

    @property
    def name(self) -> str:
        return f"pip-tools {self.version}"

    def resolve(self, question: Question) -> Resolution:
        """Ask pip-compile. Raises ResolverError where it fails for another reason than a conflict, or must not answer.

        It takes the pins of an existing lock for demands more often than for wishes; those that take part in a refusal are
        withdrawn.
        """
        self._refuse(question)
        while True:
            answer = self._ask(question)
            wished = {name for name, _ in question.pins} - set(question.upgrade or ())
            withdrawn = wished & {name for row in answer.conflicts for name in (row.name, row.by.partition("==")[0])}
            if question.upgrade is None or not withdrawn:
                return answer
            question = replace(question, upgrade=(*question.upgrade, *sorted(withdrawn)))

    def _ask(self, question: Question) -> Resolution:
        interpreter = self._interpreter(question.python)
        with question_files(question) as files:
            command = [interpreter, "-m", "piptools", "compile", *_arguments(question, files)]
            try:
                finished = process.run(command, timeout=self.timeout, cwd=files.folder, environment=self._environment())
            except CommandTimeout as error:
                raise ResolverError(f"pip-tools: no answer after {self.timeout:g} s", hint=error.hint) from None
            except CommandNotFound as error:
                raise ResolverError(error.message, hint=error.hint) from None
            if finished.ok:
                text = files.lock.read_text(encoding="utf-8", errors="replace")
                packages = tuple(p for p in read_compiled(text, tool="pip-tools") if p.name not in question.absent)
                return Resolution(resolver=self.name, packages=answered(question, packages, tool="pip-tools"))
            conflicts = pip_conflicts(finished.stderr)
            if not conflicts or _UNREACHABLE.search(finished.stderr):
                said = finished.stderr.strip()[-2000:]
                raise ResolverError(
                    f"pip-tools failed (exit code {finished.exit_code}): {said or 'without a word'}",
                    hint="try --resolver uv",
                )
            return Resolution(resolver=self.name, conflicts=conflicts, output=conflicts[0].text)

    def _refuse(self, question: Question) -> None:
        here = host_platform()
        if question.python and tuple(map(int, minor_of(question.python).split("."))) < OLDEST_PYTHON:
            raise ResolverError(
                f"the pip-tools that run under Python {minor_of(question.python)} cannot be asked what is asked here",
                hint="pip install uv, which resolves for it",
            )
        if question.platform and question.platform != here:
            raise ResolverError(
                f"pip-tools resolves for the platform it runs on ({here}), not for {question.platform}",
                hint="use --resolver uv",
            )
        if question.overrides:
            raise ResolverError("pip-tools knows no overrides", hint="use --resolver uv")
        if question.no_newer_than:
            raise ResolverError("pip-tools cannot leave out newer releases", hint="use --resolver uv")

    def _interpreter(self, python: str) -> str:
        """One that is the target's, with pip-tools in it."""
        wanted = minor_of(python)
        asked = [(path, *ask_interpreter(path)) for path in self.interpreters]
        for path, found, version in asked:
            if version and (not wanted or minor_of(found) == wanted):
                return path
        bases = [path for path, found, _ in asked if minor_of(found) == wanted]
        on_path = shutil.which(f"python{wanted}")
        for base in [*bases, *((on_path,) if on_path else ())]:
            if minor_of(ask_interpreter(base)[0]) == wanted:
                return self._scratch(base, wanted)
        ours = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
        raise ResolverError(
            f"pip-tools resolves for the interpreter it runs under ({ours}), and there is no Python {wanted} here",
            hint="use --resolver uv, or name the environment with --python",
        )

    def _scratch(self, base: str, wanted: str) -> str:
        """The interpreter of an environment of `base` with pip-tools, made once."""
        if self.cache_dir is None:
            raise ResolverError(f"no folder for a scratch environment of Python {wanted}", hint="give --cache-dir")
        key = hashlib.sha256(base.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        folder = self.cache_dir / "pip-tools" / f"{wanted}-{key}"
        inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if inside.exists() and ask_interpreter(str(inside))[1]:
            return str(inside)
        ask_interpreter.cache_clear()
        shutil.rmtree(folder, ignore_errors=True)
        make = [[base, "-m", "venv", str(folder)], [str(inside), "-m", "pip", "install", "--quiet", "pip-tools", "pip<26"]]
        for command in make:
            finished = process.run(command, timeout=self.timeout, environment=self._environment())
            if not finished.ok:
                said = (finished.stderr or finished.stdout).strip()[-500:]
                raise ResolverError(
                    f"no scratch environment of Python {wanted} with pip-tools: {said}", hint="use --resolver uv"
                )
        return str(inside)

    def _environment(self) -> dict[str, str]:
        kept = process.scrubbed_environment(keep=[name for name in os.environ if name.startswith("NETRC")])
        plain = {name: value for name, value in kept.items() if not name.startswith("PIP_")}
        own = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1", "PYTHONUTF8": "1"}
        return {**plain, **own, **dict(self.variables), **({"PIP_NO_INDEX": "1"} if self.offline else {})}


def find_piptools(
    *,
    interpreters: tuple[str, ...],
    cache_dir: Path | None = None,
    timeout: float = TIMEOUT,
    variables: tuple[tuple[str, str], ...] = (),
    offline: bool = False,
) -> PipTools:
    """pip-tools in one of these interpreters. Raises ResolverError where none has it."""
    for path in interpreters:
        version = ask_interpreter(path)[1]
        if version:
            return PipTools(
                interpreters=interpreters,
                version=version,
                cache_dir=cache_dir,
                timeout=timeout,
                variables=variables,
                offline=offline,
            )
    raise ResolverError("pip-tools is not there", hint=f"{interpreters[0]} -m pip install pip-tools")


@lru_cache(maxsize=32)
def ask_interpreter(path: str) -> tuple[str, str]:
    """(version, version of pip-tools or "") of an interpreter; two empty texts where it does not answer."""
    try:
        finished = process.run([path, "-c", _ASK], timeout=60, environment=process.scrubbed_environment())
    except CommandError:
        return "", ""
    match = re.match(r"(\d+\.\d+\.\d+) (\S*)\s*$", finished.stdout)
    return (match[1], match[2]) if finished.ok and match else ("", "")


def minor_of(version: str) -> str:
    """`3.12` of `3.12.1`."""
    return ".".join(version.split(".")[:2])


def _arguments(question: Question, files: QuestionFiles) -> list[str]:
    arguments = [str(files.requirements), "--output-file", str(files.lock), "--no-header", "--annotation-style", "split"]
    arguments += ["--strip-extras", "--allow-unsafe", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"]
    arguments += ["--resolver", "backtracking", "--no-config", *question.options]
    arguments += ["--constraint", str(files.constraints)] if files.constraints else []
    return arguments + (["--generate-hashes"] if question.hashes else [])
