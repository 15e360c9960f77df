"""Manifests: what a project asks for, one reader per file. Adding one: a module with a function, and its line in `READERS`.

Importing this imports none of them.
"""

from __future__ import annotations

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.model.locked import SourceFile
from steadypin.sources.lockfiles.reader import Reader, lazy
from steadypin.values import replace

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


_HERE = "steadypin.sources.manifests"
_PRE_COMMIT = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.yaml")
_DOCKERFILE = ("dockerfile", "containerfile", "dockerfile.*", "containerfile.*", "*.dockerfile")

READERS: tuple[Reader, ...] = tuple(
    _bounded(reader)
    for reader in (
        lazy("pyproject", ("pyproject.toml",), f"{_HERE}.pyproject", "read_pyproject"),
        lazy("pipfile-manifest", ("pipfile",), f"{_HERE}.pipfile", "read_pipfile"),
        lazy("setup.cfg", ("setup.cfg",), f"{_HERE}.setup_cfg", "read_setup_cfg"),
        lazy("setup.py", ("setup.py",), f"{_HERE}.setup_py", "read_setup_py"),
        lazy("nox", ("noxfile.py",), f"{_HERE}.noxfile", "read_noxfile"),
        lazy("uv.toml", ("uv.toml",), f"{_HERE}.tool_uv", "read_uv_toml"),
        lazy("tox", ("tox.ini",), f"{_HERE}.tox", "read_tox_ini"),
        lazy("tox.toml", ("tox.toml",), f"{_HERE}.tox", "read_tox_toml"),
        lazy("pre-commit", _PRE_COMMIT, f"{_HERE}.pre_commit", "read_pre_commit"),
        lazy("dockerfile", _DOCKERFILE, f"{_HERE}.dockerfile", "read_dockerfile"),
        lazy("workflow", ("workflows/*.yml", "workflows/*.yaml"), f"{_HERE}.workflow", "read_workflow"),
        lazy("script", ("*.py",), f"{_HERE}.script", "read_script"),
    )
)
"""The first that matches a file's name reads it. `script` comes last: it claims every other Python file."""
