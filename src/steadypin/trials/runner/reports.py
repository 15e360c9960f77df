"""What a test run says of itself: pytest's JUnit file, or what unittest prints. Reading never fails; it finds less."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from steadypin.values import dataclass

LIMIT = 32 * 1024 * 1024
MOST = 500
"""Failing tests that are remembered."""

_UNITTEST = re.compile(r"^(?P<kind>FAIL|ERROR): (?P<method>\S+)(?: \((?P<where>[^)]*)\))?", re.MULTILINE)
_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_USAGE = re.compile(r"^(?:ERROR: (?!usage:)|\S+: error: ).+", re.MULTILINE)
"""What runners say of arguments and settings that they do not understand."""

_LOADER = ("unittest.loader._FailedTest", "unittest.loader.ModuleImportFailure")
_ERROR_LINE = re.compile(r"E   |[\w.]*(?:Error|Exception|Warning)\b")
_FRAME = re.compile(
    r"""(?:File "(?P<quoted>[^"\n]+)", line (?P<at>\d+))|(?:^(?P<path>[^\s:"]+\.py):(?P<line>\d+): )""", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What one run said. `tests` is how many ran, None if unknown; `failed` test ids, sorted; `collection` whether anything
    could not even be collected; `error` the first error's line and `traceback` its text.
    """

    tests: int | None = None
    failed: tuple[str, ...] = ()
    collection: bool = False
    error: str = ""
    traceback: str = ""


def read_junit(file: Path, folder: Path) -> Suite | None:
    """pytest's own report; None where there is none or it is not readable. Test ids are made relative to `folder`."""
    try:
        if file.stat().st_size > LIMIT:
            return None
        root = ElementTree.fromstring(file.read_bytes())  # noqa: S314 - the user's own tests wrote it, and expat bounds entities
    except (OSError, ElementTree.ParseError, ValueError):
        return None
    cases = list(root.iter("testcase"))
    bad = [(case, problem) for case in cases for problem in case if problem.tag in ("failure", "error")]
    first = bad[0][1] if bad else None
    return Suite(
        tests=len(cases),
        failed=tuple(sorted({_test_id(case, folder) for case, _ in bad}))[:MOST],
        collection=any((problem.get("message") or "") == "collection failure" for _, problem in bad),
        error=_first_error(first.text or first.get("message") or "") if first is not None else "",
        traceback=(first.text or "") if first is not None else "",
    )


def _test_id(case: ElementTree.Element, folder: Path) -> str:
    """`tests/test_x.py::Class::test_y[1]`, from the dotted class name; what is no file stays dotted."""
    name, dotted = case.get("name") or "?", case.get("classname") or ""
    parts = (dotted or name).split(".")
    for end in range(len(parts), 0, -1):
        path = "/".join(parts[:end]) + ".py"
        if (folder / path).is_file():
            return "::".join([path, *parts[end:], *([name] if dotted else [])])
    return f"{dotted}::{name}" if dotted else name


def read_unittest(output: str) -> Suite | None:
    """What unittest printed; None where it printed no summary."""
    ran = _RAN.findall(output)
    if not ran:
        return None
    found = list(_UNITTEST.finditer(output))
    first = output[found[0].end() :].split("\n======", 1)[0] if found else ""
    traceback = first.rsplit("\n----------------------------------------------------------------------\nRan ", 1)[0]
    return Suite(
        tests=int(ran[-1]),
        failed=tuple(sorted({_unittest_id(match) for match in found}))[:MOST],
        collection=any((match["where"] or "").startswith(_LOADER) for match in found),
        error=_first_error(traceback),
        traceback=traceback,
    )


def _unittest_id(match: re.Match[str]) -> str:
    """What `python -m unittest` takes as an argument. Python 3.11 and later write the method behind its class as well."""
    method, where = match["method"], match["where"] or ""
    if where.startswith(_LOADER):
        return method
    if not where:
        return method
    return where if where.endswith(f".{method}") else f"{where}.{method}"


def read_plain(output: str) -> Suite:
    """Whatever else runs tests: only the error can be told."""
    start = output.rfind("Traceback (most recent call last)")
    traceback = output[start:][:20000] if start >= 0 else ""
    usage = _USAGE.search(output) if not traceback else None
    return Suite(error=usage[0][:500] if usage else _first_error(traceback or output[-4000:]), traceback=traceback)


def _first_error(text: str) -> str:
    """The line that names the error: pytest marks it with `E`, a plain traceback ends with it."""
    marked = [line[1:].strip() for line in text.splitlines() if re.match(r"E  .*\w", line)]
    named = [line for line in marked if re.match(r"[\w.]*(Error|Exception|Warning|Exit)\b", line)]
    if marked:
        return (named or marked)[0][:500]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning)\b", line)]
    return (named or lines or [""])[-1][:500]


def boundary(traceback: str, folder: Path, environment: Path) -> str:
    """Where the project's own code called a package, and where that raised: `tests/a.py:3 -> flask/app.py:12`."""
    frames = [_place(path, line, folder, environment) for path, line in _frames(traceback)]
    ours = max((i for i, (who, _) in enumerate(frames) if who == "project"), default=None)
    theirs = [place for who, place in frames[(ours if ours is not None else -1) + 1 :] if who == "package"]
    parts = [frames[ours][1]] if ours is not None else []
    return " -> ".join([*parts, *theirs[-1:]])


def packages_passed(text: str) -> Iterator[str]:
    """Top-level modules in site-packages that tracebacks pass through, the nearest to the error last."""
    for path, _ in _frames(text):
        match = re.search(r"(?:site|dist)-packages[\\/]([^\\/]+)", path)
        if match:
            yield match[1].removesuffix(".py")


def names_in_errors(text: str, names: Iterable[str]) -> Iterator[str]:
    """Those packages whose name stands in a line that tells an error."""
    told = "\n".join(line for line in text.splitlines() if _ERROR_LINE.match(line))[:100_000].lower()
    for name in names:
        spelled = "[-_.]".join(map(re.escape, name.split("-")))
        if re.search(rf"(?<![a-z0-9_-]){spelled}(?![a-z0-9_-])", told):
            yield name


def _frames(text: str) -> Iterator[tuple[str, str]]:
    for match in _FRAME.finditer(text):
        yield match["quoted"] or match["path"], match["at"] or match["line"]


def _place(path: str, line: str, folder: Path, environment: Path) -> tuple[str, str]:
    if path.startswith("<"):  # a frozen module, or what was never a file
        return "other", path
    full = os_path(path, folder)
    if match := re.search(r"(?:site|dist)-packages[\\/](.+)", path):
        return "package", f"{match[1]}:{line}"
    if full.is_relative_to(folder) and not full.is_relative_to(environment):
        return "project", f"{full.relative_to(folder).as_posix()}:{line}"
    return "other", f"{path}:{line}"


def os_path(path: str, folder: Path) -> Path:
    """A path of a traceback; pytest's are relative to the folder it ran in."""
    return Path(path) if Path(path).is_absolute() else folder / path
