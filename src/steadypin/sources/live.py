"""The environment of an interpreter that has described itself, here or in a snapshot."""

from __future__ import annotations

from steadypin.model.installed import PythonEnvironment
from steadypin.sources.filetree import DISK, FileTree
from steadypin.sources.import_paths import import_paths
from steadypin.sources.installed import read_listing
from steadypin.sources.interpreter import Interpreter


def environment_of(interpreter: Interpreter, tree: FileTree = DISK) -> PythonEnvironment:
    """What stands on the paths of an interpreter that has described itself."""
    paths = import_paths(
        interpreter.paths,
        site_folders=interpreter.site_folders,
        standard_library=interpreter.standard_library,
        tree=tree,
    )
    listing = read_listing(paths, tree=tree)
    kind, system_site = _kind(interpreter, tree)
    return PythonEnvironment(
        path=interpreter.prefix,
        kind=kind,
        target=interpreter.target,
        paths=paths,
        distributions=listing.distributions,
        externally_managed=interpreter.externally_managed,
        system_site_packages=system_site,
        problems=listing.problems,
    )


def _kind(interpreter: Interpreter, tree: FileTree) -> tuple[str, bool]:
    """The kind of a live environment, and whether it sees its base's packages."""
    from steadypin.sources.venv_config import read_venv_config

    if interpreter.prefix != interpreter.base_prefix:
        config = read_venv_config(tree, interpreter.prefix)
        return (config.maker, config.system_site_packages) if config else ("virtualenv", False)
    conda = f"{interpreter.prefix}{tree.separator}conda-meta"
    return ("conda" if tree.is_dir(conda) else "system"), False
