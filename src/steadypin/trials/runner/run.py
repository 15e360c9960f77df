"""The test command, run once in a working copy: outcome, failing tests, first error, log."""

from __future__ import annotations

import os
import re
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from steadypin.errors import CommandNotFound
from steadypin.model.trial import TestRun
from steadypin.process import scrubbed_environment
from steadypin.text import redact
from steadypin.trials.runner.command import Ended, execute
from steadypin.trials.runner.reports import Suite, boundary, read_junit, read_plain, read_unittest
from steadypin.trials.sandbox.room import is_full, no_room
from steadypin.values import dataclass

_SHELL = re.compile(r"[|&;<>$`*?\n]|^\w+=")
_NO_MODULE = re.compile(r"^\S*python\S*: No module named ([\w.]+)", re.MULTILINE)
_DROPPED = ("XDG_", "STEADYPIN_", "PYTEST_XDIST", "PYTEST_CURRENT_TEST", "COV_CORE")
_OF_GIT = frozenset(
    f"GIT_{part}"
    for part in (
        "DIR",
        "WORK_TREE",
        "INDEX_FILE",
        "COMMON_DIR",
        "OBJECT_DIRECTORY",
        "PREFIX",
        "CONFIG",
        "CONFIG_GLOBAL",
        "NAMESPACE",
    )
)
"""Variables that name a repository or its owner's settings: a hook of git that starts us has them."""
_PYTEST_ENDS = {2: "collection-error", 3: "failed", 4: "cannot-start", 5: "no-tests"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where tests run: the working copy `folder`, the environment's `scripts`, and a `scratch` folder for HOME and TMPDIR.

    `root` is the user's own tree, which paths in PYTHONPATH and in the command may name. `keep` names variables that are
    passed although they look like secrets, `extra` are variables given on top of this process's own. `confined` are the words
    that shut a command in. `ports` are two numbers, first and last of a range that no other trial on this machine is given.
    """

    folder: Path
    scripts: Path
    scratch: Path
    root: Path
    keep: tuple[str, ...] = ()
    confined: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    ports: tuple[int, int] = (20000, 20099)


def run_tests(
    text: str,
    place: Place,
    *,
    timeout: float,
    only: Sequence[str] = (),
    log: Path,
    lock_digest: str = "",
    stop: Callable[[], bool] | None = None,
) -> TestRun:
    """Run the command line `text`; `only` these tests where the runner can be told so. Never raises for what the tests do;
    Stopped once `stop` says that nobody wants the run any more, OutputError where the disk is full and a red run says nothing.
    """
    command = words(text, place, only)
    report = place.scratch / "junit.xml"
    report.unlink(missing_ok=True)
    try:
        _check_program(command, place)
        confined, given = [*place.confined, *command], variables(place, report)
        ended = execute(confined, cwd=place.folder, scratch=place.scratch, environment=given, timeout=timeout, stop=stop)
    except CommandNotFound as error:
        return TestRun(
            command=tuple(command),
            outcome="cannot-start",
            exit_code=None,
            seconds=0.0,
            error=error.message,
            lock_digest=lock_digest,
        )
    output = redact(ended.output)
    if ended.exit_code != 0 and is_full(place.scratch, output):
        raise no_room(place.scratch, "no space left while the tests ran")
    _write_log(log, output)
    suite = read_junit(report, place.folder) or read_unittest(output) or read_plain(output)
    return TestRun(
        command=tuple(command),
        outcome=outcome_of(ended, suite, is_pytest=report.exists() or _names_pytest(text)),
        exit_code=ended.exit_code,
        seconds=round(ended.seconds, 3),
        lock_digest=lock_digest,
        tests=suite.tests,
        failed=tuple(redact(test) for test in suite.failed),
        error=_without_scratch(redact(_error(ended, suite, timeout)), place),
        log=str(log),
        boundary=redact(boundary(suite.traceback, place.folder, place.scripts.parent)),
    )


def _without_scratch(text: str, place: Place) -> str:
    """Paths without the scratch folder's name, which nobody knows and which differs from run to run."""
    inside = re.sub(re.escape(str(place.scripts.parent)) + r"\S*?(?:site|dist)-packages[\\/]", "", text)
    return inside.replace(str(place.folder) + os.sep, "")


def outcome_of(ended: Ended, suite: Suite, *, is_pytest: bool) -> str:
    """passed, failed, collection-error, timeout, signal, no-tests or cannot-start."""
    code = ended.exit_code
    if code is None:
        return "timeout"
    if code < 0 or 128 < code < 128 + 65:
        return "signal"
    if code == 0:
        return "no-tests" if suite.tests == 0 else "passed"
    if code in (126, 127) or (suite.tests is None and _NO_MODULE.search(ended.output)):
        return "cannot-start"
    if is_pytest and "while loading conftest" in ended.output:
        return "collection-error"
    if suite.collection:
        return "collection-error"
    if is_pytest and code in _PYTEST_ENDS:
        return "failed" if code == 2 and suite.failed else _PYTEST_ENDS[code]
    return "no-tests" if code == 5 and suite.tests == 0 else "failed"


def _error(ended: Ended, suite: Suite, timeout: float) -> str:
    if ended.exit_code is None:
        return f"no end after {timeout:g} s"
    if ended.exit_code < 0:
        try:
            return f"ended by {signal.Signals(-ended.exit_code).name}"
        except ValueError:
            return f"ended by signal {-ended.exit_code}"
    return (suite.error or read_plain(ended.output).error) if ended.exit_code else ""


def words(text: str, place: Place, only: Sequence[str] = ()) -> list[str]:
    """The command line as words; one that needs a shell gets one. A program of the user's environment becomes its name."""
    try:
        split = shlex.split(text)
    except ValueError:
        split = []
    if not split or _SHELL.search(text):
        return ["sh", "-c", text] if os.name != "nt" else ["cmd", "/c", text]
    program = Path(split[0])
    if len(program.parts) > 1 and (place.root / program).parent.name in ("bin", "Scripts"):
        split[0] = program.name
    return _narrowed(split, place, only) if only else split


def _narrowed(split: list[str], place: Place, only: Sequence[str]) -> list[str]:
    """The command for some tests only: of pytest and unittest, whose arguments are known; any other runs everything."""
    runner = next((i for i, word in enumerate(split) if word in ("pytest", "py.test", "unittest")), None)
    if runner is None or any(not _is_argument(test) for test in only):
        return split
    if split[runner] == "unittest":
        return [*split[: runner + 1], *only]
    if any("::" not in test for test in only):
        return split
    options = [word for word in split[runner + 1 :] if "::" not in word and not (place.folder / word).exists()]
    return [*split[: runner + 1], *options, *only]


def _is_argument(test: str) -> bool:
    return bool(test) and not test.startswith("-") and "\0" not in test


def can_narrow(text: str, only: Sequence[str]) -> bool:
    """Whether a rerun of some tests only is possible at all."""
    return bool(only) and not _SHELL.search(text) and any(name in text.split() for name in ("pytest", "py.test", "unittest"))


def _names_pytest(text: str) -> bool:
    return re.search(r"\b(pytest|py\.test)\b", text) is not None


def _check_program(command: Sequence[str], place: Place) -> None:
    """pytest of somewhere else would test with the wrong packages."""
    if command[0] in ("pytest", "py.test", "python") and not any(
        (place.scripts / (command[0] + end)).exists() for end in ("", ".exe")
    ):
        raise CommandNotFound(f"{command[0]} is not among the pins", hint="pin it, or give another command with --test")


def variables(place: Place, report: Path) -> dict[str, str]:
    """The environment of a run: no secrets, its own HOME and TMPDIR, the scratch environment first on PATH."""
    home, temporary = place.scratch / "home", place.scratch / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    given = {n: v for n, v in scrubbed_environment(keep=place.keep).items() if n in place.keep or not n.startswith(_DROPPED)}
    given = {name: value for name, value in given.items() if name in place.keep or name not in _OF_GIT}
    given |= dict(place.extra)
    options = f"{given.get('PYTEST_ADDOPTS', '')} {shlex.quote(f'--junitxml={report}')}".strip()
    own = {
        "PATH": os.pathsep.join([str(place.scripts), given.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(place.scripts.parent),
        "HOME": str(home),
        "USERPROFILE": str(home),
        "TMPDIR": str(temporary),
        "TEMP": str(temporary),
        "TMP": str(temporary),
        "GIT_CEILING_DIRECTORIES": str(place.scratch),  # the cache may lie in a repository of the user's
        "PYTEST_ADDOPTS": options,
        "STEADYPIN_PORTS": "{}-{}".format(*place.ports),
        "PYTHONHASHSEED": given.get("PYTHONHASHSEED", "0"),
    }
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**given, **own, **_python_path({**os.environ, **dict(place.extra)}, place)}


def _python_path(environ: Mapping[str, str], place: Place) -> dict[str, str]:
    """The user's PYTHONPATH with paths of the tree made those of the copy."""
    found = []
    for entry in filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)):
        full = Path(entry) if Path(entry).is_absolute() else place.root / entry
        found.append(str(place.folder / full.relative_to(place.root)) if full.is_relative_to(place.root) else entry)
    return {"PYTHONPATH": os.pathsep.join(found)} if found else {}


def _write_log(log: Path, text: str) -> None:
    """A log that cannot be written (a full disk) is no verdict."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text, encoding="utf-8", errors="replace")
    except OSError:
        return
