"""uv as a resolver: `uv pip compile`, asked through files and read through its documented output.

What uv reads is its own configuration and environment (`UV_…`, uv.toml, `[tool.uv]` above the working folder), and never pip's;
indexes, find-links and constraints that pip would use must therefore stand in the question.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

from steadypin import process
from steadypin.errors import BuildFailed, CommandError, CommandNotFound, CommandTimeout, ResolverError
from steadypin.model.resolution import Question, Resolution
from steadypin.resolution.compiled import answered, read_compiled
from steadypin.resolution.conflicts import as_required, uv_conflicts
from steadypin.resolution.evidence import read_evidence
from steadypin.resolution.older import failed_release
from steadypin.resolution.scratch import QuestionFiles, question_files
from steadypin.values import dataclass, field

TIMEOUT = 600.0
"""Seconds for one resolution."""

OLDEST = (0, 8)
"""The oldest uv whose options and output this module knows."""

_PLATFORMS = {
    "linux_x86_64": "x86_64-unknown-linux-gnu",
    "linux_aarch64": "aarch64-unknown-linux-gnu",
    "musllinux_x86_64": "x86_64-unknown-linux-musl",
    "musllinux_aarch64": "aarch64-unknown-linux-musl",
    "macos_arm64": "aarch64-apple-darwin",
    "macos_x86_64": "x86_64-apple-darwin",
    "windows_x86_64": "x86_64-pc-windows-msvc",
}
OLDEST_PYTHON = (3, 6)
"""The oldest Python that uv can start; for older ones it resolves all the same."""

_DATELESS = re.compile(r"is missing an upload date, but user provided")
_WHEEL_TAG = re.compile(r"manylinux_2_(\d+)_(x86_64|aarch64)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uv:
    """`command` starts uv (("uv",) or (python, "-m", "uv")); `folder` is where it looks for the project's own configuration.

    `interpreters` are (minor version, path) pairs; one of the target's minor version, if there is one, builds source
    distributions. `variables` are added to its environment (indexes with their logins, which no command line should show).
    """

    command: tuple[str, ...]
    version: str
    folder: Path | None = None
    interpreters: tuple[tuple[str, str], ...] = ()
    timeout: float = TIMEOUT
    offline: bool = False
    cache_dir: Path | None = None
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        return f"uv {self.version}"

    def resolve(self, question: Question) -> Resolution:
        """Ask uv. Raises ResolverError where it fails for another reason than a conflict, or runs out of time."""
        with question_files(question) as files:
            try:
                finished = process.run(
                    [*self.command, *self._arguments(question, files)],
                    timeout=self.timeout,
                    cwd=self.folder,
                    environment={**_environment(), **dict(self.variables)},
                )
            except CommandTimeout as error:
                raise ResolverError(f"uv: no answer after {self.timeout:g} s", hint=error.hint) from None
            except CommandNotFound as error:
                raise ResolverError(error.message, hint="install uv, or use --resolver pip-tools") from None
            requires = read_evidence(finished.stderr, question.constraints)
            if finished.ok:
                packages = answered(question, read_compiled(_read(files.lock), tool="uv"), tool="uv")
                return Resolution(resolver=self.name, packages=packages, requires=requires)
            said = uv_message(finished.stderr)
            if _DATELESS.search(finished.stderr) and not question.no_newer_than:
                raise ResolverError(
                    "the project's own uv configuration leaves out newer releases (exclude-newer), and an index gives no dates",
                    hint="use --cooldown instead of exclude-newer, or an index that says when a file was uploaded",
                )
            conflicts = as_required(uv_conflicts(said), question.constraints)
            if not conflicts:
                message = f"uv failed (exit code {finished.exit_code}): {said[-2000:] or 'without a word'}"
                if failed_release(said):
                    raise BuildFailed(message, output=said, hint=_hint(said))
                raise ResolverError(message, hint=_hint(said))
            return Resolution(resolver=self.name, conflicts=conflicts, output=said, requires=requires)

    def _arguments(self, question: Question, files: QuestionFiles) -> list[str]:
        arguments = ["pip", "compile", str(files.requirements), "--output-file", str(files.lock)]
        arguments += ["--no-header", "--annotate", "--annotation-style", "split", "--no-universal", "--no-python-downloads"]
        arguments += ["--color", "never", "--no-progress", *index_options(question.options)]
        for option, value in (
            ("--constraints", files.constraints),
            ("--overrides", files.overrides),
            ("--python-version", question.python or None),
            ("--python-platform", platform_option(question.platform)),
            ("--exclude-newer", question.no_newer_than),
            ("--cache-dir", self.cache_dir),
            ("--python", self.interpreter(question.python)),
        ):
            arguments += [option, str(value)] if value is not None else []
        arguments += ["--generate-hashes"] if question.hashes else []
        return arguments + (["--offline"] if self.offline else [])

    def interpreter(self, python: str) -> str | None:
        """One of the target's minor version, else any: uv, given none, starts every interpreter that it finds to ask for its
        version, and does so at each question.
        """
        wanted = ".".join(python.split(".")[:2])
        known = [(minor, path) for minor, path in self.interpreters if starts(minor)]
        fitting = next((path for minor, path in known if minor == wanted), None)
        other = known[0][1] if known else None
        return fitting or (_on_path(wanted) if starts(wanted) else None) or other


def starts(python: str) -> bool:
    """Whether uv can start a Python of this version."""
    return tuple(int(part) for part in python.split(".")[:2] if part.isdecimal()) >= OLDEST_PYTHON


@lru_cache(maxsize=8)
def _on_path(minor: str) -> str | None:
    """`python3.12` of PATH, if it is one: a version manager's stand-in may refuse to be it."""
    found = shutil.which(f"python{minor}")
    if found is None:
        return None
    try:
        said = process.run([found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], timeout=30)
    except CommandError:
        return None
    return found if said.ok and said.stdout.strip() == minor else None


