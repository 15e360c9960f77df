"""Manifests: what a project asks for, one reader per file. Adding one: a module with a `Reader`, and its line in `READERS`."""

from __future__ import annotations

from dataclasses import replace

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.reader import Reader
from steadypin.sources.manifests.dockerfile import DOCKERFILE
from steadypin.sources.manifests.noxfile import NOXFILE
from steadypin.sources.manifests.pipfile import PIPFILE
from steadypin.sources.manifests.pre_commit import PRE_COMMIT
from steadypin.sources.manifests.pyproject import PYPROJECT
from steadypin.sources.manifests.script import SCRIPT
from steadypin.sources.manifests.setup_cfg import SETUP_CFG
from steadypin.sources.manifests.setup_py import SETUP_PY
from steadypin.sources.manifests.tool_uv import UV_TOML
from steadypin.sources.manifests.tox import TOX_INI, TOX_TOML
from steadypin.sources.manifests.workflow import WORKFLOW

SIZE_LIMIT = 2 * 1024 * 1024
"""Bytes of the largest manifest that is read: people write them, and the largest real ones have a tenth of this."""


def _bounded(reader: Reader) -> Reader:
    def read(data: bytes, path: str) -> SourceFile:
        if len(data) > SIZE_LIMIT:
            raise SourceError(
                f"{len(data) // 1024**2} MiB; a manifest of more than {SIZE_LIMIT // 1024**2} MiB is not read",
                location=Location(path=path),
                hint="is it the right file?",
            )
        return reader.read(data, path)

    return replace(reader, read=read)


READERS: tuple[Reader, ...] = tuple(
    _bounded(reader)
    for reader in (
        PYPROJECT,
        PIPFILE,
        SETUP_CFG,
        SETUP_PY,
        NOXFILE,
        UV_TOML,
        TOX_INI,
        TOX_TOML,
        PRE_COMMIT,
        DOCKERFILE,
        WORKFLOW,
        SCRIPT,
    )
)
"""The first that matches a file's name reads it. `script` comes last: it claims every other Python file."""
