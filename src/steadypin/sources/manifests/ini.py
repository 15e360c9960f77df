"""INI files as `configparser` reads them, with the line of every value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadypin.model.location import Location
from steadypin.values import dataclass, field

_SECTION = re.compile(r"\[(.+)\]")
_ASSIGNMENT = re.compile(r"[=:]")


@dataclass(slots=True, kw_only=True)
class Option:
    """One option: the lines of its value that are neither empty nor comments, each with its number."""

    section: str
    name: str
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.lines)


def read_options(text: str) -> Iterator[Option]:
    """The options in the order of the file. Lines that are nothing are passed over: they are not for us to judge."""
    section = ""
    option: Option | None = None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")):
            continue
        if line[0].isspace() and option is not None:
            option.lines.append((number, bare))
            continue
        if option is not None:
            yield option
            option = None
        if header := _SECTION.match(bare):
            section = header[1].strip()
        elif found := _ASSIGNMENT.search(bare):
            option = Option(section=section, name=bare[: found.start()].strip().lower(), line=number)
            if value := bare[found.end() :].strip():
                option.lines.append((number, value))
    if option is not None:
        yield option


def place(path: str, line: int, option: Option) -> Location:
    """A line of an option's value."""
    return Location(path=path, line=line, key=f"{option.section}.{option.name}")


def without_comment(line: str) -> str:
    """A requirement line without its comment: all of it, or what follows " #"."""
    return "" if line.lstrip().startswith("#") else line.partition(" #")[0].strip()
