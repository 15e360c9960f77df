"""Read what `uv pip compile` and `pip-compile` print: pins, their hashes, and who asked for them."""

from __future__ import annotations

import re

from steadypin.errors import ResolverError
from steadypin.model.parse import admits, normalise, requirement
from steadypin.model.resolution import Question, ResolvedPackage
from steadypin.text import printable

_HASH = re.compile(r"--hash=([a-z0-9]+:[0-9a-fA-F]+)")
_OPTION = re.compile(r"-{1,2}[a-z]")
_VIA_FILE = re.compile(r"-[rc]\s|.*\(pyproject\.toml\)|.*\(setup\.(py|cfg)\)")


def read_compiled(text: str, *, tool: str) -> tuple[ResolvedPackage, ...]:
    """The packages of a compiled requirements text, ascending by name.

    Raises ResolverError for anything that is not a pin, a hash, an option or a comment: a garbled answer must not look like
    a short one.
    """
    packages: dict[str, ResolvedPackage] = {}
    for pin, comments in _entries(text):
        package = _package(pin, comments, tool)
        packages.setdefault(package.name, package)
    return tuple(packages[name] for name in sorted(packages))


def answered(question: Question, packages: tuple[ResolvedPackage, ...], *, tool: str) -> tuple[ResolvedPackage, ...]:
    """The packages, where they meet what was asked for.

    Raises ResolverError otherwise: a tool that says nothing and succeeds must not look like a project that requires nothing.
    """
    versions = {package.name: package.version for package in packages}
    replaced = {*question.absent, *(normalise(parsed.name) for text in question.overrides if (parsed := requirement(text)))}
    for text in question.requirements:
        parsed = requirement(text)
        if parsed is None or parsed.marker is not None or normalise(parsed.name) in replaced:
            continue
        version = versions.get(normalise(parsed.name))
        if version is None or (version and not admits(str(parsed.specifier), version)):
            found = f"with {parsed.name} {version}" if version else "without it"
            raise ResolverError(
                f"{tool} was asked for {text} and answered {found}", hint=f"is that {tool}? try another --resolver"
            )
    return packages


def _entries(text: str) -> list[tuple[str, list[str]]]:
    """Logical lines (continuations joined), each with the comment lines that follow or end it."""
    entries: list[tuple[str, list[str]]] = []
    joined = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("#"):
            if entries:
                entries[-1][1].append(line[1:].strip())
            continue
        joined += line.removesuffix("\\") + " " if line.endswith("\\") else line
        if line.endswith("\\") or not joined.strip():
            continue
        pin, _, comment = joined.partition(" #")
        joined = ""
        if not _OPTION.match(pin):
            entries.append((pin.strip(), [comment.strip()] if comment else []))
    return entries


def _package(pin: str, comments: list[str], tool: str) -> ResolvedPackage:
    hashes = tuple(sorted(_HASH.findall(pin)))
    parsed = requirement(_HASH.sub("", pin).strip())
    specifiers = list(parsed.specifier) if parsed else []
    if parsed is None or (parsed.url is None and (len(specifiers) != 1 or specifiers[0].operator not in ("==", "==="))):
        raise ResolverError(f"{tool} answered with a line that is not a pin: {printable(pin, 120)}")
    return ResolvedPackage(
        name=normalise(parsed.name),
        version=specifiers[0].version if specifiers else "",
        marker=str(parsed.marker) if parsed.marker else None,
        extras=tuple(sorted(parsed.extras)),
        hashes=hashes,
        url=parsed.url,
        via=_via(comments),
    )


def _via(comments: list[str]) -> tuple[str, ...]:
    """The names after `# via`, in either annotation style; a file stands for the project itself and becomes ""."""
    found: set[str] = set()
    inside = False
    for comment in comments:
        if comment.startswith("via"):
            inside, comment = True, comment.removeprefix("via").strip()
        if inside and comment:
            found.update(_asker(part.strip()) for part in comment.split(","))
    return tuple(sorted(found - {"-c"}))


def _asker(text: str) -> str:
    if text.startswith(("-c ", "--override")):
        return "-c"
    return "" if _VIA_FILE.match(text) else normalise(text)