def _hint(said: str) -> str:
    """What to do where uv failed for another reason than a conflict."""
    words = " ".join(said.split())
    if "no space left on device" in words.lower():
        return "make room there"
    if built := failed_release(words):
        way = "move its pin to a release with wheels, or name older build tools (UV_BUILD_CONSTRAINT=FILE, say setuptools<58)"
        return f"{'=='.join(built)} has no wheel that fits and does not build here: {way}"
    return "try --resolver pip-tools"


def find_uv(*, folder: Path | None = None) -> Uv | None:
    """uv beside our own interpreter, on PATH, or as a module; None where there is none.

    Raises ResolverError if it is too old.
    """
    for command in _candidates():
        try:
            finished = process.run([*command, "--version"], timeout=30, environment=_environment())
        except CommandError:
            continue
        match = re.match(r"uv (\d+)\.(\d+)(\S*)", finished.stdout)
        if not finished.ok or match is None:
            continue
        version = f"{match[1]}.{match[2]}{match[3]}"
        if (int(match[1]), int(match[2])) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise ResolverError(f"{' '.join(command)} is uv {version}; {needed} or newer is needed", hint="pip install -U uv")
        ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return Uv(command=command, version=version, folder=folder, interpreters=((ours, sys.executable),))
    return None


def _candidates() -> list[tuple[str, ...]]:
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    found = [(str(beside),)] if beside.is_file() else []
    on_path = shutil.which("uv")
    found += [(on_path,)] if on_path else []
    return found + ([(sys.executable, "-m", "uv")] if importlib.util.find_spec("uv") else [])


def platform_option(platform_name: str) -> str | None:
    """uv's word for a target platform; None for the platform that we run on, whose interpreter uv can ask itself.

    Raises ResolverError for a platform that uv has no word for.
    """
    if not platform_name or platform_name == host_platform():
        return None
    if platform_name in _PLATFORMS:
        return _PLATFORMS[platform_name]
    if match := _WHEEL_TAG.fullmatch(platform_name):
        return f"{match[2]}-manylinux_2_{match[1]}"
    known = ", ".join(_PLATFORMS)
    raise ResolverError(f"uv cannot resolve for the platform {platform_name!r}", hint=f"it can for {known}")


def host_platform() -> str:
    """The short name of the platform that we run on."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        return f"macos_{'arm64' if machine == 'aarch64' else machine}"
    if os.name == "nt":
        return f"windows_{machine}"
    libc = "musllinux" if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")) else "linux"
    return f"{libc}_{machine}"


def index_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """The project's options, read as pip reads them: several indexes are one pool, whatever stands first."""
    options = tuple("--allow-insecure-host" if option == "--trusted-host" else option for option in options)
    several = any(option in ("--extra-index-url", "--find-links") for option in options)
    return (*options, "--index-strategy", "unsafe-best-match") if several and "--index-strategy" not in options else options


def _environment() -> dict[str, str]:
    """Logins for the user's own indexes are kept: without them a private index has no packages."""
    keep = [name for name in os.environ if name.startswith(("UV_INDEX", "UV_EXTRA_INDEX", "UV_DEFAULT_INDEX", "NETRC"))]
    return process.scrubbed_environment(keep=keep, extra={"RUST_LOG": "uv_resolver::resolver=debug", "NO_COLOR": "1"})


def uv_message(stderr: str) -> str:
    """What uv says to people, without its log."""
    lines = [line for line in stderr.splitlines() if not re.match(r"\s*(DEBUG|TRACE|INFO|WARN)\b", line)]
    return "\n".join(lines).strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResolverError(f"uv left no readable answer: {error}") from None
