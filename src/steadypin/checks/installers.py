"""What brings packages and is not one of the project's own: judged apart."""

from __future__ import annotations

INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv", "distribute", "pkg-resources"})
"""Tools that a virtual environment or an image comes with; a lock was never meant to hold them (unless it does)."""
