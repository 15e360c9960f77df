"""Scripts with inline metadata (PEP 723): the block of comments between `# /// script` and `# ///`."""

from __future__ import annotations

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.document import unicode_text
from steadypin.sources.lockfiles.tomltext import load
from steadypin.sources.manifests.draft import RUNTIME
from steadypin.sources.manifests.loading import sheet_of
from steadypin.sources.manifests.tool_uv import read_uv, uv_sources

_OPENING = "# /// script"
_CLOSING = "# ///"


def read_script(data: bytes, path: str) -> SourceFile:
    """One script. Raises SourceError where it has no metadata, two of them, or metadata that is not TOML."""
    text = _block(unicode_text(data, path), path)
    sheet = sheet_of(load(text.encode("utf-8", "surrogatepass"), path))
    sources = uv_sources(sheet)
    for index, requirement in sheet.strings("dependencies"):
        sources.add(sheet, requirement, ("dependencies", index), RUNTIME)
    read_uv(sheet, "tool", "uv")
    requires_python = sheet.get("requires-python")
    return sheet.draft.finish("script", requires_python=requires_python if isinstance(requires_python, str) else None)


def _block(text: str, path: str) -> str:
    """The block's TOML on the lines and columns where it stands in the script: everything else is blank."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    starts = [number for number, line in enumerate(lines) if line == _OPENING]
    if not starts:
        raise SourceError(
            "no inline script metadata (PEP 723)",
            location=Location(path=path),
            hint=f"a script that declares what it needs has a comment block that begins with `{_OPENING}`",
        )
    end = _end(lines, starts[0])
    if end is None:
        raise SourceError(f"the block has no closing `{_CLOSING}`", location=Location(path=path, line=starts[0] + 1))
    if any(start > end for start in starts):
        second = next(start for start in starts if start > end)
        raise SourceError("a second block of script metadata", location=Location(path=path, line=second + 1), hint="keep one")
    content = ["  " + line[2:] for line in lines[starts[0] + 1 : end]]
    return "\n" * (starts[0] + 1) + "\n".join(content) + "\n"


def _end(lines: list[str], start: int) -> int | None:
    """The last closing line of the run of comments that begins at `start`, as PEP 723 says."""
    end = None
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line != "#" and not line.startswith("# "):
            break
        if line == _CLOSING:
            end = number
    return end
