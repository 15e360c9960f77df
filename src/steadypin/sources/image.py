"""Images that are not running, and container root folders: every Python environment in them."""

from __future__ import annotations

from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Location


def read_image(path: Path) -> tuple[PythonEnvironment, ...]:
    """Every Python environment of an image or root folder, by path. Raises SourceError where it is not readable."""
    raise SourceError("images cannot be read yet", location=Location(path=str(path)))
