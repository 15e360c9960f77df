"""What entries of every lock format are made of: names, versions, markers, hashes, files, and the draft of a SourceFile."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from steadypin.errors import SourceError
from steadypin.model.location import Location, Problem
from steadypin.model.locked import LockedDependency, LockedFile, LockedPackage, SourceFile
from steadypin.model.parse import marker, normalise, requirement, version
from steadypin.sources.lockfiles.document import Table, quoted
from steadypin.text import printable, redact

MARKER_VARIABLES = (
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_version",
    "python_full_version",
    "implementation_name",
    "implementation_version",
)
"""What a marker may speak of (PEP 508), less `extra`; Pipfiles and their locks have a key for each."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_DIGEST_LENGTHS = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3_224": 56,
    "sha3_256": 64,
    "sha3_384": 96,
    "sha3_512": 128,
    "blake2b": 128,
    "blake2s": 64,
}
LONGEST = 8000
"""Characters of the longest name, version, marker or requirement that is looked at; real ones stay far below."""
TOLD = 1000
"""How many problems of one file are told one by one."""
UNUSABLE = 100_000
ENTRIES = 500_000
COMPARED = 16
"""With how many earlier entries of its name an entry is compared; no real lock has more."""
DEEPEST = 40
"""How many parentheses a marker may nest: the reference parser descends once for each."""


def is_name(text: str) -> bool:
    """Whether a text is a project name (PEP 508)."""
    return len(text) <= LONGEST and _NAME.fullmatch(text) is not None


@lru_cache(maxsize=16384)
def marker_text(text: str) -> str | None:
    """The marker as `packaging` writes it, or None where it is not one."""
    if len(text) > LONGEST or too_deep(text):
        return None
    parsed = marker(text)
    return None if parsed is None else str(parsed)


def too_deep(text: str) -> bool:
    """Whether a text nests more parentheses than any real marker."""
    return text.count("(") > DEEPEST and _nesting(text) > DEEPEST


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth -= 1
    return deepest


def is_version(text: str) -> bool:
    """Whether PEP 440 knows the text."""
    return len(text) <= LONGEST and version(text) is not None


def readable_requirement(text: str) -> bool:
    """Whether `packaging` reads the text as a requirement (PEP 508)."""
    return len(text) <= LONGEST and not too_deep(text) and requirement(text) is not None


@lru_cache(maxsize=4096)
def _digest_length(algorithm: str) -> int | None:
    return _DIGEST_LENGTHS.get(algorithm.lower().replace("-", "_"))


def hash_problem(text: str) -> str | None:
    """What is wrong with an `algorithm:digest` text, or None."""
    algorithm, colon, digest = text.partition(":")
    shown = printable(text, 90)
    if not colon or not digest:
        return f"{shown} is no hash: expected algorithm:digest"
    length = _digest_length(algorithm)
    if length is None:
        return f"{shown}: unknown hash algorithm"
    if len(digest) != length:
        return f"{shown}: a {algorithm} digest has {length} hexadecimal digits, this has {len(digest)}"
    try:
        bytes.fromhex(digest)
    except ValueError:
        return f"{shown}: the digest is not hexadecimal"
    return None


def locked_file(
    *, url: str | None = None, filename: str | None = None, size: int | None = None, hashes: Iterable[str] = ()
) -> LockedFile:
    """A distribution file, its name taken from its URL where nothing else gives it, its URL without credentials."""
    if url is not None:
        url = redact(url)
        filename = filename or file_name(url)
    return LockedFile(filename=filename, url=url, size=size, hashes=tuple(hashes))


def first_upload(times: Iterable[object]) -> str | None:
    """The earliest of what a lock calls upload times (texts, or the times of TOML), in UTC to the second; None without any."""
    known = [text for time in times if time is not None and (text := _in_utc(time)) is not None]
    return min(known, default=None)


def _in_utc(time: object) -> str | None:
    from datetime import datetime, timezone

    text = f"{time[:19]}+00:00" if isinstance(time, str) and time.endswith("Z") else str(time)
    try:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(timezone.utc) if moment.tzinfo else moment).isoformat()[:19]
    except (ValueError, OverflowError):
        return None


def file_name(url: str) -> str | None:
    """The last part of a URL's or path's path, decoded; None where there is none."""
    plain = url.partition("#")[0].partition("?")[0].replace("\\", "/").rpartition("/")[2]
    return (unquote(plain) if "%" in plain else plain) or None


