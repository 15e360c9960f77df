"""Readers of lock files, one format per module. Adding one: a module with `read`, and its line in `READERS`.

Importing this imports none of them.
"""

from __future__ import annotations

from steadypin.sources.lockfiles.reader import Reader, lazy

_HERE = "steadypin.sources.lockfiles"
_REQUIREMENTS = (
    "*requirements*.txt",
    "*requirements*.in",
    "requirements.pip",
    "requirements/*.txt",
    "requirements/*.in",
    "reqs/*.txt",
)
_CONSTRAINTS = ("*constraint*.txt", "*constraint*.in", "constraints/*.txt")
_CONDA = ("conda-lock.yml", "conda-lock.yaml", "*.conda-lock.yml", "*-conda-lock.yml", "*.conda-lock.yaml")
_ENVIRONMENT = (
    "environment.yml",
    "environment.yaml",
    "environment-*.yml",
    "environment_*.yml",
    "*-environment.yml",
    "*_environment.yml",
)

READERS: tuple[Reader, ...] = (
    lazy("constraints", _CONSTRAINTS, f"{_HERE}.requirements", "read_constraints"),
    lazy("requirements", _REQUIREMENTS, f"{_HERE}.requirements", "read_requirements"),
    lazy("pylock", ("pylock.toml", "pylock.*.toml"), f"{_HERE}.pylock"),
    lazy("uv", ("uv.lock", "*.py.lock"), f"{_HERE}.uv"),
    lazy("poetry", ("poetry.lock",), f"{_HERE}.poetry"),
    lazy("pdm", ("pdm.lock", "pdm.*.lock"), f"{_HERE}.pdm"),
    lazy("pipfile", ("pipfile.lock",), f"{_HERE}.pipfile"),
    lazy("conda-lock", _CONDA, f"{_HERE}.conda_lock"),
    lazy("pixi", ("pixi.lock",), f"{_HERE}.pixi"),
    lazy("environment", _ENVIRONMENT, f"{_HERE}.environment"),
)
"""The first that matches a file's name reads it."""

__all__ = ["READERS", "Reader"]
