"""The project's settings, with what the command line gave. Imports nothing of the option parser: `check` starts without it."""

from __future__ import annotations

from pathlib import Path

from steadypin import config
from steadypin.cli.words import Options
from steadypin.config import Settings
from steadypin.errors import UsageError
from steadypin.values import replace


def settings_of(options: Options, root: Path | None = None) -> Settings:
    """The settings of a folder (`root`, else the options' path, else this one), with what the options override."""
    return settings_for(root or vars(options).get("path", Path()), **options.overrides())


def settings_for(root: Path, **options: object) -> Settings:
    """The settings of the folder `root` (or of the folder that an image or file lies in). Raises UsageError, ConfigError."""
    from steadypin.pipeline import environment
    from steadypin.pipeline.audit import rules

    if not root.exists():
        raise UsageError(f"{root}: no such file or folder", hint="give the project's folder")
    if root.is_file() and not environment.is_environment(root):
        raise UsageError(
            f"{root}: neither a project's folder nor an image", hint=f"for one lock give its folder, and --lock {root}"
        )
    folder = root if root.is_dir() else root.parent
    known = frozenset(rule.id for rule in rules())
    return config.override(replace(config.load(folder, known_rules=known), root=root), **options)