class Draft:
    """One file while it is read: packages and problems in the order in which they are met."""

    def __init__(self, *, path: str, format: str, problems: Iterable[Problem] = ()) -> None:
        self.path = path
        self.format = format
        self.packages: list[LockedPackage] = []
        known = list(problems)
        self.problems: list[Problem] = known[:TOLD]
        self._more = len(known) - len(self.problems)

    def place(self, key: str = "", line: int | None = None, column: int | None = None) -> Location:
        """A place in this file."""
        return Location(path=self.path, line=line, column=column, key=printable(key))

    def problem(self, message: str, location: Location) -> None:
        """Note something that could not be used. The message must already be printable."""
        if len(self.problems) < TOLD:
            self.problems.append(Problem(message=redact(message), location=location))
            return
        self._more += 1
        if self._more > UNUSABLE:
            raise SourceError(
                f"more than {UNUSABLE} parts of it cannot be used", location=location, hint="is this the right file?"
            )

    def add(self, package: LockedPackage) -> None:
        """Take an entry. Raises SourceError where there are more than any lock has."""
        if len(self.packages) >= ENTRIES:
            raise SourceError(
                f"more than {ENTRIES} packages", location=package.location, hint="no lock is that large: is it the right file?"
            )
        self.packages.append(package)

    def take(self, package: LockedPackage) -> None:
        """Take an entry, and note what speaks against it: no version although an index is asked, an unusable hash."""
        if package.kind == "index" and package.version is None:
            self.problem(f"{package.name}: a package of an index without a version", package.location)
        self.hashes(package.files, package.name, package.location)
        self.add(package)

    def name(self, raw: str, location: Location) -> str | None:
        """The normalised name, or None and a problem: such an entry cannot be installed by anybody."""
        if is_name(raw):
            return normalise(raw)
        self.problem(f"{quoted(raw)} is not a package name", location)
        return None

    def identity(self, entry: Table, location: Location) -> tuple[str, str | None, str | None] | None:
        """(normalised name, the name as it is written where that is another, version) of a lock's table; None, and a problem,
        where it names no package. Raises WrongShape.
        """
        raw = entry.needed("name")
        name = self.name(raw, location)
        if name is None:
            return None
        version = entry.text("version")
        if version is not None:
            self.version(version, name, location)
        return name, raw if raw != name else None, version

    def version(self, raw: str, name: str | None, location: Location) -> None:
        """Note a version that PEP 440 does not know; its text is kept."""
        if not is_version(raw):
            self.problem(f"{name}: {quoted(raw)} is not a version that PEP 440 can compare", location)

    def marker(self, raw: str | None, location: Location) -> str | None:
        """The marker in normal form; one that cannot be read is kept as it is, with a problem."""
        if raw is None or not raw.strip():
            return None
        text = marker_text(raw)
        if text is None:
            self.problem(f"not a marker: {printable(raw, 120)}", location)
        return raw if text is None else text

    def hashes(self, files: Iterable[LockedFile], name: str | None, location: Location) -> None:
        """Note the first unusable hash of an entry."""
        for file in files:
            found = next((problem for text in file.hashes if (problem := hash_problem(text))), None)
            if found is not None:
                self.problem(f"{name}: {found}", location)
                return

    def finish(self, *, role: str = "lock", **fields: Any) -> SourceFile:
        """The value: packages by name, version and place, problems by place."""
        if self._more:
            self.problems.append(Problem(message=f"and {self._more} more problems", location=self.place()))
        return SourceFile(
            path=self.path,
            format=self.format,
            role=role,
            packages=tuple(sorted(self.packages, key=_package_order)),
            problems=tuple(sorted(self.problems, key=_problem_order)),
            **fields,
        )


def _package_order(package: LockedPackage) -> tuple[Any, ...]:
    place = package.location
    return (package.name or "", package.version or "", package.kind, place.line or 0, place.column or 0)


def _problem_order(problem: Problem) -> tuple[Any, ...]:
    return (problem.location.line or 0, problem.location.column or 0, problem.location.key, problem.message)


@lru_cache(maxsize=16384)
def edge_of(text: str) -> LockedDependency | None:
    """An edge from a PEP 508 line, None where it is not one: an edge is not a pin, and pins are what is reported."""
    parsed = requirement(text) if readable_requirement(text) else None
    if parsed is None:
        return None
    return LockedDependency(
        name=normalise(parsed.name),
        specifier=str(parsed.specifier) or None,
        marker=None if parsed.marker is None else str(parsed.marker),
        extras=tuple(sorted(parsed.extras)),
    )


def report_duplicates(
    draft: Draft, *, apart: Callable[[LockedPackage, LockedPackage], bool], skip: Callable[[LockedPackage], bool] | None = None
) -> None:
    """A problem for each pin that nothing in the file tells apart from an earlier one of its name."""
    by_name: dict[str, list[LockedPackage]] = defaultdict(list)
    for package in draft.packages:
        if package.name and package.version and package.kind != "conda" and not (skip and skip(package)):
            by_name[package.name].append(package)
    for name, entries in by_name.items():
        if len(entries) > 1:
            _report_pairs(draft, name, entries, apart)


def _report_pairs(
    draft: Draft, name: str, entries: list[LockedPackage], apart: Callable[[LockedPackage, LockedPackage], bool]
) -> None:
    for index, second in enumerate(entries):
        earlier = entries[max(0, index - COMPARED) : index]
        first = next((entry for entry in earlier if not apart(entry, second)), None)
        if first is not None:
            _report_pair(draft, name, first, second)


def _report_pair(draft: Draft, name: str, first: LockedPackage, second: LockedPackage) -> None:
    where = f"line {first.location.line}" if first.location.line else first.location.key
    versions = sorted({str(entry.version) for entry in (first, second)})
    what = f"the same pin twice ({versions[0]})" if len(versions) == 1 else f"locked twice ({', '.join(versions)})"
    shown = printable(what, 120)
    draft.problem(f"{name}: {shown} with no marker that tells the two apart; first at {where}", second.location)


def by_marker(first: LockedPackage, second: LockedPackage) -> bool:
    """Whether two entries of one name have markers that can tell them apart, or differ in what they ask for."""
    if (first.extras or ()) != (second.extras or ()) and first.version == second.version:
        return True
    return first.marker is not None and second.marker is not None and first.marker != second.marker
