"""Dockerfiles as their instructions: stages, bases with ARGs filled in, and what .dockerignore leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.readiness import Dockerfile, Instruction
from steadypin.sources.manifests.dockerfile import instructions

LARGEST = 1024 * 1024
_KNOWN = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
        "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip
_NAME = re.compile(r"(?:[^/]*\.)?(?:docker|container)file(?:\.(?!dockerignore$)[^/]*)?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
EXPOSED = (".git", ".venv", "venv", "env", ".env", "node_modules", ".aws", ".ssh", ".pypirc", ".netrc", "secrets")


def find_dockerfiles(root: Path) -> tuple[Path, ...]:
    """The Dockerfiles at the root of a project and in the folders where they usually stand."""
    places = [root, root / "docker", root / ".docker", root / "deploy"]
    return tuple(path for place in places if place.is_dir() for path in sorted(place.iterdir()) if _is_one(path))


def _is_one(path: Path) -> bool:
    return path.is_file() and _NAME.fullmatch(path.name) is not None


def read_dockerfile(path: Path, shown: str) -> Dockerfile:
    """One file. Raises SourceError where it cannot be read, or has no FROM, or an instruction that there is not."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise SourceError(f"cannot be read: {reason}", location=Location(path=shown)) from None
    if len(data) > LARGEST:
        raise SourceError("a Dockerfile of more than 1 MiB is not read", location=Location(path=shown))
    return parse_dockerfile(text, shown)


def parse_dockerfile(text: str, shown: str) -> Dockerfile:
    """The instructions of a text. Raises SourceError where it is no Dockerfile."""
    found: list[Instruction] = []
    stage = -1
    for item in instructions(text.removeprefix("\ufeff")):
        if item.name not in _KNOWN:
            place = Location(path=shown, line=item.line)
            raise SourceError(f"{item.name[:40]} is no instruction of a Dockerfile", location=place, hint="is it a Dockerfile?")
        stage += item.name == "FROM"
        found.append(Instruction(name=item.name, text=_joined(item.text), line=item.line, stage=stage))
    if stage < 0:
        raise SourceError("no FROM: this is not a Dockerfile", location=Location(path=shown), hint="is it the right file?")
    return Dockerfile(path=shown, instructions=tuple(found), bases=tuple(_bases(found)))


def _joined(text: str) -> str:
    return re.sub(r"\\[ \t]*\r?\n", " ", text).strip()


def _bases(found: list[Instruction]) -> Iterator[tuple[int, str, str]]:
    arguments: dict[str, str] = {}
    for item in found:
        if item.name == "ARG" and item.stage < 0:
            name, equals, value = item.text.partition("=")
            if equals:
                arguments[name.strip()] = value.strip().strip("\"'")
        elif item.name == "FROM":
            words = [word for word in item.text.split() if not word.startswith("--")]
            alias = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
            image = words[0] if words else ""
            yield item.stage, _VARIABLE.sub(lambda m: arguments.get(m[1] or m[3]) or m[2] or m[0], image), alias


def read_ignored(root: Path, dockerfile: str = "Dockerfile") -> tuple[str, ...] | None:
    """The patterns of .dockerignore (or of the one that belongs to the Dockerfile alone); None where there is none."""
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        try:
            lines = (root / name).read_text("utf-8", "replace")[:LARGEST].splitlines()
        except OSError:
            continue
        return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return None


def exposed(root: Path, ignored: tuple[str, ...] | None) -> tuple[str, ...]:
    """What lies at the root, should not go into an image, and is not ignored."""
    there = [name for name in EXPOSED if (root / name).exists()]
    if not there or ignored is None:
        return tuple(there)
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(_cleaned(pattern) for pattern in ignored)
    except ValueError:
        return tuple(there)
    return tuple(name for name in there if not spec.match_file(name))


def _cleaned(pattern: str) -> str:
    """A pattern as Docker takes it: slashes at its ends mean nothing."""
    return ("!" if pattern.startswith("!") else "") + pattern.lstrip("!").strip().strip("/")
