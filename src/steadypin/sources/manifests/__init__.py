"""Manifests: what a project asks for, one reader per file. Adding one: a module with a `Reader`, and its line in `READERS`."""

from __future__ import annotations

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

READERS: tuple[Reader, ...] = (
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
"""The first that matches a file's name reads it. `script` comes last: it claims every other Python file."""
