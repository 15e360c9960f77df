"""Steadypin audits Python dependency pins and moves them forward in stages that the project's own tests have proved."""

__version__ = "0.1.0"
