"""Manifests: what a project asks for, one reader per file. `READERS` is in the order in which they are asked."""

from __future__ import annotations

from steadypin.sources.manifests.pyproject import PYPROJECT

READERS = (PYPROJECT,)
